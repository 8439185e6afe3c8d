"""How the commands say how far they are."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TypeVar

from django.core.management.base import OutputWrapper
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

Item = TypeVar("Item")


@contextmanager
def followed(items: Sequence[Item], words: str, stream: OutputWrapper) -> Iterator[Iterator[Item]]:
    """Give the items one by one, with a bar on a terminal, and a line at each tenth elsewhere."""
    if not stream.isatty():
        yield _with_lines(items, words, stream)
        return
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=Console(stderr=True)) as bar:
        yield iter(bar.track(items, description=words))


def _with_lines(items: Sequence[Item], words: str, stream: OutputWrapper) -> Iterator[Item]:
    step = max(1, len(items) // 10)
    for number, item in enumerate(items, start=1):
        yield item
        if number % step == 0 or number == len(items):
            stream.write(f"{words}: {number} of {len(items)}")
