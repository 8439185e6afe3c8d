"""The index of a result that is joined of parts: ``bcftools index`` reads the same BGZF bytes."""

from __future__ import annotations

import subprocess
from collections.abc import Iterable
from typing import BinaryIO

from annotations.engine import bcftools
from annotations.engine.errors import StageFailed
from annotations.engine.reference import Contig

#: A .tbi holds positions below 2^29 (SAM specification, section 5.3); longer contigs need a .csi.
TBI_MAX_LENGTH = 1 << 29


def index_suffix(contigs: Iterable[Contig]) -> str:
    """What follows the VCF's name: ".tbi", or ".csi" where a contig is too long for it."""
    return ".csi" if any(contig.length >= TBI_MAX_LENGTH for contig in contigs) else ".tbi"


class Indexer:
    """A child that indexes the BGZF bytes written to ``sink``."""

    def __init__(self, path: str) -> None:
        kind = "--csi" if path.endswith(".csi") else "--tbi"
        argv = bcftools.command("index", "--force", kind, "--output", path, "-")
        self._child = subprocess.Popen(argv, stdin=subprocess.PIPE)
        assert self._child.stdin is not None  # noqa: S101  (PIPE was asked for)
        self.sink: BinaryIO = self._child.stdin  # type: ignore[assignment]

    def finish(self) -> None:
        """Wait for the index. Raises StageFailed when it could not be made."""
        self.sink.close()
        if self._child.wait() != 0:
            raise StageFailed("The index of the result could not be made.")

    def kill(self) -> None:
        """End the child if it still runs."""
        if self._child.poll() is None:
            self._child.kill()
            self._child.wait()
