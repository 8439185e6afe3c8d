"""Every page in its states, light and dark: no rule of accessibility broken, nothing wider than a phone."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import axe_playwright_python
import pytest
from playwright.sync_api import Page

from bench.site import Site
from tests.browser import pages
from tests.browser.conftest import Person, Watch, bring_session
from tests.stack.genome import NAME
from tests.stack.stacks import Stack

pytestmark = pytest.mark.browser

AXE = Path(axe_playwright_python.__file__).with_name("axe.min.js").read_text()
# What WCAG 2.2 AA asks for; the other rules of axe are advice. What passes is not listed: it takes as long again.
RULES = {"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"], "resultTypes": ["violations"]}


@pytest.fixture(params=["light", "dark"])
def themed(request: pytest.FixtureRequest, new_page: Callable[..., Page]) -> Page:
    """Give a page in a light and in a dark browser; the dark one is as narrow as a phone."""
    dark = request.param == "dark"
    return new_page(color_scheme=request.param, viewport={"width": 390 if dark else 1440, "height": 900})


def broken_rules(page: Page) -> list[str]:
    """Return which rules the page breaks, and where."""
    page.evaluate(AXE)
    found: list[dict[str, Any]] = page.evaluate("rules => axe.run(document, rules).then(all => all.violations)", RULES)
    return [
        f"{rule['id']}: {node['target']} {node['failureSummary'].splitlines()[-1].strip()}"
        for rule in found
        for node in rule["nodes"]
    ]


def problems(page: Page, name: str) -> list[str]:
    """Return what is wrong with the page that is shown."""
    wide = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
    too_wide = [f"{wide} px wider than the window"] if wide > 0 else []
    return [f"{name}: {problem}" for problem in (*broken_rules(page), *too_wide)]


def test_the_check_itself_sees_a_broken_rule_and_a_wide_page(page: Page) -> None:
    page.goto("/help/")
    page.evaluate("document.querySelector('main').append(document.createElement('input'))")
    page.evaluate("document.querySelector('main').style.minWidth = '3000px'")
    found = problems(page, "help")
    assert found[0].startswith("help: label: ")
    assert found[-1].endswith("wider than the window")


def test_pages_that_everybody_may_see(themed: Page, watch: Watch) -> None:
    watch.expected.append("status of 404")
    found = []
    for name, path in pages.NOBODY.items():
        themed.goto(path)
        found += problems(themed, name)
    assert found == []


def test_pages_of_a_person_and_the_states_of_the_form(
    themed: Page, sign_in: Callable[..., Person], watch: Watch
) -> None:
    watch.expected.append("status of 422")
    sign_in(themed)
    found = []
    for name, path in {**pages.SIGNED_IN, "list-empty": "/annotations/"}.items():
        themed.goto(path)
        found += problems(themed, name)
    for name, show in pages.STATES.items():
        show(themed)
        found += problems(themed, name)
    assert found == []


@pytest.fixture(scope="module")
def owner(site: Stack) -> Site:
    """Give somebody whose jobs are looked at in both themes."""
    return site.person("every-page", plan="premium")


@pytest.fixture(scope="module")
def jobs(
    site: Stack, owner: Site, variants: Callable[[int], Path], tmp_path_factory: pytest.TempPathFactory
) -> pages.Jobs:
    """Give the owner's jobs, one in each state that stays."""
    return pages.make_jobs(site, owner, variants, tmp_path_factory.mktemp("jobs"))


def test_pages_of_jobs_in_every_state(
    themed: Page, site: Stack, owner: Site, jobs: pages.Jobs, variants: Callable[[int], Path]
) -> None:
    bring_session(owner, themed)
    found = []
    for name, path in jobs.pages().items():
        themed.goto(path)
        found += problems(themed, name)
    running = owner.annotate(variants(pages.LARGE), NAME)
    site.hold(running)
    themed.goto(f"/annotations/{running}/")
    found += problems(themed, "running")
    owner.post(f"/annotations/{running}/cancel/", {}, form=f"/annotations/{running}/")
    assert found == []
