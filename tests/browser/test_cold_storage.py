"""A free user's result counts down, goes cold, and comes back whole when staff make the user premium."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.conftest import Watch
from tests.browser.pages import EXAMPLE
from tests.stack.stacks import Stack, stack_in

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("browser: cold storage")]

STAFF = "staff@example.org"
VCF = "example.annot.vcf.gz"


@pytest.fixture(scope="module")
def cold_site(prepared: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """Give a stack whose results go cold after seconds."""
    directory = tmp_path_factory.mktemp("cold")
    settings = {
        "FREE_RETENTION": "5s",
        "VAULT_URL": f"file:{directory / 'vault'}?expedited=1s",
        "STAFF_SECOND_FACTOR": "no",
        "EMAIL_VERIFICATION": "optional",
        "SANDBOX": "yes",
    }
    with stack_in(directory / "data", prepared, **settings) as running:
        # A database made before these settings keeps its plan, as everywhere.
        running.rows("UPDATE accounts_plan SET retention = ? WHERE slug = 'free'", 5_000_000)
        yield running


@pytest.fixture
def open_page(cold_site: Stack, chromium: Browser) -> Iterator[Callable[..., Page]]:
    """Give a function that opens a page in a browser profile of its own; nothing may go wrong on any of them."""
    watch = Watch(cold_site.address)
    # The answer to the address of a file that is away is 409, which the console tells.
    watch.expected.append("409 (Conflict)")
    contexts = []

    def make(*, watched: bool = True) -> Page:
        context = chromium.new_context(base_url=cold_site.address, accept_downloads=True)
        context.set_default_timeout(20_000)
        if watched:
            watch.on(context)
        contexts.append(context)
        return context.new_page()

    yield make
    for context in contexts:
        context.close()
    assert watch.complaints == []


def somebody(stack: Stack, page: Page, name: str, plan: str = "free") -> str:
    """Sign a new person up and bring the session into the page's browser; return the address."""
    person = stack.person(name, plan=plan)
    cookies = [{"name": one.name, "value": one.value or "", "url": stack.address} for one in person.cookies]
    page.context.add_cookies(cookies)  # type: ignore[arg-type]  # a TypedDict of these three
    return f"{name}@example.org"


def make_premium(page: Page, email: str) -> None:
    """Move somebody to Premium in the admin, as staff do."""
    page.goto("/admin/accounts/user/")
    page.get_by_role("link", name=email, exact=True).click()
    page.locator("select[name=plan]").select_option("premium")
    page.get_by_label("Reason for a change of plan").fill("the browser test's own")
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.get_by_text("was changed successfully")).to_be_visible()


def saved(page: Page) -> bytes:
    """Download the VCF by its link on the job's page."""
    with page.expect_download() as started:
        page.get_by_role("link", name=f"Download {VCF}", exact=True).click()
    return Path(started.value.path()).read_bytes()


def test_a_result_counts_down_goes_cold_cannot_be_downloaded_and_comes_back_byte_for_byte(
    cold_site: Stack, open_page: Callable[..., Page]
) -> None:
    page, staff = open_page(), open_page(watched=False)  # the admin is Django's, and asks for an icon
    email = somebody(cold_site, page, "cold")
    somebody(cold_site, staff, STAFF.partition("@")[0])
    cold_site.rows("UPDATE accounts_user SET is_staff = 1, is_superuser = 1 WHERE email = ?", STAFF)
    page.goto("/annotate/")
    page.locator("input[type=file]").set_input_files(EXAMPLE)
    page.get_by_role("button", name=re.compile("^Annotate [0-9]")).click()

    timer = page.get_by_role("timer")
    expect(timer).to_have_text(re.compile("^0:0[1-5]$"), timeout=60_000)
    expect(page.get_by_text("This result moves to cold storage at")).to_be_visible()
    before = saved(page)
    first = timer.text_content()
    expect(timer).not_to_have_text(first or "")

    # Nobody touches the page: at zero it asks, and shows what has become of the result.
    expect(page.locator(".state")).to_have_text("Archived")
    expect(page.get_by_text("In cold storage since")).to_be_visible()
    expect(page.get_by_role("link", name=re.compile(f"^Download {re.escape(VCF)}"))).to_have_count(0)
    expect(page.get_by_role("link", name="Download the VCF")).to_have_count(0)
    expect(page.get_by_role("link", name="Upgrade to restore")).to_be_visible()
    expect(page.get_by_role("link", name="Download example.vcf", exact=True)).to_be_visible()
    job = page.url
    answer = page.goto(f"{job}download/vcf/")
    assert answer is not None
    assert answer.status == 409
    expect(page.get_by_role("heading", name="This result is in cold storage")).to_be_visible()
    page.goto("/annotations/")
    expect(page.get_by_text("In cold storage", exact=False).first).to_be_visible()
    expect(page.get_by_role("link", name=re.compile("^Upgrade to restore"))).to_be_visible()

    make_premium(staff, email)
    page.goto(job)
    # It comes back by itself, within seconds, whether or not the page has seen it on the way.
    expect(page.locator(".state")).to_have_text("Completed")
    expect(page.get_by_role("timer")).to_have_count(0)
    assert saved(page) == before


def test_paying_brings_results_back_and_the_periods_end_lets_them_go_again(
    cold_site: Stack, open_page: Callable[..., Page]
) -> None:
    page = open_page(watched=False)  # the payment sandbox is a site of its own
    somebody(cold_site, page, "payer")
    page.goto("/annotate/")
    page.locator("input[type=file]").set_input_files(EXAMPLE)
    page.get_by_role("button", name=re.compile("^Annotate [0-9]")).click()
    expect(page.get_by_role("timer")).to_be_visible(timeout=60_000)
    before = saved(page)
    expect(page.locator(".state")).to_have_text("Archived")
    job = page.url

    page.get_by_role("link", name="Upgrade to restore").click()
    page.get_by_role("link", name="Upgrade to Premium").click()
    page.get_by_role("button", name="Go to payment").click()
    page.get_by_text("Works", exact=True).click()
    page.get_by_role("button", name="Subscribe for €9.00 a month").click()
    expect(page.get_by_text("Premium is on").first).to_be_visible()
    page.goto(job)
    expect(page.locator(".state")).to_have_text("Completed")
    assert saved(page) == before

    page.goto("/profile/")
    page.get_by_role("button", name="Cancel Premium").click()
    page.get_by_role("button", name="Cancel at the period's end").click()
    page.get_by_role("button", name="Sandbox: move time to what happens next").click()
    page.goto(job)
    # The end comes by webhook, which no page waits for: a premium result's page has nothing to count.
    deadline = time.monotonic() + 60
    while page.locator(".state").inner_text().strip() != "Archived" and time.monotonic() < deadline:
        page.reload()
    expect(page.locator(".state")).to_have_text("Archived")
    page.goto("/profile/")
    expect(page.get_by_text("Premium has ended").first).to_be_visible()


def test_the_list_counts_down_and_turns_without_a_touch(cold_site: Stack, open_page: Callable[..., Page]) -> None:
    page = open_page()
    somebody(cold_site, page, "watcher")
    page.goto("/annotate/")
    page.locator("input[type=file]").set_input_files(EXAMPLE)
    page.get_by_role("button", name=re.compile("^Annotate [0-9]")).click()
    page.goto("/annotations/")
    row = page.get_by_role("row").filter(has_text="example.vcf")
    expect(row.get_by_role("timer")).to_have_text(re.compile("^0:0[1-5]$"), timeout=60_000)
    expect(row.get_by_role("link", name=re.compile("^Upgrade to restore"))).to_be_visible()
    expect(row.locator(".state")).to_have_text("Archived")
