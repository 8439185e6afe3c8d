"""`make run-cloud` in a real browser: straight into the bucket, annotated, cold, and back byte for byte."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import psycopg
import pytest
from playwright.sync_api import Browser, Page, Request, Route, expect
from psycopg.rows import dict_row

from bench.site import ROOT
from gas_site import aws
from sandbox import postgresql
from sandbox.cloud import COLD, FILES, REGION
from tests.browser.conftest import Watch
from tests.browser.long_files import long_vcf
from tests.browser.pages import EXAMPLE
from tests.browser.test_cold_storage import STAFF, make_premium, saved, somebody
from tests.conftest import need
from tests.stack.processes import until
from tests.stack.stacks import Stack

pytestmark = [pytest.mark.browser, pytest.mark.slow]

START_SECONDS = 300
_ADDRESSES = re.compile(r"Database: (\S+)  Amazon: (\S+)")


class Cloud(Stack):
    """The site over moto and PostgreSQL, as `make run-cloud` starts it."""

    def launch(self) -> None:
        """Start it and come back at once."""
        self.data_dir.mkdir(parents=True, exist_ok=True)
        self.environment = {n: v for n, v in self.environment.items() if not n.startswith("AWS_")}
        with self.log.open("ab") as log:
            command = [sys.executable, "-m", "sandbox.cloud"]
            self._up = subprocess.Popen(command, env=self.environment, stdout=log, stderr=subprocess.STDOUT, cwd=ROOT)

    def start(self) -> None:
        """Start it and wait; a database and moto come first, and the migrations are run on an empty one."""
        self.launch()
        until(lambda: self._is_ready() or self.has_ended, START_SECONDS, "the cloud is ready")
        assert not self.has_ended, self.said()

    @property
    def database(self) -> str:
        """Return the database's address."""
        return self._addresses()[0]

    @property
    def amazon(self) -> str:
        """Return where moto listens."""
        return self._addresses()[1]

    def _addresses(self) -> tuple[str, str]:
        found = _ADDRESSES.search(self.said())
        assert found is not None
        return found[1], found[2]

    def rows(self, query: str, *values: object) -> list[dict[str, Any]]:
        """Ask the stack's database."""
        with closing(psycopg.connect(self.database, row_factory=dict_row)) as database, database:
            cursor = database.execute(query.replace("?", "%s"), values)
            return cursor.fetchall() if cursor.description else []


@pytest.fixture(params=["s3-glacier", "glacier"])
def cloud(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Cloud]:
    """Give a running cloud whose results go cold after seconds."""
    try:
        postgresql.programs()
    except postgresql.NoPostgres:
        need("initdb")
    settings = {"FREE_RETENTION": "15s", "STAFF_SECOND_FACTOR": "no", "EMAIL_VERIFICATION": "optional"}
    running = Cloud(tmp_path / "data", **settings, SANDBOX="yes", CLOUD_VAULT=request.param)
    try:
        running.start()
        yield running
    finally:
        running.stop()


class CloudWatch(Watch):
    """A watch that lets pages speak to the bucket, and notes what they say."""

    amazon = ""

    def _note_request(self, request: Request) -> None:
        if request.url.startswith(self.amazon):
            self.requests.append(f"{request.method} {request.url.removeprefix(self.amazon)}")
        else:
            super()._note_request(request)

    def sent(self, method: str, part: str) -> int:
        """Return how many requests of a method had this in their address."""
        return sum(1 for each in self.requests if each.startswith(method) and part in each)


@pytest.fixture
def watch(cloud: Cloud) -> Iterator[CloudWatch]:
    """Give the watch on this test's pages; at the end nothing unexpected may have been seen."""
    watch = CloudWatch(cloud.address)
    watch.amazon = cloud.amazon
    yield watch
    assert watch.complaints == []


@pytest.fixture
def open_page(cloud: Cloud, chromium: Browser, watch: CloudWatch) -> Iterator[Callable[..., Page]]:
    """Give a function that opens a page in a browser profile of its own."""
    contexts = []

    def make(*, watched: bool = True) -> Page:
        context = chromium.new_context(base_url=cloud.address, accept_downloads=True)
        context.set_default_timeout(30_000)
        if watched:
            watch.on(context)
        contexts.append(context)
        return context.new_page()

    yield make
    for context in contexts:
        context.close()


def stored(bucket: str) -> list[str]:
    listed = aws.s3(REGION).list_objects_v2(Bucket=bucket).get("Contents", [])
    return [item["Key"] for item in listed]


def test_from_the_browser_into_the_bucket_cold_and_back_byte_for_byte(
    cloud: Cloud, open_page: Callable[..., Page], watch: CloudWatch, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", cloud.amazon)
    page, staff = open_page(), open_page(watched=False)  # the admin is Django's, and asks for an icon
    email = somebody(cloud, page, "cold")
    somebody(cloud, staff, STAFF.partition("@")[0])
    cloud.rows("UPDATE accounts_user SET is_staff = true, is_superuser = true WHERE email = ?", STAFF)

    page.goto("/annotate/")
    page.locator("input[type=file]").set_input_files(EXAMPLE)
    page.get_by_role("button", name=re.compile("^Annotate [0-9]")).click()
    assert watch.sent("POST", f"/{FILES}") == 1, "the file went straight into the bucket"
    expect(page.get_by_text("This result moves to cold storage at")).to_be_visible(timeout=60_000)
    before = saved(page)
    job = page.url

    expect(page.locator(".state")).to_have_text("Archived", timeout=60_000)
    cold = (".vcf.gz", ".tbi", ".parquet")
    until(lambda: not any(key.endswith(cold) for key in stored(FILES)), 30, "the hot copies are removed")
    make_premium(staff, email)
    page.goto(job)
    expect(page.get_by_role("heading", name="Downloads")).to_be_visible(timeout=60_000)
    expect(page.locator(".state")).to_have_text("Completed", timeout=60_000)
    assert saved(page) == before
    draws_the_records_from_this_site(page, watch, job)
    until(lambda: stored(COLD) == [], 30, "the archives are removed last")
    [row] = cloud.rows("SELECT verified_at, vault, last_error FROM archive_holding")
    assert row["last_error"] == ""
    goes_on_where_it_ended(page, watch, long_vcf(tmp_path / "long.vcf"))


def draws_the_records_from_this_site(page: Page, watch: CloudWatch, job: str) -> None:
    """Open the genome browser: igv.js reads the files that lie in the bucket without asking the bucket."""
    asked = watch.sent("GET", f"/{FILES}")
    page.goto(f"{job}browser/?at=MT:11778")
    expect(page.get_by_text("click a variant for its record")).to_be_visible()
    expect(page.locator(".igv-track-label").filter(has_text="Your variants")).to_be_visible()
    assert watch.sent("GET", "/browser/records/vcf/") >= 1
    assert watch.sent("GET", f"/{FILES}") == asked


def goes_on_where_it_ended(page: Page, watch: CloudWatch, path: Path) -> None:
    """Stop a long upload in its second part, choose the file again, and see that the first part is not sent again."""
    stalled: list[Route] = []
    page.goto("/annotate/")
    page.route(re.compile("partNumber=2"), lambda route: stalled.append(route))  # noqa: PLW0108 (it takes no built-in)
    page.locator("input[type=file]").set_input_files(path)
    expect(page.locator("[data-note]")).to_have_text(re.compile(r"^1[67](\.\d)? MB of 3\d"))
    page.get_by_role("button", name="Stop").click()
    expect(page.get_by_role("heading", name="Unfinished uploads")).to_be_focused()
    page.unroute_all(behavior="ignoreErrors")
    page.locator("input[type=file]").set_input_files(path)
    expect(page.get_by_role("button", name="Annotate 1 record")).to_be_visible(timeout=60_000)
    assert [watch.sent("PUT", f"partNumber={number}&") for number in (1, 3)] == [1, 1]
