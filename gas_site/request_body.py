"""Reads the body of a request straight from gunicorn's socket, into large buffers and without copies.

gunicorn's own reader copies every byte several times on its way through its buffers, which took a third of the
processor time of an upload (docs/performance.md). Its books are kept: what is left of the body is drained by gunicorn.
"""

from __future__ import annotations

import io
import os
from typing import Any

from gunicorn.http.body import Body, LengthReader  # type: ignore[import-untyped]  # its stubs are of older releases
from gunicorn.http.unreader import SocketUnreader  # type: ignore[import-untyped]

# As large as the pieces that uploads are written in: such a read goes into its own memory, past this buffer.
BUFFER = 256 * 1024


def swift(body: Any) -> Any:
    """Return a quicker reader of the same body; bodies without a length, or of another server, as they are."""
    if not (isinstance(body, Body) and isinstance(body.reader, LengthReader)):
        return body
    if not body.reader.length or not isinstance(body.reader.unreader, SocketUnreader):
        return body
    return io.BufferedReader(SocketBody(body), BUFFER)


class SocketBody(io.RawIOBase):
    """A body of known length, whose beginning gunicorn may have read together with the headers."""

    def __init__(self, body: Body) -> None:
        self._body = body
        self._reader = body.reader
        self._socket = body.reader.unreader.sock

    def readable(self) -> bool:
        """Say yes, as io.BufferedReader asks."""
        return True

    def readinto(self, buffer: Any) -> int:
        """Read some bytes; 0 at the end, which comes early where the sender has gone. Raises OSError."""
        wanted = min(len(buffer), self._reader.length)
        if wanted == 0:
            return 0
        if held := self._reader.unreader.buf.seek(0, os.SEEK_END):
            # Not by the body's own read(): it takes a KiB at least, and keeps what is too much in yet another buffer.
            piece = self._reader.read(min(held, wanted))
            buffer[: len(piece)] = piece
            return len(piece)
        try:
            count: int = self._socket.recv_into(buffer, wanted)
        except OSError:
            self._body.failed = True  # nobody knows where the next request begins
            raise
        self._reader.length -= count
        return count
