"""What people do: sign in, upload, watch, read the result, download it, look at the list. Run by ``bench.load``.

Each person has an address of their own (X-Forwarded-For, with TRUSTED_PROXIES=1): the sign-in's rate limit counts by
address, and two hundred people do not sit at one.
"""

from __future__ import annotations

import itertools
import os
import re
from pathlib import Path

import gevent
from locust import HttpUser, between, task
from locust.exception import RescheduleTask

EXAMPLE = Path(os.environ["LOAD_EXAMPLE"])
PASSWORD = os.environ["LOAD_PASSWORD"]
POLL_SECONDS = 1.0
PATIENCE_POLLS = 300

_numbers = itertools.count()
_JOB = re.compile(r"/annotations/([0-9a-f-]{36})/")


class Researcher(HttpUser):
    """One signed-in person, who thinks for some seconds between two acts."""

    wait_time = between(2, 8)

    def on_start(self) -> None:
        """Sign in, as everybody does first."""
        self.number = next(_numbers)
        self.jobs: list[str] = []
        self.client.headers["X-Forwarded-For"] = (
            f"10.{self.number >> 16 & 255}.{self.number >> 8 & 255}.{self.number & 255}"
        )
        self.client.get("/", name="landing page")
        self._post(
            "/accounts/login/", {"login": f"load{self.number}@example.org", "password": PASSWORD}, name="sign in"
        )

    @task(3)
    def annotate(self) -> None:
        """Upload a file, watch it being annotated, read the result, download it."""
        with EXAMPLE.open("rb") as file:
            landed = self._post("/annotate/", {"reference": "rCRS"}, {"vcf_file": file}, name="upload")
        found = _JOB.search(landed)
        if not found:
            raise RescheduleTask
        job = found[1]
        self._watch(job)
        self.jobs.append(job)
        self.client.get(f"/annotations/{job}/", name="result")
        self.client.get(f"/annotations/{job}/variants/", name="variants")
        self.client.get(f"/annotations/{job}/download/vcf/", name="download")

    @task(5)
    def look_at_the_list(self) -> None:
        """Open the list, and a result of one's own."""
        self.client.get("/annotations/", name="list")
        if self.jobs:
            self.client.get(f"/annotations/{self.jobs[-1]}/", name="result")

    @task(3)
    def browse(self) -> None:
        """Filter the variants of a result."""
        if not self.jobs:
            raise RescheduleTask
        self.client.get(f"/annotations/{self.jobs[-1]}/variants/?impact=MODERATE", name="variants, filtered")

    def _watch(self, job: str) -> None:
        """Poll as the page does until the server asks for the whole page."""
        for _ in range(PATIENCE_POLLS):
            answer = self.client.get(f"/annotations/{job}/live/", headers={"HX-Request": "true"}, name="poll")
            if answer.headers.get("HX-Refresh") == "true" or not answer.ok:
                return
            gevent.sleep(POLL_SECONDS)

    def _post(self, path: str, fields: dict[str, str], files: dict[str, object] | None = None, *, name: str) -> str:
        """Open the form and send it; return the address it led to."""
        address = f"{self.host}{path}"
        self.client.get(path, name=f"{name}: the form")
        token = self.client.cookies.get("csrftoken", "")
        with self.client.post(
            path,
            data={**fields, "csrfmiddlewaretoken": token},
            files=files,
            headers={"Referer": address},
            name=name,
            catch_response=True,
        ) as answer:
            landed: str = answer.url
            if answer.ok and landed == address:
                answer.failure("the form was refused")
            return landed
