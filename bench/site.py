"""A running stack and a signed-in client, for benchmarks: plain HTTP, as a user's script would speak it."""

from __future__ import annotations

import http.cookiejar
import json
import os
import re
import secrets
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
EMAIL, PASSWORD = "bench@example.org", "a-long-bench-password"
START_SECONDS = 90
# As often as the page of a job that has not ended asks for its live part.
LOOK_SECONDS = 1.0
# How far from a stack's own port its stand-ins for Stripe and for sign-in listen.
BESIDE = (0, 1_000, 2_000)


class Site:
    """One stack and one signed-in user."""

    def __init__(self, address: str, environment: dict[str, str]) -> None:
        self.address = address
        self.environment = environment
        self.cookies = http.cookiejar.CookieJar()
        self.opener = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(self.cookies))

    def manage(self, *arguments: str) -> str:
        """Run a management command of this stack and return what it prints."""
        command = [sys.executable, str(ROOT / "manage.py"), *arguments]
        return subprocess.run(command, env=self.environment, check=True, capture_output=True, text=True).stdout

    def sign_in(self) -> None:
        """Make a premium user and sign in."""
        code = (
            "from accounts.models import User, Plan;"
            f"User.objects.create_user({EMAIL!r}, {PASSWORD!r}, plan=Plan.objects.get(pk='premium'))"
        )
        self.manage("shell", "-c", code)
        self.post("/accounts/login/", {"login": EMAIL, "password": PASSWORD})

    def get(self, path: str) -> str:
        """Return a page."""
        with self.opener.open(self.address + path, timeout=300) as answer:
            text: str = answer.read().decode()
            return text

    def post(self, path: str, fields: dict[str, str], file: Path | None = None, *, form: str = "") -> str:
        """Post a form (multipart, the file streamed) that stands on the page ``form`` (or on the path itself).

        Returns the address it led to.
        """
        self.get(form or path)
        token = next(cookie.value for cookie in self.cookies if cookie.name == "csrftoken")
        boundary = uuid.uuid4().hex
        parts = {**fields, "csrfmiddlewaretoken": token or ""}
        head = "".join(
            f'--{boundary}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'
            for name, value in parts.items()
        )
        tail = f"--{boundary}--\r\n"
        if file:
            head += (
                f'--{boundary}\r\nContent-Disposition: form-data; name="vcf_file"; filename="{file.name}"\r\n'
                "Content-Type: application/octet-stream\r\n\r\n"
            )
            tail = "\r\n" + tail
        length = len(head.encode()) + len(tail.encode()) + (file.stat().st_size if file else 0)
        request = urllib.request.Request(self.address + path, data=_body(head, file, tail), method="POST")
        request.add_header("Content-Type", f"multipart/form-data; boundary={boundary}")
        request.add_header("Content-Length", str(length))
        with self.opener.open(request, timeout=600) as answer:
            landed: str = answer.geturl()
            return landed

    def annotate(self, file: Path, reference: str) -> str:
        """Upload a file and return the id of its job."""
        landed = self.post("/annotate/", {"reference": reference}, file)
        found = re.search(r"/annotations/([0-9a-f-]{36})/", landed)
        if not found:
            raise RuntimeError(f"the upload was not accepted, it led to {landed}")
        return found[1]

    def wait(self, jobs: list[str], seconds: float) -> list[dict[str, object]]:
        """Wait until every job has ended and return each one's status, seconds in the queue and seconds at work.

        It looks as a browser on a job's page does, which costs the stack some milliseconds a second. A process of
        ``manage.py`` would take a second of a processor from the job at each look.
        """
        deadline = time.monotonic() + seconds
        waiting = jobs
        while waiting := [job for job in waiting if not self.has_ended(job)]:
            if time.monotonic() > deadline:
                raise TimeoutError("the jobs did not end in time")
            time.sleep(LOOK_SECONDS)
        return self.jobs(jobs)

    def has_ended(self, job: str) -> bool:
        """Ask for the live part of a job's page, which says so once the whole page is to be asked for."""
        with self.opener.open(f"{self.address}/annotations/{job}/live/", timeout=60) as answer:
            return bool(answer.headers["HX-Refresh"])

    def jobs(self, jobs: list[str]) -> list[dict[str, object]]:
        """Read the rows of jobs, in one process of their own: the stack's pages are not measured here."""
        code = (
            "import json; from annotations.models import Job;"
            f"rows = Job.objects.filter(pk__in={jobs!r});"
            "print(json.dumps([dict(id=str(j.pk), status=j.status, failure=j.failure,"
            " waited=(j.started_at - j.queued_at).total_seconds() if j.started_at else None,"
            " worked=(j.finished_at - j.started_at).total_seconds() if j.finished_at and j.started_at else None)"
            " for j in rows]))"
        )
        found: list[dict[str, object]] = json.loads(
            self.manage("shell", "-v", "0", "-c", code).strip().splitlines()[-1]
        )
        return found


def _body(head: str, file: Path | None, tail: str) -> Iterator[bytes]:
    yield head.encode()
    if file:
        with file.open("rb") as source:
            while chunk := source.read(1 << 20):
                yield chunk
    yield tail.encode()


def free_port() -> int:
    """Return a port that nobody listens on, nor on those of the stand-ins beside it.

    It is none of those that the kernel gives to connections going out: one of them may have it by the time that a
    stack has prepared itself, or is started again.
    """
    end = _first_port_of_connections() - BESIDE[-1]
    while True:
        # Where a machine gives nearly all ports to connections, luck has to do.
        port = secrets.choice(range(10_000, end if end > 12_000 else 32_000))
        if all(_is_free(port + distance) for distance in BESIDE):
            return port


def _first_port_of_connections() -> int:
    # https://docs.kernel.org/networking/ip-sysctl.html#ip-variables
    told = Path("/proc/sys/net/ipv4/ip_local_port_range")
    return int(told.read_text().split()[0]) if told.exists() else 32_768


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


@contextmanager
def running_site(data_dir: Path, **settings: str) -> Iterator[Site]:
    """Start `manage.py up` on a free port with its own data, and stop it at the end."""
    port = free_port()
    address = f"http://127.0.0.1:{port}"
    environment = {**os.environ, "DATA_DIR": str(data_dir), "PORT": str(port), "SITE_URL": address, **settings}
    data_dir.mkdir(parents=True, exist_ok=True)
    with (data_dir / "up.log").open("ab") as log:
        stack = subprocess.Popen(
            [sys.executable, str(ROOT / "manage.py"), "up"], env=environment, stdout=log, stderr=subprocess.STDOUT
        )
    try:
        _wait_for(address, stack)
        yield Site(address, environment)
    finally:
        stack.send_signal(signal.SIGTERM)
        try:
            stack.wait(30)
        except subprocess.TimeoutExpired:
            stack.kill()


def _wait_for(address: str, stack: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline:
        if stack.poll() is not None:
            raise RuntimeError("the stack ended before it answered; its data directory has up.log")
        try:
            with urllib.request.urlopen(address + "/healthz", timeout=2):
                return
        except (urllib.error.URLError, ConnectionError, TimeoutError):
            time.sleep(0.2)
    raise TimeoutError("the stack did not answer")
