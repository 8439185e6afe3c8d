"""A large file on its way: connections that are lost, pages that are reloaded, files that have changed, two tabs."""

from __future__ import annotations

import os
import re
import signal
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import pytest
from playwright.sync_api import Error, Page, Route, expect

from tests.browser.conftest import Person, Watch
from tests.browser.long_files import MIB, long_vcf
from tests.stack.processes import kill, until
from tests.stack.stacks import Stack

pytestmark = pytest.mark.browser

CHECKED = re.compile("^Annotate 1 record")
BOTH_ENDS_ARE_HERE = re.compile(r"1[78](\.\d)? MB of 3\d(\.\d)? MB are here")

#: Presses Stop while the first part is hashed, and counts those that are.
STOP_AT_THE_FIRST_PART = """() => {
    const digest = SubtleCrypto.prototype.digest;
    globalThis.hashed = 0;
    SubtleCrypto.prototype.digest = function (name, bytes) {
        if (bytes.byteLength > 1_000_000) {
            globalThis.hashed += 1;
            document.querySelector("[data-abort]").click();
        }
        return digest.call(this, name, bytes);
    };
}"""


@pytest.fixture(scope="module")
def large(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return long_vcf(tmp_path_factory.mktemp("large") / "patient.vcf")


@pytest.fixture
def premium(page: Page, sign_in: Callable[..., Person], watch: Watch) -> Page:
    watch.expected.append("Failed to load resource")
    # A clock that stands: two parts go side by side here however slow this machine is.
    page.add_init_script("performance.now = () => 0;")
    sign_in(page, plan="premium")
    page.goto("/annotate/")
    return page


class Held:
    """Requests for one part that do not get through until they are let."""

    def __init__(self, page: Page, number: int) -> None:
        self.page = page
        self.where = re.compile(rf"/upload/{number}/$")
        self.routes: list[Route] = []
        self.open = False
        page.route(self.where, self._hold)

    def _hold(self, route: Route) -> None:
        if self.open:
            route.fallback()
        else:
            self.routes.append(route)

    def arrive(self) -> None:
        """Wait until one is held."""
        for _ in range(400):
            if self.routes:
                return
            self.page.wait_for_timeout(50)
        raise AssertionError("the part was not sent")

    def let(self) -> None:
        """Let what is held through, and all that follow."""
        self.open = True
        for route in self.routes:
            with suppress(Error):  # one of a page that was left since
                route.fallback()
        self.page.wait_for_timeout(1)  # a fallback is carried out by the driver, which runs only while it is asked

    def lose(self) -> None:
        """Let the connection of what is held be lost; what comes then is held again."""
        while self.routes:
            self.routes.pop().abort("internetdisconnected")


def choose(page: Page, path: Path) -> None:
    page.locator("form[data-intake-form] input[type=file]").set_input_files(path)


def choose_until_the_last_part_is_there(page: Page, path: Path) -> None:
    """Choose a file of three parts whose second is held."""
    with page.expect_response(re.compile("/upload/3/$")) as answer:
        choose(page, path)
    assert answer.value.status == 204


def sent(watch: Watch, number: int) -> int:
    """Return how often a part was sent."""
    return sum(1 for each in watch.requests if re.fullmatch(rf"PUT /annotate/[0-9a-f-]+/upload/{number}/", each))


def test_two_parts_that_are_lost_together_are_waited_for_and_a_damaged_one_is_sent_again(
    premium: Page, watch: Watch, large: Path
) -> None:
    page, damaged = premium, []

    def damage(route: Route) -> None:
        damaged.append(route)
        route.continue_(post_data=bytes(large.stat().st_size % (16 * MIB)) if len(damaged) == 1 else None)

    page.route(re.compile("/upload/3/$"), damage)
    both = [Held(page, 2), Held(page, 3)]
    choose(page, large)
    for part in both:
        part.arrive()  # both are on their way at once
    expect(page.get_by_role("progressbar", name="Upload")).to_have_attribute("value", re.compile("^4[4-9]$"))
    expect(page.locator("[data-told][role=status]")).to_have_text(
        re.compile(r"^1[3-6](\.\d)? MB of 3\d(\.\d)? MB sent$")
    )
    page.context.set_offline(True)
    for part in both:
        part.lose()
    expect(page.get_by_role("status").filter(has_text="The connection is lost.")).to_be_visible()
    page.context.set_offline(False)
    for part in both:
        part.let()
    expect(page.get_by_role("button", name=CHECKED)).to_be_visible()
    expect(page.get_by_role("heading", name="File", exact=True)).to_be_focused()
    assert (sent(watch, 1), len(damaged)) == (1, 2)


def test_after_a_reload_only_the_rest_is_sent_and_a_second_tab_does_not_send_it_too(
    premium: Page, watch: Watch, large: Path
) -> None:
    page = premium
    second = Held(page, 2)
    choose_until_the_last_part_is_there(page, large)
    second.arrive()
    tab = page.context.new_page()
    tab.goto("/annotate/")
    expect(tab.get_by_text(BOTH_ENDS_ARE_HERE)).to_be_visible()
    choose(tab, large)
    expect(tab.get_by_role("alert")).to_contain_text("This file is being sent already")
    tab.close()
    page.reload()
    page.evaluate(STOP_AT_THE_FIRST_PART)
    choose(page, large)
    expect(page.get_by_role("heading", name="Unfinished uploads")).to_be_focused()
    assert page.evaluate("globalThis.hashed") == 1  # of three
    page.reload()
    choose(page, large)
    expect(page.get_by_role("status").filter(has_text="Going on where it ended.")).to_be_visible()
    second.let()
    expect(page.get_by_role("button", name=CHECKED)).to_be_visible()
    assert (sent(watch, 1), sent(watch, 3)) == (1, 1)


def test_a_file_that_has_changed_is_noticed_and_what_is_dropped_leaves_nothing(
    premium: Page, watch: Watch, large: Path, tmp_path: Path, site: Stack
) -> None:
    page, path = premium, tmp_path / "mother.vcf"
    path.write_bytes(large.read_bytes())
    second = Held(page, 2)
    choose(page, path)
    second.arrive()
    page.reload()
    before = path.stat()
    path.write_bytes(path.read_bytes().replace(b"##note=", b"##also="))
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))
    choose(page, path)
    until_sent(page, watch, 1, 2)  # of the same size and date, yet compared part by part
    page.reload()
    os.utime(path)
    first = Held(page, 1)
    choose(page, path)
    expect(page.get_by_role("status").filter(has_text="This file has changed")).to_be_visible()
    first.arrive()
    os.utime(path, ns=(0, 0))  # and once more, while it is on its way
    second.open = True
    first.let()
    expect(page.get_by_role("alert")).to_contain_text("The file cannot be read any more")
    second.open = False
    choose(page, path)
    until_sent(page, watch, 1, 4)
    page.get_by_role("button", name="Stop").click()
    expect(page.get_by_role("heading", name="Unfinished uploads")).to_be_focused()
    expect(page.locator("[data-begun]").get_by_text("mother.vcf", exact=True)).to_have_count(1)
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Unfinished uploads")).to_have_count(0)
    query = "SELECT id FROM annotations_job WHERE file_name = 'mother.vcf'"
    until(lambda: site.rows(query) == [], 20, "both tickets are gone")


def until_sent(page: Page, watch: Watch, number: int, times: int) -> None:
    """Wait until a part has been sent so often."""
    for _ in range(400):
        if sent(watch, number) >= times:
            return
        page.wait_for_timeout(50)
    raise AssertionError(f"part {number} was sent {sent(watch, number)} times, not {times}")


def test_a_web_process_that_is_killed_with_a_part_in_its_hands_costs_that_part(
    premium: Page, watch: Watch, large: Path, site: Stack
) -> None:
    page = premium
    second = Held(page, 2)
    choose_until_the_last_part_is_there(page, large)
    second.arrive()
    [master] = [each.pid for each in site.processes("gunicorn") if each.parent == site.pid]
    workers = [each.pid for each in site.processes("gunicorn") if each.parent == master]
    for worker in workers:
        os.kill(worker, signal.SIGSTOP)
    second.let()
    until(lambda: unread(site.port) > MIB // 8, 20, "the part has been sent, and nobody reads it")
    kill(workers)
    expect(page.get_by_role("button", name=CHECKED)).to_be_visible()
    assert (sent(watch, 1), sent(watch, 3)) == (1, 1)


def test_two_files_at_once_do_not_get_in_each_others_way(premium: Page, large: Path, tmp_path: Path) -> None:
    page, other = premium, tmp_path / "father.vcf"
    other.write_bytes(large.read_bytes().replace(b"##note=", b"##also="))
    second = Held(page, 2)
    choose(page, large)
    second.arrive()
    tab = page.context.new_page()
    tab.goto("/annotate/")
    choose(tab, other)
    expect(tab.get_by_role("button", name=CHECKED)).to_be_visible()
    second.let()
    expect(page.get_by_role("button", name=CHECKED)).to_be_visible()
    for of, name in ((page, large.name), (tab, other.name)):
        expect(of.get_by_text(name, exact=True)).to_be_visible()


def test_on_a_slow_connection_parts_go_one_by_one_also_after_those_that_are_there(
    premium: Page, watch: Watch, large: Path
) -> None:
    page = premium
    page.add_init_script(
        "const now = performance.now.bind(performance), send = XMLHttpRequest.prototype.send; let slept = 0;"
        "performance.now = () => now() + slept;"
        "XMLHttpRequest.prototype.send = function (body) { slept += 10_000; return send.call(this, body) };"
    )  # a part seems to be on its way for ten seconds
    second = Held(page, 2)
    for _ in ("begun", "gone on with, when the first part is only read"):
        page.reload()
        second.routes.clear()
        choose(page, large)
        second.arrive()
        page.wait_for_timeout(500)  # a second lane would have begun by now
        assert (sent(watch, 1), sent(watch, 3)) == (1, 0)
    second.let()
    expect(page.get_by_role("button", name=CHECKED)).to_be_visible()
    assert sent(watch, 3) == 1


def unread(port: int) -> int:
    """Return how many bytes wait in the kernel for whoever listens on a port."""
    rows = [line.split() for line in Path("/proc/net/tcp").read_text().splitlines()[1:]]
    return sum(int(row[4].partition(":")[2], 16) for row in rows if row[1].endswith(f":{port:04X}"))
