"""A researcher's first visit: sign up, upload, read the verdict, run, watch, download, look up the answers."""

from __future__ import annotations

import gzip
import json
import re
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from bench.site import ROOT
from tests.browser.conftest import Person
from tests.browser.pages import LARGE
from tests.stack.genome import NAME
from tests.stack.processes import wake
from tests.stack.stacks import PASSWORD, Stack

pytestmark = pytest.mark.browser

EXAMPLE = ROOT / "annotations" / "references" / "rCRS" / "example.vcf"
COMPLETED_MS = 60_000
EMAIL = re.compile("^E-?mail")


def run_and_wait(page: Page) -> None:
    """Press the button below the verdict and wait for the completed page."""
    page.get_by_role("button", name=re.compile("^Annotate [0-9]")).click()
    expect(page.get_by_role("heading", name="Downloads")).to_be_visible(timeout=COMPLETED_MS)


def download(page: Page, name: str) -> Path:
    """Download a result file by its name on the page."""
    with page.expect_download() as started:
        page.get_by_role("link", name=f"Download {name}", exact=True).click()
    assert started.value.suggested_filename == name
    return Path(started.value.path())


def annotated(path: Path) -> dict[str, dict[str, str]]:
    """Return the INFO fields of each allele, such as 11778G>A."""
    with gzip.open(path, "rt") as lines:
        rows = [line.rstrip("\n").split("\t") for line in lines if not line.startswith("#")]
    return {f"{row[1]}{row[3]}>{row[4]}": dict(pair.partition("=")[::2] for pair in row[7].split(";")) for row in rows}


def nothing_lies_under_the_toast_of_a_phone(page: Page) -> None:
    """Look at the page on a narrow screen for a moment: its toast covers nothing that can be pressed."""
    wide = page.viewport_size
    page.set_viewport_size({"width": 390, "height": 844})
    toast = page.locator(".toast").bounding_box()
    assert toast
    assert "We sent a confirmation link" in page.locator(".toast").inner_text()
    for one in page.locator("main :is(a, button, summary, label, input)").all():
        box = one.bounding_box()
        assert not box or box["y"] >= toast["y"] + toast["height"] or box["y"] + box["height"] <= toast["y"]
    if wide:
        page.set_viewport_size(wide)


def test_from_the_landing_page_to_the_downloaded_result(page: Page, site: Stack) -> None:
    page.goto("/")
    page.get_by_role("link", name="Sign up").first.click()
    page.get_by_label(EMAIL).fill("first@example.org")
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    page.get_by_role("button", name="Sign up", exact=True).click()
    expect(page.get_by_role("heading", name="Annotate a VCF", level=1)).to_be_visible()
    nothing_lies_under_the_toast_of_a_phone(page)

    page.locator("input[type=file]").set_input_files(EXAMPLE)
    expect(page.get_by_text(re.compile(r"Ready to annotate:\s+[0-9]+\s+records"))).to_be_visible()
    expect(page.get_by_text("MOTHER", exact=True)).to_be_visible()
    expect(page.get_by_text("all agree")).to_be_visible()
    expect(page.get_by_role("group", name="Reference genome").get_by_role("radio", checked=True)).to_have_value("rCRS")

    run_and_wait(page)
    expect(page.get_by_role("heading", level=1)).to_have_text("example.vcf")
    total = sum(len(line.split("\t")[4].split(",")) for line in EXAMPLE.read_text().splitlines() if line[0] != "#")
    expect(page.get_by_text(f"{total} variants in 2 samples")).to_be_visible()
    summary = json.loads(download(page, "example.summary.json").read_text())
    assert summary["total"] == summary["annotated"] == total
    assert summary["confirmed"] == 2
    alleles = annotated(download(page, "example.annot.vcf.gz"))
    assert len(alleles) == total
    assert download(page, "example.vcf").read_bytes() == EXAMPLE.read_bytes()
    assert download(page, "example.vcf.count.log").read_text().count("MITOMAP") > 0
    job = page.url.rstrip("/").rpartition("/")[2]
    assert site.attempts(job) == ["1"]


def test_the_known_answers_stand_in_the_downloaded_result(person: Person, vcf: Callable[..., Path]) -> None:
    page = person.page
    alleles = ["3460 . G A", "7445 . A G", "8527 . A G", "8993 . T G", "11778 . G A", "14484 . T C"]
    page.goto("/annotate/")
    page.locator("input[type=file]").set_input_files(vcf(*(f"chrM {allele} . . ." for allele in alleles)))
    expect(page.get_by_text("(written as MT)")).to_be_visible()
    run_and_wait(page)
    found = annotated(download(page, "variants.annot.vcf.gz"))
    answers = {name: (info["GAS_GENE"], info.get("GAS_PROTEIN")) for name, info in found.items()}
    assert answers["3460G>A"] == ("MT-ND1", "A52T")
    assert answers["11778G>A"] == ("MT-ND4", "R340H")
    assert answers["14484T>C"] == ("MT-ND6", "M64V")
    assert answers["8993T>G"] == ("MT-ATP6", "L156R")
    assert found["7445A>G"]["GAS_CONSEQUENCE"] == "stop_retained_variant"
    assert {"MT-ATP8", "MT-ATP6"} <= {one.split("|")[1] for one in found["8527A>G"]["BCSQ"].split(",")}
    assert "Leber" in found["11778G>A"]["MITOMAP_DISEASE"] or "LHON" in found["11778G>A"]["MITOMAP_DISEASE"]


def test_the_example_file_is_one_press_away(person: Person) -> None:
    person.page.goto("/annotate/")
    person.page.get_by_role("button", name="Use the example file").click()
    expect(person.page.get_by_text(re.compile(r"Ready to annotate:\s+[0-9]+\s+records"))).to_be_visible()
    run_and_wait(person.page)


def test_pasted_lines_are_annotated(person: Person) -> None:
    page = person.page
    page.goto("/annotate/")
    page.get_by_text("Paste lines instead").click()
    lines = "##fileformat=VCFv4.2\n#CHROM POS ID REF ALT QUAL FILTER INFO\nMT 11778 . G A . . .\n"
    page.get_by_label("VCF text, with its header").fill(lines.replace(" ", "\t"))
    page.get_by_role("button", name="Check this file").click()
    expect(page.get_by_text("Ready to annotate: 1 record")).to_be_visible()
    run_and_wait(page)
    expect(page.get_by_role("heading", level=1)).to_have_text("pasted.vcf")


def test_a_running_job_shows_its_progress_and_becomes_the_completed_page(
    page: Page, sign_in: Callable[..., Person], running_job: Callable[[Person], tuple[str, list[int]]]
) -> None:
    person = sign_in(page, plan="premium")
    job, held = running_job(person)
    page.goto(f"/annotations/{job}/")
    bar = page.get_by_role("progressbar", name="Share of the file read")
    expect(bar).to_be_visible()
    before = float(bar.get_attribute("value") or 0)
    expect(page.get_by_text("records a second")).to_be_visible()
    wake(held)
    page.wait_for_function(
        "before => { const bar = document.querySelector('progress'); return !bar || bar.value > before; }", arg=before
    )
    expect(page.get_by_role("heading", name="Downloads")).to_be_visible(timeout=120_000)
    expect(page.get_by_text(f"{LARGE:,} variants in 1 sample")).to_be_visible()


def test_a_waiting_job_shows_its_place_in_the_queue(
    page: Page,
    sign_in: Callable[..., Person],
    running_job: Callable[[Person], tuple[str, list[int]]],
    site: Stack,
    variants: Callable[[int], Path],
) -> None:
    person = sign_in(page, plan="premium")
    busy = [running_job(person), running_job(person)]
    large = variants(LARGE)  # a small file would not wait for these
    waiting = person.http.annotate(large, NAME)
    page.goto(f"/annotations/{waiting}/")
    expect(page.get_by_role("heading", name=re.compile("1st in line"))).to_be_visible()
    page.goto("/annotations/")
    expect(page.get_by_role("row").filter(has_text="1st in line")).to_contain_text(large.name)
    for job, _ in busy:
        person.http.post(f"/annotations/{job}/cancel/", {}, form=f"/annotations/{job}/")
    site.wait_for([waiting], 60)
    expect(page.get_by_role("row").filter(has_text="Ready to download")).to_contain_text(large.name)
