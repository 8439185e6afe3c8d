"""A proxy before moto that answers 500, slowly, cuts bodies off, or loses the answer to what was done."""

from __future__ import annotations

import http.client
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import urlsplit

# Given method and path, names what goes wrong: "500", "slow", "cut", "lost", or "" for nothing.
Plan = Callable[[str, str], str]
SLOW_SECONDS = 0.3


class Proxy:
    """Where it listens, what it does to each request, and what it has done so far."""

    def __init__(self, target: str) -> None:
        self.target = urlsplit(target).netloc
        self.plan: Plan = lambda method, path: ""
        self.done: list[tuple[str, str]] = []
        self.address = ""

    def times(self, fault: str, count: int, method: str = "", part: str = "") -> None:
        """Let ``count`` requests of a method, with ``part`` in their path, go wrong; then none."""
        left = [count]

        def plan(asked: str, path: str) -> str:
            if left[0] and (not method or asked == method) and part in path:
                left[0] -= 1
                return fault
            return ""

        self.plan = plan


@contextmanager
def proxy_before(target: str) -> Iterator[Proxy]:
    """Run a proxy on a free port of this machine."""
    proxy = Proxy(target)
    server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(proxy))
    server.daemon_threads = True
    proxy.address = f"http://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    try:
        yield proxy
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def _handler(proxy: Proxy) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def answer(self) -> None:
            body = self._body()
            fault = proxy.plan(self.command, self.path)
            proxy.done.append((self.command, fault))
            if fault == "500":
                self._send(500, {"Content-Type": "application/xml"}, b"<Error><Code>InternalError</Code></Error>")
                return
            if fault == "slow":
                time.sleep(SLOW_SECONDS)
            status, headers, content = self._forward(body)
            if fault == "lost":
                self.close_connection = True
            elif fault == "cut":
                self._send(status, headers, content, len(content) // 2)
                self.close_connection = True
            else:
                self._send(status, headers, content)

        def _body(self) -> bytes:
            if "chunked" not in self.headers.get("Transfer-Encoding", ""):
                return self.rfile.read(int(self.headers.get("Content-Length") or 0))
            pieces = []
            while size := int(self.rfile.readline().split(b";")[0], 16):
                pieces.append(self.rfile.read(size))
                self.rfile.readline()
            self.rfile.readline()
            return b"".join(pieces)

        def _forward(self, body: bytes) -> tuple[int, dict[str, str], bytes]:
            connection = http.client.HTTPConnection(proxy.target, timeout=30)
            dropped = {"expect", "transfer-encoding", "content-length", "connection"}
            headers = {name: value for name, value in self.headers.items() if name.lower() not in dropped}
            connection.request(self.command, self.path, body, headers)
            answer = connection.getresponse()
            content = answer.read()
            connection.close()
            return answer.status, dict(answer.getheaders()), content

        def _send(self, status: int, headers: dict[str, str], content: bytes, most: int | None = None) -> None:
            self.send_response_only(status)
            for name, value in headers.items():
                if name.lower() not in {"content-length", "transfer-encoding", "connection"}:
                    self.send_header(name, value)
            length = headers.get("Content-Length", headers.get("content-length", str(len(content))))
            self.send_header("Content-Length", length if self.command == "HEAD" else str(len(content)))
            self.end_headers()
            if self.command != "HEAD":
                self.wfile.write(content[:most])

        do_GET = do_PUT = do_POST = do_DELETE = do_HEAD = answer  # noqa: N815 (the names that http.server looks for)

        def log_message(self, *args: object) -> None:
            """Say nothing."""

    return Handler
