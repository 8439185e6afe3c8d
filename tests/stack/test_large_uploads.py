"""A web process takes a file of any size in the same memory, in one POST and in parts."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from bench import uploads
from bench.site import Site
from tests.stack.stacks import Stack

MIB = 1024 * 1024
# What a process may grow by while a file passes through it: its pieces, and what is loaded at first use.
MOST_GROWTH = 40 * MIB


@pytest.mark.slow
@pytest.mark.parametrize("way", [uploads.post, uploads.parts])
def test_a_file_four_times_as_large_takes_no_more_memory(
    stack: Stack, way: Callable[[Site, Path], object], tmp_path: Path
) -> None:
    site = stack.person(way.__name__)
    grown = []
    for size in (64 * MIB, 64 * MIB, 256 * MIB):  # the first warms up: what each process loads once
        file = uploads.make_file(tmp_path / "large.vcf", size)
        with uploads.web_memory(site) as growth:
            way(site, file)
        grown.append(growth())
    assert max(grown) < MOST_GROWTH
    assert grown[2] < grown[1] + 16 * MIB
    query = "SELECT input_size FROM annotations_job JOIN accounts_user u ON u.id = user_id WHERE email LIKE ?"
    sizes = [row["input_size"] // MIB for row in stack.rows(query, f"{way.__name__}@%")]
    assert sorted(sizes) == [64, 64, 256]
