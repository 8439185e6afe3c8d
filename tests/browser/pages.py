"""Every page of the site in its states, from real jobs on a real stack."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from playwright.sync_api import Page

from bench.site import ROOT, Site
from tests.stack.genome import NAME
from tests.stack.stacks import Stack

EXAMPLE = ROOT / "annotations" / "references" / "rCRS" / "example.vcf"
#: Records of a job that can be kept in its middle, and that is not taken beside another.
LARGE = 300_000
HEADER = "##fileformat=VCFv4.2\n#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO\n"
NOBODY = {
    "landing": "/",
    "sign-in": "/accounts/login/",
    "sign-up": "/accounts/signup/",
    "plans": "/plans/",
    "password-reset": "/accounts/password/reset/",
    "password-reset-done": "/accounts/password/reset/done/",
    "sources": "/sources/",
    "help": "/help/",
    "privacy": "/privacy/",
    "example": "/example/",
    "example-variants": "/example/variants/?impact=HIGH,MODERATE",
    "example-variant": "/example/variants/38/",
    "example-exports": "/example/export/?gene=MT-ND4",
    "shared-gone": "/shared/a-link-that-was-revoked/",
    "error-404": "/nothing/here/",
}
SIGNED_IN = {
    "annotate": "/annotate/",
    "profile": "/profile/",
    "close-account": "/profile/close/",
    "subscribe": "/subscribe/?next=/annotate/",
    "subscribed": "/subscribe/done/",
    "second-factor": "/accounts/2fa/",
    "sessions": "/accounts/sessions/",
    "connections": "/accounts/3rdparty/",
    "reauthenticate": "/accounts/reauthenticate/",
    "email": "/accounts/email/",
    "password-change": "/accounts/password/change/",
    "sign-out": "/accounts/logout/",
}
EXPLORER = {
    "variants": "",
    "variants-filtered": "?impact=HIGH,MODERATE&frequency=0.01&sort=-impact",
    "variants-none": "?impact=HIGH&gene=MT-ND4,FOO&quality=x",
    "variant": "38/?impact=MODERATE",
}
FILTERS = {"list": "", "list-failed": "?status=failed", "list-no-match": "?q=nothing-is-called-this"}


@dataclass(frozen=True)
class Jobs:
    """One job in each state that stays."""

    completed: str
    failed: str
    cancelled: str
    warned: str
    linear: str

    def pages(self) -> dict[str, str]:
        """Return the pages of the jobs, and of the list that holds them."""
        each = {name: f"/annotations/{job}/" for name, job in vars(self).items()}
        lists = {name: f"/annotations/{query}" for name, query in FILTERS.items()}
        variants = f"/annotations/{self.completed}/variants/"
        explorer = {name: f"{variants}{query}" for name, query in EXPLORER.items()}
        others = {name: f"/annotations/{self.completed}/{name}/" for name in ("export", "share", "compare", "log")}
        compared = {"compared": f"/annotations/{self.completed}/compare/{self.warned}/"}
        return {**each, **explorer, **others, **compared, **lists}


def make_jobs(stack: Stack, person: Site, variants: Callable[[int], Path], directory: Path) -> Jobs:
    """Run real jobs to each of their ends; ``variants`` gives files of many records on the generated genome."""
    cancelled = person.annotate(variants(LARGE), NAME)
    stack.hold(cancelled)
    person.post(f"/annotations/{cancelled}/cancel/", {}, form=f"/annotations/{cancelled}/")
    failed = person.annotate(bad_at_the_end(directory / "late-error.vcf", variants(100_000)), NAME)
    warned = person.annotate(with_oddities(directory / "cohort_2026-11_mtDNA_heteroplasmy.vcf"), "rCRS")
    completed = person.annotate(EXAMPLE, "rCRS")
    linear = person.annotate(variants(10_000), NAME)
    stack.wait_for([cancelled, failed, warned, completed, linear], 120)
    statuses = [stack.job(job)["status"] for job in (completed, failed, cancelled, warned, linear)]
    assert statuses == ["completed", "failed", "cancelled", "completed", "completed"]
    return Jobs(completed, failed, cancelled, warned, linear)


def bad_at_the_end(path: Path, good: Path) -> Path:
    """Write a file whose last line is broken, behind what the check before the queue reads."""
    text = good.read_text()
    path.write_text(text + text.splitlines()[-1].replace("\t0/1", "\t0/7") + "\n")
    return path


def with_oddities(path: Path) -> Path:
    """Write a file with records that cannot be annotated, of another genome's contig, and not in order."""
    rows = [
        "MT 14484 . T C",
        "MT 3460 . G A",
        "MT 8993 . T G,C",
        "MT 310 . T <DEL>",
        "MT 3107 . N A",
        "chr1 1000 . A C",
    ]
    path.write_text(HEADER + "".join("\t".join([*row.split(), ".", ".", "."]) + "\n" for row in rows))
    return path


def show_verdict(page: Page) -> None:
    """Bring the page to a verdict."""
    page.goto("/annotate/")
    page.locator("input[type=file]").set_input_files(EXAMPLE)
    page.get_by_text("Ready to annotate").wait_for()


def show_refusal(page: Page, content: str = HEADER + "MT\t-5\t.\tG\tA\t.\t.\t.\n") -> None:
    """Bring the page to a refusal."""
    page.goto("/annotate/")
    file = {"name": "variants.vcf", "mimeType": "text/plain", "buffer": content.encode()}
    page.locator("input[type=file]").set_input_files(file)  # type: ignore[arg-type]  # a TypedDict of these three
    page.get_by_role("alert").first.wait_for()


def show_too_large(page: Page) -> None:
    """Bring the page to the refusal that names the plan."""
    show_refusal(page, "#" * 200 * 1024)


STATES: dict[str, Callable[[Page], None]] = {
    "verdict": show_verdict,
    "refused": show_refusal,
    "too-large": show_too_large,
}
