"""A reference whose files change while a job reads them, or changed since they were installed."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from annotations.engine.child import run_child
from annotations.engine.errors import ReferenceBroken, ReferenceChanged
from annotations.engine.install.adding import add_sources
from annotations.engine.install.requests import vcf_request
from annotations.engine.task import Result, Task
from tests.engine import toy
from tests.engine.annotating import RCRS, vcf

SOURCE = "sources/MITOMAP-diseases.tsv.gz"
RECORDS = [f"MT {position} . {base} T . . ." for position, base in ((3460, "G"), (11778, "G"), (14484, "T"))]


@pytest.fixture
def reference(tmp_path: Path) -> Path:
    return shutil.copytree(RCRS, tmp_path / "rCRS")


def annotate_around(change: Callable[[], None], reference: Path, directory: Path) -> Result:
    """Annotate what comes out of a named pipe, and make the change when half of it has been read."""
    pipe = directory / "uploaded"
    os.mkfifo(pipe)
    task = Task(pipe, "input.vcf", reference, directory / "results")
    with ThreadPoolExecutor() as pool:
        running = pool.submit(run_child, task, on_progress=print, should_stop=lambda: False, timeout=60)
        with pipe.open("w") as file:  # opens when the engine reads
            first, *rest = vcf(*RECORDS).splitlines(keepends=True)
            file.write(first)
            file.flush()
            change()
            file.write("".join(rest))
        return running.result()


def replaced(path: Path, content: bytes) -> None:
    new = path.with_name("new")
    new.write_bytes(content)
    new.replace(path)


@pytest.mark.parametrize(
    "change",
    [
        lambda path: replaced(path, (RCRS / "sources/MITOMAP-confirmed.tsv.gz").read_bytes()),
        lambda path: replaced(path, path.read_bytes()[:-1] + b"\1"),
        lambda path: path.write_bytes(b"no table"),
        lambda path: path.unlink(),
    ],
)
def test_a_source_swapped_in_the_middle_of_a_job_fails_it_with_the_reason(
    reference: Path, tmp_path: Path, change: Callable[[Path], None]
) -> None:
    with pytest.raises(ReferenceChanged) as failed:
        annotate_around(lambda: change(reference / SOURCE), reference, tmp_path)
    assert str(failed.value) == (
        "The reference rCRS was changed while this file was annotated: MITOMAP-diseases.tsv.gz is another one now. "
        "Nothing of the result was kept. Run the file again."
    )
    assert not (tmp_path / "results").exists()


def test_a_source_added_in_the_middle_of_a_job_leaves_the_job_as_it_began(reference: Path, tmp_path: Path) -> None:
    source = toy.write(tmp_path, "new.vcf", toy.HEADER + "MT\t3460\t.\tG\tT\t.\t.\tAF=0.5\n")

    def add() -> None:
        add_sources(reference, [vcf_request("NEW", source, ["AF"])])

    result = annotate_around(add, reference, tmp_path)
    assert list(result.summary["by_source"]) == [
        *("MITOMAP diseases", "MITOMAP confirmed", "MITOMAP GenBank frequencies"),
    ]


def test_a_source_that_is_not_what_was_installed_is_named_before_anything_is_read(
    reference: Path, tmp_path: Path
) -> None:
    content = (reference / SOURCE).read_bytes()
    (reference / SOURCE).write_bytes(content[:-1] + b"\1")
    task = Task(toy.write(tmp_path, "a.vcf", vcf(*RECORDS)), "a.vcf", reference, tmp_path / "results")
    with pytest.raises(
        ReferenceBroken, match=r"^The reference rCRS is damaged: MITOMAP-diseases\.tsv\.gz is not what w"
    ):
        run_child(task, on_progress=print, should_stop=lambda: False, timeout=60)
