"""The plainest receiver of a file: it reads a socket and writes a file, and syncs it where that is asked for."""

from __future__ import annotations

import os
import re
import socket
import threading
from pathlib import Path

PIECE = 1024**2


class PlainReceiver:
    """Takes one PUT, of curl or alike, and writes its body to ``copy``."""

    def __init__(self, copy: Path, *, durable: bool) -> None:
        self._copy = copy
        self._durable = durable
        self._server = socket.create_server(("127.0.0.1", 0))
        self._thread = threading.Thread(target=self._receive)
        self._thread.start()

    @property
    def address(self) -> str:
        """Where to send the file."""
        return f"http://127.0.0.1:{self._server.getsockname()[1]}/"

    def end(self) -> None:
        """Wait until the file has been taken."""
        self._thread.join()
        self._server.close()

    def _receive(self) -> None:
        connection, _ = self._server.accept()
        with connection, self._copy.open("wb", buffering=0) as target:
            head = b""
            while b"\r\n\r\n" not in head:
                head += connection.recv(64 * 1024)
            if b"100-continue" in head:
                connection.sendall(b"HTTP/1.1 100 Continue\r\n\r\n")
            left = int(re.findall(rb"(?i)content-length: (\d+)", head)[0])
            piece = head.partition(b"\r\n\r\n")[2]
            buffer = bytearray(PIECE)
            target.write(piece)
            left -= len(piece)
            while left:
                count = connection.recv_into(buffer)
                target.write(memoryview(buffer)[:count])
                left -= count
            if self._durable:
                os.fsync(target.fileno())
            connection.sendall(b"HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n")
