"""What is not taken: the page says why, where, and what to do, and nothing is sent that need not be."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import Person, Watch

pytestmark = pytest.mark.browser


def test_a_bad_file_is_refused_with_line_column_and_fix(person: Person, vcf: Callable[..., Path], watch: Watch) -> None:
    watch.expected.append("status of 422")
    person.page.goto("/annotate/")
    person.page.locator("input[type=file]").set_input_files(vcf("MT 3460 . G A . . .", "MT 11778x . G A . . ."))
    alert = person.page.get_by_role("alert")
    expect(alert).to_contain_text("This file cannot be annotated as it is")
    expect(alert).to_contain_text("Line 4")
    expect(alert).to_contain_text("POS")
    expect(alert).to_contain_text("'11778x' is not a whole number")


def test_after_a_refusal_another_file_can_be_chosen(person: Person, vcf: Callable[..., Path], watch: Watch) -> None:
    watch.expected.append("status of 422")
    files = person.page.locator("input[type=file]")
    person.page.goto("/annotate/")
    files.set_input_files(vcf("MT -5 . G A . . ."))
    expect(person.page.get_by_role("alert")).to_be_visible()
    files.set_input_files(vcf("MT 3460 . G A . . ."))
    expect(person.page.get_by_text("Ready to annotate: 1 record")).to_be_visible()


def test_a_file_above_the_plans_size_is_refused_before_anything_is_sent(
    person: Person, tmp_path: Path, watch: Watch
) -> None:
    large = tmp_path / "large.vcf"
    large.write_text("##fileformat=VCFv4.2\n" + "#" * 150 * 1024)
    person.page.goto("/annotate/")
    watch.requests.clear()
    person.page.locator("input[type=file]").set_input_files(large)
    alert = person.page.get_by_role("alert")
    expect(alert).to_contain_text("This file is too large for your plan")
    expect(alert).to_contain_text("150 KB")
    expect(alert).to_contain_text("Nothing was sent")
    expect(alert.get_by_role("link", name="See what Premium takes")).to_have_attribute(
        "href", "/plans/?next=/annotate/"
    )
    assert [one for one in watch.requests if not one.startswith("GET /static/")] == []  # the icon, when it likes


def test_the_server_refuses_what_the_browser_did_not(person: Person, tmp_path: Path, watch: Watch) -> None:
    watch.expected.append("status of 413")
    large = tmp_path / "large.vcf"
    large.write_text("##fileformat=VCFv4.2\n" + "#" * 150 * 1024)
    person.page.goto("/annotate/")
    person.page.evaluate("document.querySelector('[data-max-bytes]').removeAttribute('data-max-bytes')")
    person.page.locator("input[type=file]").set_input_files(large)
    alert = person.page.get_by_role("alert")
    expect(alert).to_contain_text("This file is too large for your plan")
    expect(alert.get_by_role("link", name="See what Premium takes")).to_be_visible()


def test_an_empty_form_says_what_to_give(person: Person, watch: Watch) -> None:
    watch.expected.append("status of 422")
    person.page.goto("/annotate/")
    person.page.get_by_role("button", name="Check this file").click()
    expect(person.page.get_by_role("alert")).to_contain_text("Choose a VCF file, paste its lines, or use the example")
