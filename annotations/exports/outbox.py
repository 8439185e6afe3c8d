"""A file that is written by a library and read by a response: what was written is taken away piece by piece."""

from __future__ import annotations

import io
from typing import Any


class Outbox(io.RawIOBase):
    """Takes what is written and hands it out by ``take``; knows how much there was."""

    def __init__(self) -> None:
        self._pieces: list[bytes] = []
        self._written = 0

    def writable(self) -> bool:
        """Say yes."""
        return True

    def tell(self) -> int:
        """Return how many bytes have been written."""
        return self._written

    def write(self, data: Any) -> int:
        """Keep a piece until it is taken."""
        piece = bytes(data)
        self._pieces.append(piece)
        self._written += len(piece)
        return len(piece)

    def take(self) -> bytes:
        """Return what was written since the last time."""
        taken = b"".join(self._pieces)
        self._pieces.clear()
        return taken
