"""The clock beside a result that will go cold: what it says, when it speaks, and what stands there without script."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Person
from tests.browser.pages import EXAMPLE
from tests.stack.stacks import Stack

pytestmark = pytest.mark.browser


def test_the_last_minute_is_announced_once_and_the_clock_is_written_like_any_clock(person: Person, site: Stack) -> None:
    page, job = person.page, person.http.annotate(EXAMPLE, "rCRS")
    site.wait_for([job], 60)
    page.clock.install()
    page.goto(f"/annotations/{job}/")
    said = page.locator("[data-announce-last-minute]")
    expect(page.get_by_role("timer")).to_have_text(re.compile("^4:[0-9]{2}$"))
    page.clock.run_for(3_000)
    expect(said).to_have_text("")
    page.clock.fast_forward("04:10")
    expect(page.get_by_role("timer")).to_have_text(re.compile("^0:[0-5][0-9]$"))
    expect(said).to_have_text("One minute left before this result moves to cold storage.")
    page.evaluate("document.querySelector('[data-announce-last-minute]').textContent = ''")
    page.clock.run_for(5_000)
    expect(said).to_have_text("")


def test_without_javascript_the_clock_time_stands_alone(
    new_page: Callable[..., Page], sign_in: Callable[..., Person], site: Stack
) -> None:
    person = sign_in(new_page(java_script_enabled=False))
    job = person.http.annotate(EXAMPLE, "rCRS")
    site.wait_for([job], 60)
    person.page.goto(f"/annotations/{job}/")
    expect(person.page.get_by_text("This result moves to cold storage at")).to_be_visible()
    expect(person.page.locator("[data-countdown]")).to_be_hidden()
    person.page.goto("/annotations/")
    seen = re.compile(r"^\s*Goes cold\s+at \d\d:\d\d:\d\d\s*$")
    expect(person.page.locator(".countdown-inline")).to_have_text(seen, use_inner_text=True)
