"""What Premium costs, as Stripe has it: the page and the payment cannot differ."""

from __future__ import annotations

import logging
from dataclasses import dataclass

import stripe
from django.conf import settings
from django.core.cache import cache

from billing.stripe_client import client

logger = logging.getLogger(__name__)

KEEP_SECONDS = 3600
KEEP_TROUBLE_SECONDS = 30  # while Stripe is away, one page in this time waits for it
SIGNS = {"eur": "€", "usd": "$", "gbp": "£"}
# Currencies without a smaller unit: https://docs.stripe.com/currencies#zero-decimal
WHOLE = frozenset("bif clp djf gnf jpy kmf krw mga pyg rwf ugx vnd vuv xaf xof xpf".split())  # noqa: SIM905 (a list to read)


@dataclass(frozen=True)
class Price:
    """An amount in the currency's smallest unit, and how often it is charged."""

    amount: int
    currency: str
    interval: str

    def __str__(self) -> str:
        return amount_words(self.amount, self.currency)


def premium_price() -> Price | None:
    """Return the price, or None where nothing can be bought or Stripe does not answer."""
    if not settings.STRIPE.key:
        return None
    key = f"price:{settings.STRIPE.price}"
    kept: tuple[int, str, str] | None = cache.get(key)
    if kept is None:
        kept = _fetched()
        cache.set(key, kept, KEEP_SECONDS if kept[0] else KEEP_TROUBLE_SECONDS)
    return Price(*kept) if kept[0] else None


def _fetched() -> tuple[int, str, str]:
    try:
        price = client().v1.prices.retrieve(settings.STRIPE.price)
    except stripe.StripeError as error:
        logger.warning("the price is not known: %s", type(error).__name__)
        return 0, "", ""
    return price.unit_amount or 0, price.currency, price.recurring.interval if price.recurring else "month"


def amount_words(amount: int, currency: str) -> str:
    """900, "eur" -> "€9.00"."""
    sign = SIGNS.get(currency, f"{currency.upper()} ")
    return f"{sign}{amount:,}" if currency in WHOLE else f"{sign}{amount / 100:,.2f}"
