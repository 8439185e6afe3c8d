"""A server between the code and moto that answers 500, slowly, or with half a body, for as long as a test says so."""

from __future__ import annotations

import http.client
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import urlsplit

SLOW_SECONDS = 0.5


class FaultyProxy(ThreadingHTTPServer):
    """Forwards to ``upstream``; ``mode`` is "well", "error", "slow", "cut" or "lost" (done, but not answered)."""

    daemon_threads = True

    def __init__(self, upstream: str) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.upstream = urlsplit(upstream).netloc
        self.address = f"http://127.0.0.1:{self.server_port}"
        self.mode = "well"
        self.faults = 0


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: FaultyProxy

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        mode = self.server.mode
        self.server.faults += mode != "well"
        if mode == "error":
            self._answer(500, {}, b"{}")
            return
        if mode == "slow":
            time.sleep(SLOW_SECONDS)
        status, headers, answer = self._forward(body)
        if mode == "cut":
            headers["Content-Length"] = str(len(answer))
            self._answer(status, headers, answer[: len(answer) // 2], close=True)
        elif mode == "lost":
            self.close_connection = True
        else:
            self._answer(status, headers, answer)

    def _forward(self, body: bytes) -> tuple[int, dict[str, str], bytes]:
        upstream = http.client.HTTPConnection(self.server.upstream, timeout=60)
        try:
            upstream.request(self.command, self.path, body, dict(self.headers))
            response = upstream.getresponse()
            hop = {"connection", "transfer-encoding", "date", "server"}
            headers = {name: value for name, value in response.getheaders() if name.lower() not in hop}
            return response.status, headers, response.read()
        finally:
            upstream.close()

    def _answer(self, status: int, headers: dict[str, str], body: bytes, *, close: bool = False) -> None:
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        if "Content-Length" not in headers:
            self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)
        self.close_connection = close

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@contextmanager
def faulty_proxy(upstream: str) -> Iterator[FaultyProxy]:
    """Run a proxy on a free port of this machine."""
    with FaultyProxy(upstream) as proxy:
        threading.Thread(target=proxy.serve_forever, args=(0.05,), daemon=True).start()
        yield proxy
        proxy.shutdown()
