"""What the kernel is told about a file that grows, and that it changes nothing of the file."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from gas_site import write_back
from gas_site.write_back import WriteBack

PIECE = os.urandom(300_000)
# One call for each step of a megabyte at least: start and length.
STEPS = [(at, 1_200_000) for at in range(0, 6_000_000, 1_200_000)]
# What lies between the head, of two megabytes, and each step.
BEFORE = [(2_000_000, step - 2_000_000) for step, _ in STEPS if step > 2_000_000]
END = [(5_999_990, 10), (2_000_000, 3_999_990)]


@pytest.mark.parametrize("passing", [False, True])
@pytest.mark.parametrize("told", [True, False])
def test_a_file_is_whole_whether_or_not_it_passes_and_the_system_can_be_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, passing: bool, told: bool
) -> None:
    monkeypatch.setattr(write_back, "STEP", 1_000_000)
    monkeypatch.setattr(write_back, "HEAD", 2_000_000)
    calls: list[tuple[int, int]] = []
    if told:
        fadvise = os.posix_fadvise

        def note(handle: int, start: int, length: int, advice: int) -> None:
            assert advice == os.POSIX_FADV_DONTNEED
            calls.append((start, length))
            fadvise(handle, start, length, advice)

        monkeypatch.setattr(os, "posix_fadvise", note)
    else:
        monkeypatch.delattr(os, "posix_fadvise")
    path, size = tmp_path / "file", 0
    with path.open("wb", buffering=0) as file:
        growing = WriteBack(file.fileno(), passing=passing)
        for _ in range(20):
            size += file.write(PIECE)
            growing.reached(size)
        os.fsync(file.fileno())
        write_back.let_pass(file.fileno(), size - 10, 10)
    assert path.read_bytes() == PIECE * 20
    assert calls == (expected(passing) if told else [])


def expected(passing: bool) -> list[tuple[int, int]]:
    """Return the calls: each step, then what lies before it where the file passes, and the ten bytes at the end."""
    if not passing:
        return [*STEPS, *END]
    head, rest = STEPS[:2], STEPS[2:]
    return [*head, *(call for pair in zip(rest, BEFORE, strict=True) for call in pair), *END]
