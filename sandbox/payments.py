"""The sandbox's HTTP server: `python -m sandbox.payments`. It listens on this machine only.

Takes from the environment: SANDBOX_STRIPE_PORT, SANDBOX_STRIPE_DIR (where its state lies), SANDBOX_STRIPE_KEY (the API
key it answers to), SANDBOX_WEBHOOK_URL and SANDBOX_WEBHOOK_SECRET. It refuses to start beside a key of Stripe's own.
"""

from __future__ import annotations

import json
import logging
import os
import signal
import socket
import sys
import threading
import time
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import parse_qsl, urlsplit

from sandbox import faults, pages
from sandbox.api import Api, Call, Reply
from sandbox.delivery import Deliverer
from sandbox.forms import read_form
from sandbox.hosted import Answer, Hosted
from sandbox.rules import Rules
from sandbox.store import Store

HOST = "127.0.0.1"
MAX_BODY = 1024 * 1024  # bytes
HANG_SECONDS = 60
SECURITY = {
    "Content-Security-Policy": "default-src 'none'; style-src 'self'; frame-ancestors 'none'; base-uri 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-store",
}


class Sandbox:
    """One running sandbox: its store, its rules, its server and its webhook's deliverer."""

    def __init__(self, directory: Path, key: str, *, port: int = 0, webhook_url: str = "", secret: str = "") -> None:
        self.key = key
        self.faults = faults.Faults()
        self.stopping = threading.Event()
        self.store = Store(directory / "stripe.sqlite3")
        self.server = Server((HOST, port), self)
        self.base_url = f"http://{HOST}:{self.server.server_port}"
        self.rules = Rules(self.store, self.base_url)
        self.api = Api(self.store, self.rules)
        self.hosted = Hosted(self.store, self.rules)
        self.deliverer = Deliverer(self.store, webhook_url, secret) if webhook_url else None

    def start(self) -> None:
        """Serve and deliver in the background."""
        self.start_server()
        if self.deliverer:
            self.deliverer.start()

    def start_server(self) -> None:
        """Serve in the background; what is to be delivered waits."""
        threading.Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()

    def stop(self) -> None:
        """End everything."""
        self.stopping.set()
        if self.deliverer and self.deliverer.is_alive():
            self.deliverer.stopping.set()
            self.deliverer.join(5)
        self.server.shutdown()
        self.server.server_close()
        self.store.close()


class Server(ThreadingHTTPServer):
    """A threading server that knows its sandbox."""

    daemon_threads = True

    def __init__(self, address: tuple[str, int], sandbox: Sandbox) -> None:
        self.sandbox = sandbox
        super().__init__(address, Handler)


class Handler(BaseHTTPRequestHandler):
    """One connection: /v1/ is the API, the rest are pages."""

    protocol_version = "HTTP/1.1"
    # Head and body in one piece: in two, the second waits 40 ms for the caller's acknowledgement of the first.
    wbufsize = 64 * 1024
    disable_nagle_algorithm = True
    server: Server

    def do_GET(self) -> None:
        """Answer a GET."""
        self._answer()

    def do_POST(self) -> None:
        """Answer a POST."""
        self._answer()

    def do_DELETE(self) -> None:
        """Answer a DELETE."""
        self._answer()

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 (the base class names it)
        """Say nothing: the site's own log tells what it asked for."""

    def _answer(self) -> None:
        parts = urlsplit(self.path)
        body = self.rfile.read(min(int(self.headers.get("Content-Length") or 0), MAX_BODY)).decode()
        fault = self.server.sandbox.faults.take(self.command, parts.path)
        if fault == faults.ERROR:
            described = {"error": {"type": "api_error", "message": "The sandbox was told to fail."}}
            self._send(500, json.dumps(described), "application/json", {})
            return
        if parts.path.startswith("/v1/"):
            reply = self._api(parts.path, parts.query, body)
            sent = (reply.status, reply.body, "application/json", reply.headers)
        else:
            sent = self._page(parts.path, dict(parse_qsl(parts.query)), body)
        if fault == faults.HANG:
            self.server.sandbox.stopping.wait(HANG_SECONDS)
        if fault in {faults.HANG, faults.DROP}:
            self.close_connection = True
            with suppress(OSError):
                self.connection.shutdown(socket.SHUT_RDWR)
            return
        self._send(*sent)

    def _api(self, path: str, query: str, body: str) -> Reply:
        if self.headers.get("Authorization") != f"Bearer {self.server.sandbox.key}":
            described = {"error": {"type": "invalid_request_error", "message": "Invalid API Key provided."}}
            return Reply(401, json.dumps(described), {})
        given = read_form(query) | read_form(body)
        return self.server.sandbox.api.answer(
            Call(self.command, path, given, self.headers.get("Idempotency-Key") or "")
        )

    def _page(self, path: str, query: dict[str, str], body: str) -> tuple[int, str, str, dict[str, str]]:
        own = {f"{HOST}:{self.server.server_port}", f"localhost:{self.server.server_port}"}
        origin = urlsplit(self.headers.get("Origin") or "").netloc
        if self.headers.get("Host") not in own or (self.command == "POST" and origin and origin not in own):
            return 403, "This page belongs to another address.", "text/plain", {}
        if path == "/style.css":
            return 200, pages.STYLE, "text/css", {}
        hosted = self.server.sandbox.hosted
        try:
            given = dict(parse_qsl(body))
            answer = hosted.act(path, given) if self.command == "POST" else hosted.show(path, query)
        except KeyError:
            answer = Answer(pages.closed("There is no such page.", None), status=404)
        if answer.location:
            return 303, "", "text/html", {"Location": answer.location}
        return answer.status, answer.html, "text/html", {}

    def _send(self, status: int, body: str, kind: str, headers: dict[str, str]) -> None:
        content = body.encode()
        with suppress(BrokenPipeError, ConnectionResetError):
            self.send_response(status)
            for name, value in {**SECURITY, **headers}.items():
                self.send_header(name, value)
            self.send_header("Content-Type", f"{kind}; charset=utf-8")
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)


def main() -> int:
    """Run the sandbox until a signal comes; refuse to start beside a key of Stripe's own."""
    if os.environ.get("STRIPE_SECRET_KEY"):
        sys.stderr.write(
            "sandbox: STRIPE_SECRET_KEY is set, so the real Stripe is meant. The sandbox does not start.\n"
        )
        return 2
    logging.basicConfig(format="%(message)s", level=logging.INFO)
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    sandbox = Sandbox(
        Path(os.environ["SANDBOX_STRIPE_DIR"]),
        os.environ["SANDBOX_STRIPE_KEY"],
        port=int(os.environ["SANDBOX_STRIPE_PORT"]),
        webhook_url=os.environ["SANDBOX_WEBHOOK_URL"],
        secret=os.environ["SANDBOX_WEBHOOK_SECRET"],
    )
    sandbox.start()
    while not stop.wait(60):
        sandbox.rules.move_to(max(sandbox.store.now(), int(time.time())))  # what falls due by itself
    sandbox.stop()
    return 0


if __name__ == "__main__":
    sys.exit(main())
