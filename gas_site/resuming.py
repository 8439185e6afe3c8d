"""Reads a body over HTTP that may be cut off: on from the byte where it ended, a few times."""

from __future__ import annotations

import errno
import io
import time
from collections.abc import Callable
from typing import Any

from gas_site import aws
from gas_site.storage import StoreAway

TRIES = 5
FIRST_PAUSE_SECONDS = 0.5


class ResumingReader(io.RawIOBase):
    """``size`` bytes of a botocore StreamingBody; ``body_from`` opens another one that starts at an offset.

    Raises StoreAway when the body stays shorter than it was said to be.
    """

    def __init__(self, body: Any, size: int, body_from: Callable[[int], Any]) -> None:
        self._body = body
        self._size = size
        self._body_from = body_from
        self._at = 0

    def readable(self) -> bool:
        """Say yes, as io.BufferedReader asks."""
        return True

    def readinto(self, buffer: Any) -> int:
        """Read some bytes; 0 at the end."""
        cause: Exception | None = None
        for attempt in range(TRIES):
            if self._at >= self._size:
                return 0
            try:
                if attempt:
                    self._open_again(attempt)
                data: bytes = self._body.read(len(buffer))
            except aws.AWS_ERRORS as error:
                cause = error
                continue
            if data:
                buffer[: len(data)] = data
                self._at += len(data)
                return len(data)
        raise StoreAway(errno.EIO, f"a body was cut off {TRIES} times at the same byte") from cause

    def close(self) -> None:
        """Give the connection back."""
        if not self.closed:
            self._body.close()
        super().close()

    def _open_again(self, attempt: int) -> None:
        self._body.close()
        time.sleep(FIRST_PAUSE_SECONDS * 2 ** (attempt - 1))
        self._body = self._body_from(self._at)
