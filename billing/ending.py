"""Ends what may still charge: one subscription, or everything of a customer, open payment pages included."""

from __future__ import annotations

from billing.fetch import picture_of
from billing.standing import LIVE_STATUSES
from billing.stripe_client import client


def cancel(subscription_id: str) -> None:
    """Cancel a subscription at once; one that has ended already is no error. Raises stripe.StripeError."""
    from stripe import InvalidRequestError  # noqa: PLC0415 (see stripe_client)

    try:
        client().v1.subscriptions.cancel(subscription_id)
    except InvalidRequestError as error:
        if error.code != "resource_missing" and "No such subscription" not in str(error):
            raise


def cancel_everything(stripe_customer_id: str) -> int:
    """Cancel every subscription of a customer that could still charge; return how many. Raises stripe.StripeError.

    The payment pages go first: one that is open, in a tab that was forgotten, would sell a subscription of nobody's.
    What is paid at this very moment is found among the subscriptions.
    """
    _close_payment_pages(stripe_customer_id)
    picture = picture_of(stripe_customer_id)
    going = [seen for seen in picture.subscriptions if seen.status in LIVE_STATUSES | {"incomplete"}]
    for seen in going:
        cancel(seen.id)
    return len(going)


def _close_payment_pages(stripe_customer_id: str) -> None:
    from stripe import InvalidRequestError  # noqa: PLC0415 (see stripe_client)

    sessions = client().v1.checkout.sessions
    opened = sessions.list({"customer": stripe_customer_id, "status": "open", "limit": 100})
    for session in opened.auto_paging_iter():
        try:
            sessions.expire(session.id)
        except InvalidRequestError:
            continue  # paid, or too old, since it was listed
