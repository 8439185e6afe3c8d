"""Stacks for the tests: one shared by a file, and a prepared data directory that new ones begin with."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.stack.genome import make_variants
from tests.stack.prepared import made_once, prepare
from tests.stack.stacks import Stack, data_in, stack_in


@pytest.fixture(scope="session")
def run_directory(tmp_path_factory: pytest.TempPathFactory, worker_id: str) -> Path:
    """Give a directory that all processes of one run of the tests have in common."""
    own = tmp_path_factory.getbasetemp()
    return own if worker_id == "master" else own.parent


@pytest.fixture(scope="session")
def genome_files(run_directory: Path) -> Path:
    """Give the directory of the generated genome and its variants."""
    (run_directory / "genome").mkdir(exist_ok=True)
    return run_directory / "genome"


@pytest.fixture(scope="session")
def prepared(run_directory: Path, genome_files: Path) -> Path:
    """Give a prepared data directory with the generated genome installed; it is copied, never run."""
    return made_once(run_directory / "prepared", lambda directory: prepare(directory, genome_files))


@pytest.fixture(scope="session")
def variants(genome_files: Path) -> Callable[[int], Path]:
    """Give a function that returns a VCF of so many records on the generated genome."""

    def of(records: int) -> Path:
        return made_once(genome_files / f"{records}.vcf", lambda path: make_variants(path, records))

    return of


@pytest.fixture(scope="module")
def stack(prepared: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """Give a running stack to the tests of one file."""
    with stack_in(tmp_path_factory.mktemp("shared") / "data", prepared) as running:
        yield running


@pytest.fixture(scope="module")
def lasting_stack(prepared: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """Give a stack with one job at a time that the tests of one file end and start; it does not run yet."""
    stack = Stack(data_in(tmp_path_factory.mktemp("lasting") / "data", prepared), ANNOTATE_THREADS="1")
    yield stack
    stack.kill()


@pytest.fixture
def own_stack(lasting_stack: Stack, prepared: Path) -> Iterator[Stack]:
    """Give a running stack that the test may kill: the next one starts it again, on all that was left."""
    if lasting_stack.has_ended:
        lasting_stack.start()
    yield lasting_stack
    if lasting_stack.rows("SELECT id FROM annotations_job WHERE status IN ('pending', 'running')"):
        # Its test failed. The next ones would wait for its turn to end.
        lasting_stack.kill()
        shutil.rmtree(lasting_stack.data_dir)
        data_in(lasting_stack.data_dir, prepared)
