"""A browser, people signed in, and a watch on everything a page must not do."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from playwright.sync_api import (
    Browser,
    BrowserContext,
    ConsoleMessage,
    Page,
    Playwright,
    Request,
    expect,
    sync_playwright,
)

from bench.site import Site
from tests.billing.conftest import inline, real_transactions
from tests.browser.flags import FLAGS
from tests.browser.pages import LARGE
from tests.browser.town import town
from tests.conftest import need
from tests.people.conftest import running_provider
from tests.stack.conftest import genome_files, prepared, run_directory, variants
from tests.stack.genome import NAME
from tests.stack.processes import wake
from tests.stack.stacks import Stack, stack_in

# Patience for a busy machine; what is there at once is seen at once.
expect.set_options(timeout=20_000)


@dataclass
class Watch:
    """What went wrong on the pages of one test: console errors, script errors, refused loads, foreign requests."""

    address: str
    complaints: list[str] = field(default_factory=list)
    expected: list[str] = field(default_factory=list)
    requests: list[str] = field(default_factory=list)

    def on(self, context: BrowserContext) -> None:
        """Listen to every page of a context."""
        context.on("console", self._note_console)
        context.on("weberror", lambda error: self._note(f"script: {error.error}"))
        context.on("request", self._note_request)

    def _note_console(self, message: ConsoleMessage) -> None:
        if message.type == "error":
            self._note(f"console: {message.text}")

    def _note(self, complaint: str) -> None:
        if not any(words in complaint for words in self.expected):
            self.complaints.append(complaint)

    def _note_request(self, request: Request) -> None:
        if not request.url.startswith((self.address, "data:", "blob:")):
            self.complaints.append(f"a request to {request.url}")
        self.requests.append(f"{request.method} {request.url.removeprefix(self.address)}")


@pytest.fixture(scope="package")
def site(prepared: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """Give the stack that all browser tests share."""
    need("chromium")
    directory = tmp_path_factory.mktemp("site")
    settings = {
        "EMAIL_VERIFICATION": "optional",
        "SANDBOX": "yes",
        "STAFF_SECOND_FACTOR": "no",
        "VAULT_URL": f"file:{directory / 'vault'}?expedited=1s",
    }
    with stack_in(directory / "data", prepared, **settings) as running:
        yield running


@pytest.fixture(scope="package")
def playwright_driver() -> Iterator[Playwright]:
    """Give Playwright."""
    with sync_playwright() as driver:
        yield driver


@pytest.fixture(scope="package")
def chromium(playwright_driver: Playwright) -> Iterator[Browser]:
    """Give Debian's Chromium, without a screen and without calls home."""
    browser = playwright_driver.chromium.launch(executable_path=need("chromium"), args=FLAGS)
    yield browser
    browser.close()


@pytest.fixture
def watch(site: Stack) -> Iterator[Watch]:
    """Give the watch on this test's pages; at the end nothing unexpected may have been seen."""
    watch = Watch(site.address)
    yield watch
    assert watch.complaints == []


@pytest.fixture
def new_page(site: Stack, chromium: Browser, watch: Watch) -> Iterator[Callable[..., Page]]:
    """Give a function that opens a page in a browser profile of its own."""
    contexts: list[BrowserContext] = []

    def open_page(**options: object) -> Page:
        context = chromium.new_context(base_url=site.address, accept_downloads=True, **options)  # type: ignore[arg-type]
        context.set_default_timeout(20_000)
        watch.on(context)
        contexts.append(context)
        return context.new_page()

    yield open_page
    for context in contexts:
        context.close()


@pytest.fixture
def page(new_page: Callable[..., Page]) -> Page:
    """Give a page of somebody who is not signed in."""
    return new_page()


@dataclass
class Person:
    """Somebody with an account: their address, and the same session in a browser and in plain HTTP."""

    email: str
    page: Page
    http: Site


@pytest.fixture
def sign_in(site: Stack) -> Callable[..., Person]:
    """Give a function that makes an account and brings its session into a page's browser."""

    def make(page: Page, plan: str = "free") -> Person:
        # Over HTTP, and by its cookie: that the forms work has its own tests.
        name = uuid.uuid4().hex[:12]
        http = site.person(name, plan=plan)
        bring_session(http, page)
        return Person(f"{name}@example.org", page, http)

    return make


def bring_session(http: Site, page: Page) -> None:
    """Make a page's browser signed in as somebody is over HTTP."""
    cookies = [{"name": one.name, "value": one.value or "", "url": http.address} for one in http.cookies]
    page.context.add_cookies(cookies)  # type: ignore[arg-type]  # a TypedDict of these three


@pytest.fixture
def person(page: Page, sign_in: Callable[..., Person]) -> Person:
    """Give a signed-in person on the free plan."""
    return sign_in(page)


@pytest.fixture
def running_job(site: Stack, variants: Callable[[int], Path]) -> Iterator[Callable[[Person], tuple[str, list[int]]]]:
    """Give a function that starts a job and keeps it in its middle; it returns its id and what to wake it by."""
    held: list[int] = []

    def start(person: Person) -> tuple[str, list[int]]:
        job = person.http.annotate(variants(LARGE), NAME)
        stopped = site.hold(job)
        held.extend(stopped)
        return job, stopped

    yield start
    wake(held)  # where the test has not ended it, it makes room for the next test's


@pytest.fixture
def vcf(tmp_path: Path) -> Callable[..., Path]:
    """Give a function that writes a VCF from lines whose columns are separated by blanks."""

    def write(*lines: str, name: str = "variants.vcf") -> Path:
        columns = "#CHROM POS ID REF ALT QUAL FILTER INFO"
        rows = (line.replace(" ", "\t") for line in (columns, *lines))
        path = tmp_path / name
        path.write_text("\n".join(["##fileformat=VCFv4.2", *rows, ""]))
        return path

    return write


__all__ = [
    "genome_files",
    "inline",
    "prepared",
    "real_transactions",
    "run_directory",
    "running_provider",
    "town",
    "variants",
]
