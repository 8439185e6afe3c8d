"""Delivers webhooks as Stripe does: signed, in the background, again and again until somebody answers 2xx."""

from __future__ import annotations

import hashlib
import hmac
import http.client
import logging
import threading
import time
from urllib.parse import urlsplit

from sandbox.store import Store

logger = logging.getLogger("sandbox")

TIMEOUT_SECONDS = 20
FIRST_WAIT_SECONDS = 1.0
LONGEST_WAIT_SECONDS = 600.0
MAX_ATTEMPTS = 20
IDLE_SECONDS = 0.2


def signature(body: str, secret: str, at: int) -> str:
    """Return the Stripe-Signature header: https://docs.stripe.com/webhooks/signature."""
    mac = hmac.new(secret.encode(), f"{at}.{body}".encode(), hashlib.sha256).hexdigest()
    return f"t={at},v1={mac}"


class Deliverer(threading.Thread):
    """One thread that empties the store's outbox into the webhook."""

    def __init__(self, store: Store, url: str, secret: str) -> None:
        super().__init__(name="deliverer", daemon=True)
        self.store, self.url, self.secret = store, url, secret
        self.stopping = threading.Event()

    def run(self) -> None:
        """Deliver until told to stop."""
        while not self.stopping.is_set():
            if not self.deliver_one():
                self.stopping.wait(IDLE_SECONDS)

    def deliver_one(self) -> bool:
        """Try the delivery that is due first; return False when none is."""
        due = self.store.due_delivery()
        if due is None:
            return False
        seq, body, attempts = due
        if self._arrived(body) or attempts + 1 >= MAX_ATTEMPTS:
            self.store.delivery_ended(seq)
        else:
            self.store.delivery_failed(seq, min(FIRST_WAIT_SECONDS * 2**attempts, LONGEST_WAIT_SECONDS))
        return True

    def _arrived(self, body: str) -> bool:
        parts = urlsplit(self.url)
        connection = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=TIMEOUT_SECONDS)
        headers = {
            "Content-Type": "application/json; charset=utf-8",
            "Stripe-Signature": signature(body, self.secret, int(time.time())),
            "User-Agent": "Stripe/1.0 (sandbox)",
        }
        try:
            connection.request("POST", parts.path, body.encode(), headers)
            status = connection.getresponse().status
        except (OSError, http.client.HTTPException) as error:
            logger.info("webhook not delivered: %s", type(error).__name__)
            return False
        finally:
            connection.close()
        return 200 <= status < 300
