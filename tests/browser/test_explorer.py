"""The variant explorer by the keyboard alone, on a desk and on a phone."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Person
from tests.browser.test_every_page import problems
from tests.browser.test_first_visit import EXAMPLE
from tests.browser.test_ways_to_use_it import focused, tab_to
from tests.stack.stacks import Stack

pytestmark = pytest.mark.browser


def tab_to_exactly(page: Page, words: str) -> None:
    """Press Tab until what has the focus is called this; the table's frame has the words of all its rows."""
    for _ in range(60):
        page.keyboard.press("Tab")
        if focused(page) == words:
            return
    raise AssertionError(f"Tab does not reach {words!r}; the last was {focused(page)!r}")


@pytest.mark.parametrize("width", [1440, 390])
def test_from_the_job_to_a_note_on_a_variant_and_back_by_keyboard(
    site: Stack, new_page: Callable[..., Page], sign_in: Callable[..., Person], width: int
) -> None:
    page = new_page(viewport={"width": width, "height": 900})
    person = sign_in(page, plan="premium")
    job = person.http.annotate(EXAMPLE, "rCRS")
    site.wait_for([job], 60)
    page.goto(f"/annotations/{job}/")
    tab_to(page, "Explore the variants")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Variants", level=1)).to_be_visible()
    shown = page.locator(".chip-result")
    expect(shown).to_have_text("60 shown")

    tab_to(page, "Search")
    page.keyboard.type("MT-ND4")
    page.keyboard.press("Enter")
    expect(shown).to_have_text("4 shown")
    tab_to(page, "More filters")
    page.keyboard.press("Enter")
    tab_to(page, "Quality")
    page.keyboard.type("100000")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="No variant is left")).to_be_visible()
    tab_to(page, "Without “Quality 100000 or more”")
    page.keyboard.press("Enter")
    expect(shown).to_have_text("4 shown")

    if width == 1440:
        tab_to_exactly(page, "Impact")  # the filter's choice
        tab_to_exactly(page, "Impact")  # the column's heading
        page.keyboard.press("Enter")
        expect(page.locator("th[aria-sort=descending]")).to_have_text("Impact")
    assert problems(page, "variants") == []

    tab_to_exactly(page, "m.11778G>A")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="m.11778G>A", level=1)).to_be_visible()
    assert problems(page, "variant") == []
    tab_to(page, "Only you see it")
    page.keyboard.type("Discussed on Monday.")
    tab_to(page, "Keep the note")
    page.keyboard.press("Enter")
    expect(page.get_by_text("The note is kept.")).to_be_visible()
    expect(page.get_by_label("Only you see it")).to_have_value("Discussed on Monday.")
    tab_to(page, "Filtered variants")
    page.keyboard.press("Enter")
    expect(shown).to_have_text("4 shown")
    expect(page.locator(".noted")).to_have_count(1)
