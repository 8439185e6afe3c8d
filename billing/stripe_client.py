"""The one door to Stripe: the official library, its API version pinned, a timeout, and retries that repeat nothing.

A create bears an idempotency key of ours, so that a retry, a second press of the button or a second process gets the
first one's answer: https://docs.stripe.com/api/idempotent_requests.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

from django.conf import settings

if TYPE_CHECKING:
    import stripe

API_VERSION = "2026-10-28.endive"  # what stripe 16.1.0 is made for; raise both together, after reading the changelog
MAX_RETRIES = 2


class PaymentsClosed(Exception):
    """No key is set: Premium cannot be bought here."""


def client() -> stripe.StripeClient:
    """Return Stripe's client for the configured key. Raises PaymentsClosed without one."""
    if not settings.STRIPE.key:
        raise PaymentsClosed
    return _client(settings.STRIPE.key, settings.STRIPE.api, settings.STRIPE_TIMEOUT.total_seconds())


@cache
def _client(key: str, api: str, timeout: float) -> stripe.StripeClient:
    import stripe  # noqa: PLC0415 (a tenth of a second, with two HTTP clients, at the start of every process)

    return stripe.StripeClient(
        key,
        stripe_version=API_VERSION,
        base_addresses={"api": api},
        max_network_retries=MAX_RETRIES,
        http_client=stripe.RequestsClient(timeout=timeout),
    )
