"""The pure table: what Stripe says about a subscription -> standing, plan, words."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from billing.standing import RULES, Seen, Standing, UnknownStatus, governing, standing_of, until_of, words

MAY = datetime(2026, 5, 1, tzinfo=UTC)
JUNE = datetime(2026, 6, 1, tzinfo=UTC)


def seen(status: str, **fields: Any) -> Seen:
    return Seen(id="sub_1", status=status, created=MAY, period_end=JUNE, **fields)


@pytest.mark.parametrize(
    ("what", "standing", "premium", "title"),
    [
        (seen("active"), Standing.ACTIVE, True, "Premium is on"),
        (seen("trialing"), Standing.TRIALING, True, "Premium is on, as a trial"),
        (seen("active", cancel_at=JUNE), Standing.ENDING, True, "Premium ends on 1 June 2026"),
        (seen("trialing", cancel_at=JUNE), Standing.ENDING, True, "Premium ends on 1 June 2026"),
        (seen("past_due"), Standing.PAST_DUE, True, "The last payment failed"),
        (seen("unpaid"), Standing.UNPAID, False, "Premium is off: the payment failed"),
        (seen("incomplete"), Standing.INCOMPLETE, False, "The payment waits for you"),
        (seen("incomplete_expired"), Standing.EXPIRED, False, "The payment was not confirmed"),
        (seen("canceled"), Standing.ENDED, False, "Premium has ended"),
        (seen("paused"), Standing.PAUSED, False, "Premium is paused"),
        (seen("active", refunded=True), Standing.REFUNDED, False, "Your payment was refunded"),
        (seen("canceled", refunded=True), Standing.REFUNDED, False, "Your payment was refunded"),
        (seen("active", disputed=True), Standing.DISPUTED, False, "Your bank took the payment back"),
        (seen("active", cancel_at=JUNE, refunded=True), Standing.REFUNDED, False, "Your payment was refunded"),
        (seen("incomplete", refunded=True), Standing.INCOMPLETE, False, "The payment waits for you"),
    ],
)
def test_each_state_of_stripe_has_a_plan_and_words(what: Seen, standing: Standing, premium: bool, title: str) -> None:
    assert standing_of(what) == standing
    assert RULES[standing].premium is premium
    assert words(standing, "1 June 2026")[0] == title


def test_every_standing_has_words_with_and_without_a_date() -> None:
    for standing in Standing:
        for date in ("1 June 2026", ""):
            title, text = words(standing, date)
            assert "{" not in title + text
            assert bool(title) == bool(text) == (standing != Standing.NONE)


def test_without_a_subscription_there_is_no_standing() -> None:
    assert standing_of(None) == Standing.NONE
    assert until_of(None) is None
    assert governing([]) is None


def test_a_status_that_is_new_to_us_changes_nothing_on_a_guess() -> None:
    with pytest.raises(UnknownStatus, match="hibernating"):
        standing_of(seen("hibernating"))


def test_the_subscription_that_gives_premium_governs_whichever_is_newer() -> None:
    old = Seen("sub_old", "active", MAY)
    assert governing([Seen("sub_new", "canceled", JUNE), old]) == old
    assert governing([Seen("sub_new", "incomplete", JUNE), old]) == old


def test_of_two_that_give_nothing_the_live_one_governs_then_the_newer() -> None:
    unpaid = Seen("sub_a", "unpaid", MAY)
    assert governing([unpaid, Seen("sub_b", "canceled", JUNE)]) == unpaid
    newer = Seen("sub_d", "canceled", JUNE)
    assert governing([Seen("sub_c", "canceled", MAY), newer]) == newer


def test_until_is_the_end_then_the_cancellation_then_the_renewal() -> None:
    end = JUNE + timedelta(days=1)
    assert until_of(seen("canceled", ended_at=end, cancel_at=JUNE)) == end
    assert until_of(seen("active", cancel_at=end)) == end
    assert until_of(seen("active")) == JUNE
