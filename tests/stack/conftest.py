"""Stacks for the tests: one shared by a file, and a prepared data directory that new ones begin with."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from bench.site import ROOT
from tests.stack.genome import install_genome, make_variants
from tests.stack.stacks import Stack, stack_in


@pytest.fixture(scope="session")
def genome_files(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give the directory of the generated genome and its variants."""
    return tmp_path_factory.mktemp("genome")


@pytest.fixture(scope="session")
def prepared(tmp_path_factory: pytest.TempPathFactory, genome_files: Path) -> Path:
    """Give a prepared data directory with the generated genome installed; it is copied, never run."""
    directory = tmp_path_factory.mktemp("prepared") / "data"
    environment = Stack(directory).environment
    subprocess.run([sys.executable, str(ROOT / "manage.py"), "prepare"], env=environment, check=True)
    install_genome(genome_files, environment)
    return directory


@pytest.fixture(scope="session")
def variants(genome_files: Path) -> Callable[[int], Path]:
    """Give a function that returns a VCF of so many records on the generated genome."""
    return lambda records: make_variants(genome_files, records)


@pytest.fixture(scope="module")
def stack(prepared: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """Give a running stack to the tests of one file."""
    with stack_in(tmp_path_factory.mktemp("shared") / "data", prepared) as running:
        yield running


@pytest.fixture
def own_stack(prepared: Path, tmp_path: Path) -> Iterator[Stack]:
    """Give a running stack that the test may kill, with one job at a time."""
    with stack_in(tmp_path / "data", prepared, ANNOTATE_THREADS="1") as running:
        yield running
