"""How many parts of a file are on their way at a time."""

from __future__ import annotations

import pytest

from tests.browser.conftest import Person

pytestmark = pytest.mark.browser

#: Runs seven parts, the third and fourth of which take ten seconds and the first of which is there already. Tells which
#: others ran when each began.
LANES = """async () => {
    const { inLanes } = await import("/static/js/upload_lanes.js");
    const running = new Map(), beside = [];
    let time = 0;
    performance.now = () => time;
    const lanes = inLanes(7, (number) => {
        beside.push([number, ...running.keys()]);
        return new Promise((end) => running.set(number, end));
    });
    const end = async (number, takes, sent = true) => {
        time += takes;
        running.get(number)(sent);
        running.delete(number);
        await new Promise((done) => setTimeout(done));
    };
    await end(1, 100, false);
    await end(2, 1_000);
    await end(3, 10_000);
    await end(4, 0);
    await end(5, 1_000);
    await end(6, 1_000);
    await end(7, 0);
    await lanes;
    return beside;
}"""


def test_two_parts_at_a_time_become_one_when_the_connection_slows_down_and_two_again(person: Person) -> None:
    person.page.goto("/annotate/")
    alone, two, again = [[1], [2]], [[3], [4, 3]], [[5], [6], [7, 6]]
    assert person.page.evaluate(LANES) == [*alone, *two, *again]
