"""Takes a picture of every page in its states, wide and narrow, light and dark: `python -m tests.screenshots OUTDIR`.

It starts a stack of its own with real jobs, so what the pictures show is what a user sees.
"""

from __future__ import annotations

import itertools
import os
import shutil
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

from playwright.sync_api import Browser, Page, sync_playwright

from bench.site import ROOT, Site
from tests.browser import pages
from tests.browser.flags import FLAGS
from tests.stack.genome import NAME, make_variants
from tests.stack.prepared import prepare
from tests.stack.stacks import Stack, stack_in

SIZES = {"1440": (1440, 900), "390": (390, 844)}
SCHEMES = ("light", "dark")
Show = Callable[[Page], object]


def main(output: Path) -> None:
    """Take all pictures."""
    chromium = shutil.which("chromium")
    if not chromium:
        sys.exit("chromium is not installed")
    output.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="gas-screens-") as scratch, sync_playwright() as playwright:
        directory = Path(scratch)
        prepare(directory / "data", directory)
        with stack_in(directory / "data", ANNOTATE_THREADS="1") as stack:
            browser = playwright.chromium.launch(executable_path=chromium, args=FLAGS)
            take_all(stack, browser, directory, output)
            browser.close()


def take_all(stack: Stack, browser: Browser, directory: Path, output: Path) -> None:
    """Bring the site into each state and take its pictures."""

    def variants(records: int) -> Path:
        return make_variants(directory / f"{records}.vcf", records)

    new, owner, free = stack.person("new"), stack.person("owner"), stack.person("free", plan="free")
    jobs = pages.make_jobs(stack, owner, variants, directory)
    take(stack, browser, output, None, {name: at(path) for name, path in pages.NOBODY.items()})
    take(stack, browser, output, new, {"list-empty": at("/annotations/")})
    take(stack, browser, output, free, {name: at(path) for name, path in pages.SIGNED_IN.items()} | dict(pages.STATES))
    take(stack, browser, output, owner, {name: at(path) for name, path in jobs.pages().items()})
    take_active(stack, browser, owner, variants(pages.LARGE), output)


def take_active(stack: Stack, browser: Browser, owner: Site, large: Path, output: Path) -> None:
    """Take the pictures of what runs and what waits behind it, in one go each while it lasts."""
    for size, scheme in itertools.product(SIZES, SCHEMES):
        running, waiting = (owner.annotate(large, NAME) for _ in range(2))  # a small one would not wait
        stack.hold(running)
        paths = {"running": f"{running}/", "pending": f"{waiting}/", "list-active": ""}
        shows = {name: at(f"/annotations/{path}") for name, path in paths.items()}
        take(stack, browser, output, owner, shows, variants=[(size, scheme)])
        for job in (running, waiting):
            owner.post(f"/annotations/{job}/cancel/", {}, form=f"/annotations/{job}/")


def at(path: str) -> Show:
    """Return what shows the page at ``path``."""
    return lambda page: page.goto(path)


def take(
    stack: Stack,
    browser: Browser,
    output: Path,
    person: Site | None,
    shows: dict[str, Show],
    *,
    variants: list[tuple[str, str]] | None = None,
) -> None:
    """Take each page in each size and colour scheme, as ``person`` sees it."""
    for size, scheme in variants or list(itertools.product(SIZES, SCHEMES)):
        width, height = SIZES[size]
        context = browser.new_context(
            base_url=stack.address,
            viewport={"width": width, "height": height},
            color_scheme="dark" if scheme == "dark" else "light",
            reduced_motion="reduce",
        )
        if person:
            cookies = [{"name": one.name, "value": one.value or "", "url": stack.address} for one in person.cookies]
            context.add_cookies(cookies)  # type: ignore[arg-type]  # a TypedDict of these three
        page = context.new_page()
        for name, show in shows.items():
            show(page)
            page.screenshot(path=output / f"{name}-{size}-{scheme}.png", full_page=True)
        context.close()


if __name__ == "__main__":
    os.chdir(ROOT)
    main(Path(sys.argv[1] if len(sys.argv) > 1 else "screenshots").absolute())
