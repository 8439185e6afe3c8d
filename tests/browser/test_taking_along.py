"""From the landing page through the example to a file; and a link that one person makes and another one reads."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Person, Watch
from tests.browser.pages import with_oddities
from tests.browser.test_every_page import problems
from tests.browser.test_explorer import tab_to_exactly
from tests.browser.test_first_visit import EXAMPLE
from tests.browser.test_ways_to_use_it import tab_to
from tests.stack.stacks import Stack

pytestmark = pytest.mark.browser


#: Width and colour scheme.
LOOKS = ((1440, "light"), (1440, "dark"), (390, "light"), (390, "dark"))
LONG = "a_cohort_from_the_clinic_with_a_very_long_name_2026-11_mtDNA_heteroplasmy_rerun_final.vcf"


def show_as(page: Page, width: int, scheme: str) -> None:
    """Make the window so wide, and the browser light or dark."""
    page.set_viewport_size({"width": width, "height": 900})
    page.emulate_media(color_scheme="dark" if scheme == "dark" else "light", reduced_motion="reduce")


def exported(page: Page, name: str) -> str:
    """Press the download of a format and return the file's text."""
    with page.expect_download() as download:
        page.get_by_role("link", name=f"Download {name}", exact=True).click()
    return Path(download.value.path()).read_text()


@pytest.mark.parametrize("width", [1440, 390])
def test_a_visitor_explores_the_example_and_takes_a_filter_along(new_page: Callable[..., Page], width: int) -> None:
    page = new_page(viewport={"width": width, "height": 900})
    page.goto("/")
    page.get_by_role("link", name="Explore the annotated example").click()
    for kind, begin in (("SVG", b"<svg"), ("PNG", b"\x89PNG")):
        with page.expect_download() as download:
            page.get_by_role("link", name=f"{kind} of Impact", exact=True).click()
        assert download.value.suggested_filename == f"example.impact.{kind.lower()}"
        assert Path(download.value.path()).read_bytes().startswith(begin)
    page.get_by_role("link", name="Explore the variants").click()
    page.get_by_label("Search").fill("MT-ND4")
    page.get_by_role("button", name="Filter", exact=True).first.click()
    expect(page.locator(".chip-result")).to_have_text("4 shown")
    page.get_by_role("link", name="Export", exact=True).click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Export 4 variants")
    assert len(exported(page, "TSV").splitlines()) == 5


def test_a_link_is_read_by_somebody_without_an_account_until_it_is_revoked(
    site: Stack, new_page: Callable[..., Page], sign_in: Callable[..., Person], watch: Watch
) -> None:
    page = new_page(viewport={"width": 1440, "height": 900})
    person = sign_in(page, plan="premium")
    job = person.http.annotate(EXAMPLE, "rCRS")
    site.wait_for([job], 60)
    page.goto(f"/annotations/{job}/")
    page.get_by_role("link", name="Share", exact=True).click()
    page.get_by_label("Shows").select_option("exports")
    page.get_by_label("Your name for it").fill("For the clinic")
    page.get_by_role("button", name="Make a link").click()
    link = page.get_by_label("Link", exact=True).input_value()
    assert problems(page, "share, with a link") == []

    for width, scheme in ((1440, "light"), (390, "dark")):
        visitor = new_page(viewport={"width": width, "height": 900}, color_scheme=scheme)
        visitor.goto(link)
        assert problems(visitor, "shared") == []
        visitor.get_by_role("link", name="Explore the variants").click()
        assert problems(visitor, "shared variants") == []
        visitor.get_by_role("link", name="Export", exact=True).click()
        assert len(exported(visitor, "JSON Lines").splitlines()) == 60

    page.reload()
    expect(page.get_by_role("row", name="For the clinic")).to_contain_text("Last")
    expect(page.get_by_label("Link", exact=True)).to_have_count(0)
    page.get_by_role("button", name="Revoke For the clinic").click()
    watch.expected.append("status of 404")
    visitor.goto(link)
    expect(visitor.get_by_role("heading", level=1)).to_have_text("This link leads nowhere any more")


def test_the_genome_browser_draws_the_jobs_records_and_asks_nobody_else(
    site: Stack, new_page: Callable[..., Page], sign_in: Callable[..., Person], watch: Watch
) -> None:
    page = new_page(viewport={"width": 1440, "height": 900})
    person = sign_in(page, plan="premium")
    job = person.http.annotate(EXAMPLE, "rCRS")
    site.wait_for([job], 60)
    page.goto(f"/annotations/{job}/variants/?gene=MT-ND4")
    page.get_by_role("link", name="m.11778G>A", exact=True).click()
    page.get_by_role("link", name="Genome browser").click()
    expect(page.get_by_text("click a variant for its record")).to_be_visible()
    expect(page.locator(".igv-track-label").filter(has_text="Your variants")).to_be_visible()
    assert f"GET /annotations/{job}/browser/records/index/" in watch.requests
    assert f"GET /annotations/{job}/browser/records/vcf/" in watch.requests
    assert f"GET /annotations/{job}/browser/fasta/" in watch.requests
    everything_is_done_by_keyboard(page)
    page.goto(f"/annotations/{job}/browser/")  # of the whole contig
    expect(page.get_by_text("click a variant for its record")).to_be_visible()
    for look in LOOKS:
        show_as(page, *look)
        assert problems(page, f"genome browser, {look}") == []
        ink = page.locator(".igv-track-label").first.evaluate("each => getComputedStyle(each).color")
        assert ink == "rgb(0, 0, 0)"  # on igv.js' white, whatever the theme


def everything_is_done_by_keyboard(page: Page) -> None:
    """Go through igv.js' own buttons with the keyboard alone; what a click on a variant shows, the list leads to."""
    place = page.get_by_role("textbox", name="Place")
    expect(place).to_have_value("MT:11,738-11,818")
    place.focus()
    names = ["Go to the place", "Sample Names", "Save Image", "Zoom out", "Zoom", "Zoom in"]
    names += ["Settings of the bases", "Settings of Genes", "Settings of Your variants", "Move left", "Move right"]
    variants_in_view = page.get_by_role("link", name="List the variants in view")
    expect(variants_in_view).to_have_attribute("href", re.compile(r"/variants/\?region=MT%3A11738-11818$"))
    for name in names:
        page.keyboard.press("Tab")
        focused = page.evaluate(
            "() => { const at = document.activeElement; const in_it = at.shadowRoot?.activeElement ?? at;"
            " return in_it.ariaLabel ?? in_it.textContent.trim() }"
        )
        assert focused == name
    page.keyboard.press("Enter")
    expect(place).to_have_value("MT:11,779-11,859")
    expect(variants_in_view).to_have_attribute("href", re.compile(r"/variants/\?region=MT%3A11779-11859$"))
    place.fill("MT:16,450-16,549")
    place.press("Enter")
    expect(place).to_have_value("MT:16,450-16,549")
    page.get_by_role("button", name="Move right").press("Enter")
    expect(place).to_have_value("MT:16,470-16,569")  # where the contig ends
    place.fill("MT:9,001-9,082")
    place.press("Enter")
    expect(place).to_have_value("MT:9,001-9,082")
    page.get_by_role("button", name="Zoom in").press("Enter")  # from the middle of a base to that of another
    expect(place).to_have_value("MT:9,021-9,062")
    expect(variants_in_view).to_have_attribute("href", re.compile(r"/variants/\?region=MT%3A9021-9062$"))
    page.get_by_role("button", name="Settings of Your variants").press("Enter")
    expect(page.get_by_role("button", name="Set track height")).to_be_focused()
    page.keyboard.press("Escape")
    settings = page.get_by_role("button", name="Settings of Your variants")
    expect(settings).to_be_focused()
    height = page.get_by_role("textbox", name="Track Height")
    for key in ("Enter", "Escape"):
        page.keyboard.press("Enter")
        expect(page.get_by_role("button", name="Set track height")).to_be_focused()
        page.keyboard.press("Enter")
        expect(height).to_be_focused()
        if key == "Escape":
            expect(height).to_have_value("150")
        height.fill("150")
        page.keyboard.press(key)
        expect(settings).to_be_focused()
        expect(height).to_be_hidden()
    page.keyboard.press("Enter")
    expect(page.get_by_role("button", name="Set track height")).to_be_focused()
    page.get_by_role("button", name="Set track color", exact=True).press("Enter")
    expect(page.get_by_role("button", name="Red 0, green 0, blue 0")).to_be_focused()
    page.keyboard.press("Enter")
    page.keyboard.press("Escape")
    expect(settings).to_be_focused()
    names_of_samples = page.get_by_role("button", name="Sample Names")
    expect(names_of_samples).to_have_attribute("aria-pressed", "false")
    names_of_samples.press(" ")
    expect(names_of_samples).to_have_attribute("aria-pressed", "true")


def test_two_results_are_compared_by_keyboard(
    site: Stack, new_page: Callable[..., Page], sign_in: Callable[..., Person], tmp_path: Path
) -> None:
    page = new_page()
    person = sign_in(page, plan="premium")
    job, other = person.http.annotate(EXAMPLE, "rCRS"), person.http.annotate(with_oddities(tmp_path / LONG), "rCRS")
    site.wait_for([job, other], 60)
    for look in LOOKS:
        show_as(page, *look)
        page.goto(f"/annotations/{job}/")
        tab_to_exactly(page, "Compare")
        page.keyboard.press("Enter")
        expect(page.get_by_role("heading", level=1)).to_have_text("Compare with")
        assert problems(page, f"compare with, {look}") == []
        tab_to(page, "Compare with")
        page.keyboard.press("Enter")
        expect(page.get_by_role("heading", level=1)).to_have_text("Two results compared")
        tab_to(page, "Only in example.vcf")
        page.keyboard.press("Enter")
        expect(page.get_by_role("link", name="m.11778G>A", exact=True)).to_be_visible()
        assert problems(page, f"compared, {look}") == []
        tab_to_exactly(page, "m.150C>T")
        page.keyboard.press("Enter")
        expect(page.get_by_role("heading", name="m.150C>T", level=1)).to_be_visible()
