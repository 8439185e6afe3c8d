"""By keyboard alone, without JavaScript, in the dark, and through the dialogs that ask first."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Person, Watch
from tests.browser.test_first_visit import COMPLETED_MS, EMAIL, EXAMPLE
from tests.stack.processes import until
from tests.stack.stacks import PASSWORD, Stack

pytestmark = pytest.mark.browser


def focused(page: Page) -> str:
    """Return what has the focus, as its label or its text."""
    text = page.evaluate(
        "() => { const one = document.activeElement;"
        " return (one.labels?.[0] ?? one).textContent.trim() || one.getAttribute('name') || ''; }"
    )
    return str(text)


def tab_to(page: Page, words: str) -> None:
    """Press Tab until something with these words has the focus."""
    for _ in range(40):
        page.keyboard.press("Tab")
        if words in focused(page):
            return
    raise AssertionError(f"Tab does not reach {words!r}; the last was {focused(page)!r}")


def test_by_keyboard_alone_from_signing_up_to_the_result(page: Page) -> None:
    page.goto("/accounts/signup/")
    tab_to(page, "mail")
    page.keyboard.type("keys@example.org")
    tab_to(page, "Password")
    page.keyboard.type(PASSWORD)
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Annotate a VCF", level=1)).to_be_visible()
    page.wait_for_load_state()  # pressed before the scripts are there, the button works as it does without them
    tab_to(page, "Use the example file")
    page.keyboard.press("Enter")
    expect(page.get_by_text(re.compile("Ready to annotate"))).to_be_visible()
    expect(page.get_by_role("heading", name="File")).to_be_focused()
    tab_to(page, "Annotate ")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Downloads")).to_be_visible(timeout=COMPLETED_MS)


def test_the_first_tab_skips_to_the_content(page: Page) -> None:
    page.goto("/")
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Skip to content")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator("#main")).to_be_focused()


def test_without_javascript_a_file_is_checked_run_and_downloaded(
    new_page: Callable[..., Page], sign_in: Callable[..., Person], site: Stack
) -> None:
    page = sign_in(new_page(java_script_enabled=False)).page
    page.goto("/annotate/")
    page.locator("input[type=file]").set_input_files(EXAMPLE)
    page.get_by_role("button", name="Check it first").click()
    expect(page.get_by_text(re.compile("Ready to annotate"))).to_be_visible()
    page.get_by_role("button", name=re.compile("^Annotate [0-9]")).click()
    job = page.url.rstrip("/").rpartition("/")[2]
    site.wait_for([job], 60)
    page.reload()
    with page.expect_download() as started:
        page.get_by_role("link", name="Download example.annot.vcf.gz", exact=True).click()
    assert started.value.suggested_filename == "example.annot.vcf.gz"
    page.get_by_role("button", name="Delete this job").click()
    expect(page.get_by_text("The job and its files are deleted.")).to_be_visible()


def test_the_theme_stays_chosen(page: Page, new_page: Callable[..., Page]) -> None:
    page.goto("/")
    with page.expect_response(re.compile("/theme/")):
        page.get_by_text("Dark", exact=True).click()
    page.goto("/help/")
    expect(page.locator("html")).to_have_attribute("data-theme", "dark")
    expect(page.get_by_role("radio", name="Dark")).to_be_checked()
    with page.expect_response(re.compile("/theme/")):
        page.get_by_text("Auto", exact=True).click()
    page.reload()
    expect(page.locator("html")).not_to_have_attribute("data-theme", re.compile("."))
    plain = new_page(java_script_enabled=False)
    plain.goto("/help/")
    plain.get_by_text("Light", exact=True).click()
    plain.get_by_role("button", name="Keep this theme").click()
    expect(plain).to_have_url(re.compile("/help/$"))
    expect(plain.locator("html")).to_have_attribute("data-theme", "light")


def test_cancelling_asks_first(
    page: Page, sign_in: Callable[..., Person], running_job: Callable[[Person], tuple[str, list[int]]], site: Stack
) -> None:
    job, _ = running_job(sign_in(page, plan="premium"))
    page.goto(f"/annotations/{job}/")
    dialog = page.get_by_role("dialog")
    page.get_by_role("button", name="Cancel this job").click()
    expect(dialog.get_by_role("button", name="Let it run")).to_be_focused()
    dialog.get_by_role("button", name="Let it run").click()
    expect(dialog).not_to_be_visible()
    assert site.job(job)["status"] == "running"
    page.get_by_role("button", name="Cancel this job").click()
    dialog.get_by_role("button", name="Cancel the job").click()
    expect(page.get_by_text(re.compile("This job was cancelled"))).to_be_visible()
    expect(page.get_by_text("The job is cancelled.")).to_be_visible()
    assert site.job(job)["status"] == "cancelled"


def test_deleting_asks_first_and_escape_keeps_the_job(person: Person, site: Stack) -> None:
    page, job = person.page, person.http.annotate(EXAMPLE, "rCRS")
    site.wait_for([job], 60)
    page.goto(f"/annotations/{job}/")
    page.get_by_role("button", name="Delete this job").click()
    expect(page.get_by_role("dialog")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog")).not_to_be_visible()
    page.get_by_role("button", name="Delete this job").click()
    page.get_by_role("dialog").get_by_role("button", name="Delete the job").click()
    expect(page.get_by_role("heading", name="No annotations yet")).to_be_visible()
    until(
        lambda: site.rows("SELECT id FROM annotations_job WHERE id = ?", job.replace("-", "")) == [], 20, "the row goes"
    )
    assert site.attempts(job) == []


def test_a_forgotten_password_is_set_anew_by_the_mails_link(
    person: Person, new_page: Callable[..., Page], site: Stack
) -> None:
    page = new_page()
    page.goto("/accounts/login/")
    page.get_by_role("link", name=re.compile("^Forg")).click()
    page.get_by_label(EMAIL).fill(person.email)
    page.get_by_role("main").get_by_role("button").click()
    until(lambda: site.mails("/accounts/password/reset/key/"), 20, "the mail is written")
    [mail] = [one for one in site.mails("/accounts/password/reset/key/") if person.email in str(one["To"])]
    link = re.search(rf"{re.escape(site.address)}/accounts/password/reset/key/\S+", str(mail.get_payload()))
    assert link
    page.goto(link[0])
    page.locator("input[type=password]").first.fill("another-long-password")
    again = page.locator("input[type=password]")
    if again.count() > 1:
        again.nth(1).fill("another-long-password")
    page.get_by_role("main").get_by_role("button").click()
    page.goto("/accounts/login/")
    page.get_by_label(EMAIL).fill(person.email)
    page.get_by_label("Password", exact=True).fill("another-long-password")
    page.get_by_role("main").get_by_role("button", name="Sign in", exact=True).click()
    expect(page.get_by_role("heading", name="Annotate a VCF", level=1)).to_be_visible()


def test_the_mail_about_a_job_leads_to_it(person: Person, site: Stack, watch: Watch, tmp_path: Path) -> None:
    job = person.http.annotate(EXAMPLE, "rCRS")
    until(lambda: site.mails(job), 60, "the mail is written")
    [mail] = site.mails(job)
    assert mail["To"] == person.email
    link = re.search(r"http://\S+", str(mail.get_payload()))
    assert link
    person.page.goto(link[0])
    expect(person.page.get_by_role("heading", level=1)).to_have_text("example.vcf")
