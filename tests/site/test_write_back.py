"""What the kernel is told about a file that grows changes nothing of the file."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from gas_site import write_back
from gas_site.write_back import WriteBack

PIECE = os.urandom(300_000)


@pytest.mark.parametrize("passing", [False, True])
@pytest.mark.parametrize("told", [True, False])
def test_a_file_is_whole_whether_or_not_it_passes_and_the_system_can_be_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, passing: bool, told: bool
) -> None:
    monkeypatch.setattr(write_back, "STEP", 1_000_000)
    monkeypatch.setattr(write_back, "HEAD", 2_000_000)
    if not told:
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
