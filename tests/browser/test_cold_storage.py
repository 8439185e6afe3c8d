"""A free user's result counts down, goes cold, and comes back whole when staff make the user premium."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import UUID

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.conftest import Watch
from tests.browser.pages import EXAMPLE
from tests.stack.processes import until
from tests.stack.stacks import Stack

pytestmark = pytest.mark.browser

#: Patience for what a worker does meanwhile.
AWAY_MS = 60_000
STAFF = "staff@example.org"
VCF = "example.annot.vcf.gz"


@pytest.fixture
def open_page(site: Stack, chromium: Browser) -> Iterator[Callable[..., Page]]:
    """Give a function that opens a page in a browser profile of its own; nothing may go wrong on any of them."""
    watch = Watch(site.address)
    # The answer to the address of a file that is away is 409, which the console tells.
    watch.expected.append("409 (Conflict)")
    contexts = []

    def make(*, watched: bool = True) -> Page:
        context = chromium.new_context(base_url=site.address, accept_downloads=True)
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
    page.goto(f"/admin/accounts/user/?q={email}")
    page.get_by_role("link", name=email, exact=True).click()
    page.locator("select[name=plan]").select_option("premium")
    page.get_by_label("Reason for a change of plan").fill("the browser test's own")
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.get_by_text("was changed successfully")).to_be_visible()


def goes_cold_in(site: Stack, job: str, seconds: float) -> None:
    """Let a result's time end so soon. Its message is overlooked for an hour: the sweep sends it for then."""
    now = datetime.now(UTC)
    due, overlooked = (f"{at:%Y-%m-%d %H:%M:%S}" for at in (now + timedelta(seconds=seconds), now - timedelta(hours=1)))
    site.rows("UPDATE archive_holding SET due_at = ?, wake_at = ? WHERE job_id = ?", due, overlooked, hex_of(job))


def went_cold(site: Stack, job: str) -> None:
    """Let a result's time end now, and wait until it is in cold storage."""
    goes_cold_in(site, job, 0)
    query = "SELECT state FROM archive_holding WHERE job_id = ?"
    until(lambda: site.rows(query, hex_of(job)) == [{"state": "archived"}], AWAY_MS / 1000, "the result is archived")


def hex_of(job: str) -> str:
    """Return how the database writes the job whose page this is."""
    return UUID(job.rstrip("/").rpartition("/")[2]).hex


def saved(page: Page) -> bytes:
    """Download the VCF by its link on the job's page."""
    with page.expect_download() as started:
        page.get_by_role("link", name=f"Download {VCF}", exact=True).click()
    return Path(started.value.path()).read_bytes()


def test_a_result_counts_down_goes_cold_cannot_be_downloaded_and_comes_back_byte_for_byte(
    site: Stack, open_page: Callable[..., Page]
) -> None:
    page, staff = open_page(), open_page(watched=False)  # the admin is Django's, and asks for an icon
    email = somebody(site, page, "cold")
    somebody(site, staff, STAFF.partition("@")[0])
    site.rows("UPDATE accounts_user SET is_staff = 1, is_superuser = 1 WHERE email = ?", STAFF)
    page.goto("/annotate/")
    page.locator("input[type=file]").set_input_files(EXAMPLE)
    page.get_by_role("button", name=re.compile("^Annotate [0-9]")).click()

    timer = page.get_by_role("timer")
    expect(timer).to_have_text(re.compile("^[2-5]:[0-9]{2}$"), timeout=AWAY_MS)
    expect(page.get_by_text("This result moves to cold storage at")).to_be_visible()
    before = saved(page)
    first = timer.text_content()
    expect(timer).not_to_have_text(first or "")
    job = page.url
    goes_cold_in(site, job, 5)
    page.reload()

    # Nobody touches the page: at zero it asks, and shows what has become of the result.
    expect(page.locator(".state")).to_have_text("Archived", timeout=AWAY_MS)
    expect(page.get_by_text("In cold storage since")).to_be_visible()
    expect(page.get_by_role("link", name=re.compile(f"^Download {re.escape(VCF)}"))).to_have_count(0)
    expect(page.get_by_role("link", name="Download the VCF")).to_have_count(0)
    expect(page.get_by_role("link", name="Upgrade to restore")).to_be_visible()
    expect(page.get_by_role("link", name="Download example.vcf", exact=True)).to_be_visible()
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
    expect(page.locator(".state")).to_have_text("Completed", timeout=AWAY_MS)
    expect(page.get_by_role("timer")).to_have_count(0)
    assert saved(page) == before


def test_paying_brings_results_back_and_the_periods_end_lets_them_go_again(
    site: Stack, open_page: Callable[..., Page]
) -> None:
    page = open_page(watched=False)  # the payment sandbox is a site of its own
    somebody(site, page, "payer")
    page.goto("/annotate/")
    page.locator("input[type=file]").set_input_files(EXAMPLE)
    page.get_by_role("button", name=re.compile("^Annotate [0-9]")).click()
    expect(page.get_by_role("timer")).to_be_visible(timeout=AWAY_MS)
    before = saved(page)
    job = page.url
    went_cold(site, job)
    page.goto(job)

    page.get_by_role("link", name="Upgrade to restore").click()
    page.get_by_role("link", name="Upgrade to Premium").click()
    page.get_by_role("button", name="Go to payment").click()
    page.get_by_text("Works", exact=True).click()
    page.get_by_role("button", name="Subscribe for €9.00 a month").click()
    expect(page.get_by_text("Premium is on").first).to_be_visible()
    page.goto(job)
    expect(page.locator(".state")).to_have_text("Completed", timeout=AWAY_MS)
    assert saved(page) == before

    page.goto("/profile/")
    page.get_by_role("button", name="Cancel Premium").click()
    page.get_by_role("button", name="Cancel at the period's end").click()
    page.get_by_role("button", name="Sandbox: move time to what happens next").click()
    query = "SELECT due_at FROM archive_holding WHERE job_id = ?"
    until(lambda: site.rows(query, hex_of(job))[0]["due_at"], AWAY_MS / 1000, "the result counts down again")
    went_cold(site, job)
    page.goto(job)
    expect(page.locator(".state")).to_have_text("Archived")
    page.goto("/profile/")
    expect(page.get_by_text("Premium has ended").first).to_be_visible()


def test_the_list_counts_down_and_turns_without_a_touch(site: Stack, open_page: Callable[..., Page]) -> None:
    page = open_page()
    somebody(site, page, "watcher")
    page.goto("/annotate/")
    page.locator("input[type=file]").set_input_files(EXAMPLE)
    page.get_by_role("button", name=re.compile("^Annotate [0-9]")).click()
    expect(page.get_by_role("timer")).to_be_visible(timeout=AWAY_MS)
    job = page.url
    page.goto("/annotations/")
    row = page.get_by_role("row").filter(has_text="example.vcf")
    expect(row.get_by_role("timer")).to_have_text(re.compile("^[2-5]:[0-9]{2}$"))
    goes_cold_in(site, job, 5)
    page.reload()
    expect(row.get_by_role("link", name=re.compile("^Upgrade to restore"))).to_be_visible(timeout=AWAY_MS)
    expect(row.locator(".state")).to_have_text("Archived")
