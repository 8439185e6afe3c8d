"""Which tests a worker of pytest-xdist runs in a row, and which come first (a pytest plugin, see pyproject.toml).

A file's tests stay together, and those in the browser all of them: what they share (a stack, a Chromium, an annotated
file) is then made once, not once a worker. The groups of `--dist loadgroup` do not do it: xdist 3.8 writes them into an
attribute that pytest no longer has from 9.2 on, and every test goes wherever there is room.
"""

from __future__ import annotations

import pytest
from xdist.remote import Producer
from xdist.scheduler import LoadScopeScheduling

#: All tests in here share a stack.
TOGETHER = ("tests/browser/",)
# The longest first, so that no processor waits for them in the end; beside the browser's, which need more than one
# processor, those that mostly wait for messages.
FIRST = ("tests/browser/", "tests/cloud/", "tests/stack/")


def scope_of(nodeid: str) -> str:
    """Return what a test is kept together by."""
    path = nodeid.partition("::")[0]
    return next((directory for directory in TOGETHER if path.startswith(directory)), path)


def rank_of(nodeid: str) -> int:
    """Return how early a test comes."""
    return next((rank for rank, directory in enumerate(FIRST) if nodeid.startswith(directory)), len(FIRST))


class ByFile(LoadScopeScheduling):  # type: ignore[misc]  # it comes without types
    """Gives a worker the tests of one scope after another, in the order that they were collected in."""

    def _split_scope(self, nodeid: str) -> str:
        return scope_of(nodeid)


@pytest.hookimpl
def pytest_xdist_make_scheduler(config: pytest.Config, log: Producer) -> ByFile:
    """Distribute by file."""
    config.option.loadscopereorder = False  # it would put the scopes with the most tests first, not the longest
    return ByFile(config, log)


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Put what takes long first where tests are distributed."""
    if hasattr(config, "workerinput"):
        items.sort(key=lambda item: rank_of(item.nodeid))
