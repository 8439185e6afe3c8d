"""What Stripe says about a subscription -> a standing -> a plan and words. Pure: no database, no network.

Stripe's statuses: https://docs.stripe.com/billing/subscriptions/overview#subscription-statuses
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from django.db import models


class Standing(models.TextChoices):
    """How somebody stands with their subscription."""

    NONE = "none", "No subscription"
    ACTIVE = "active", "Active"
    TRIALING = "trialing", "Trial"
    ENDING = "ending", "Ends with the period"
    PAST_DUE = "past_due", "Payment failed, tried again"
    UNPAID = "unpaid", "Payment failed"
    INCOMPLETE = "incomplete", "First payment not confirmed"
    EXPIRED = "expired", "First payment never confirmed"
    ENDED = "ended", "Ended"
    PAUSED = "paused", "Paused"
    REFUNDED = "refunded", "Refunded"
    DISPUTED = "disputed", "Payment taken back by the bank"


class UnknownStatus(Exception):
    """Stripe has a status that this version of the code does not know; nothing is changed on a guess."""


@dataclass(frozen=True)
class Seen:
    """One subscription as Stripe says it is now."""

    id: str
    status: str
    created: datetime
    period_end: datetime | None = None
    cancel_at: datetime | None = None
    ended_at: datetime | None = None
    refunded: bool = False  # the last payment was given back in full
    disputed: bool = False  # the bank has taken the last payment back, and has not decided for us


@dataclass(frozen=True)
class Rule:
    """What a standing means: Premium or not, and what the person reads. ``{date}`` is when it renews or ends."""

    premium: bool
    title: str
    text: str
    dateless: str = ""  # the text where no date is known


RULES: dict[Standing, Rule] = {
    Standing.NONE: Rule(False, "", ""),
    Standing.ACTIVE: Rule(True, "Premium is on", "It renews on {date}.", "It renews every month."),
    Standing.TRIALING: Rule(True, "Premium is on, as a trial", "The first payment is due on {date}.", "It is a trial."),
    Standing.ENDING: Rule(
        True, "Premium ends on {date}", "You cancelled. Nothing more is charged. You can resume until then."
    ),
    Standing.PAST_DUE: Rule(
        True,
        "The last payment failed",
        "Premium stays on while the payment is tried again in the next days. Check your card in billing.",
    ),
    Standing.UNPAID: Rule(
        False,
        "Premium is off: the payment failed",
        "It was tried several times. Pay the open invoice in billing, and Premium is back.",
    ),
    Standing.INCOMPLETE: Rule(
        False, "The payment waits for you", "Your bank asks you to confirm it. Nothing is charged until you do."
    ),
    Standing.EXPIRED: Rule(False, "The payment was not confirmed", "Nothing was charged. You can subscribe again."),
    Standing.ENDED: Rule(
        False, "Premium has ended", "It ended on {date}. You can subscribe again.", "You can subscribe again."
    ),
    Standing.PAUSED: Rule(
        False, "Premium is paused", "The trial ended without a card. Add one in billing, and Premium is back."
    ),
    Standing.REFUNDED: Rule(
        False, "Your payment was refunded", "Premium has ended with it, and nothing more is charged."
    ),
    Standing.DISPUTED: Rule(
        False,
        "Your bank took the payment back",
        "Premium is off until the bank has decided. If it was a mistake, tell your bank, or write to us.",
    ),
}

_BY_STATUS = {
    "active": Standing.ACTIVE,
    "trialing": Standing.TRIALING,
    "past_due": Standing.PAST_DUE,
    "unpaid": Standing.UNPAID,
    "incomplete": Standing.INCOMPLETE,
    "incomplete_expired": Standing.EXPIRED,
    "canceled": Standing.ENDED,
    "paused": Standing.PAUSED,
}
# Statuses of a subscription that may still charge: a second one beside it would charge twice.
LIVE_STATUSES = frozenset({"active", "trialing", "past_due", "unpaid", "paused"})
# Payments taken back count in these: before, nothing was paid.
_PAID_FOR = frozenset({Standing.ACTIVE, Standing.ENDING, Standing.PAST_DUE, Standing.UNPAID, Standing.ENDED})


def standing_of(seen: Seen | None) -> Standing:
    """Return the standing. Raises UnknownStatus."""
    if seen is None:
        return Standing.NONE
    if seen.status not in _BY_STATUS:
        raise UnknownStatus(seen.status)
    standing = _BY_STATUS[seen.status]
    if standing in {Standing.ACTIVE, Standing.TRIALING} and seen.cancel_at:
        standing = Standing.ENDING
    if standing in _PAID_FOR and seen.refunded:
        return Standing.REFUNDED
    if standing in _PAID_FOR and seen.disputed:
        return Standing.DISPUTED
    return standing


def governing(subscriptions: Iterable[Seen]) -> Seen | None:
    """Return the subscription that decides: one that gives Premium before one that is live before the newest."""

    def rank(seen: Seen) -> tuple[bool, bool, datetime]:
        return RULES[standing_of(seen)].premium, seen.status in LIVE_STATUSES, seen.created

    return max(subscriptions, key=rank, default=None)


def until_of(seen: Seen | None) -> datetime | None:
    """Return when the subscription renews or ends."""
    if seen is None:
        return None
    return seen.ended_at or seen.cancel_at or seen.period_end


def gives_premium(standing: str) -> bool:
    """Say whether the standing means Premium."""
    return RULES[Standing(standing)].premium


def words(standing: str, date: str) -> tuple[str, str]:
    """Return the title and the sentence that the person reads."""
    rule = RULES[Standing(standing)]
    text = rule.text if date or not rule.dateless else rule.dateless
    return rule.title.format(date=date), text.format(date=date)
