"""What billing does when accounts says that somebody goes, is moved, wants their data, or has another address."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from allauth.account.signals import email_changed
from django.db.models.signals import pre_delete
from django.dispatch import receiver

from accounts.export import Entry, json_entry
from accounts.models import Plan, User
from accounts.signals import account_closing, collecting_export, plan_given_by_staff
from billing.ending import cancel_everything
from billing.models import Customer
from gas_site.queues import send_after_commit


@receiver(account_closing)
def end_subscriptions(sender: type[User], user: User, **kwargs: Any) -> str:
    """Cancel what the user pays for; raises when Stripe is away, which puts the closing off."""
    customer = Customer.objects.known().filter(user=user).first()
    ended = cancel_everything(customer.stripe_id) if customer else 0
    return "Your subscription is cancelled; nothing more is charged." if ended else ""


@receiver(plan_given_by_staff)
def stop_charging_for_free(sender: type[User], user: User, plan: Plan, **kwargs: Any) -> str:
    """Cancel the subscription of somebody whom staff moved to Free: it would be charged for nothing."""
    from billing.actors import stop_charging  # noqa: PLC0415 (the actors import the domain)

    customer = Customer.objects.known().filter(user=user).first()
    if plan.pk != Plan.FREE or customer is None or not customer.has_live_subscription:
        return ""
    send_after_commit(stop_charging, str(customer.pk))
    return (
        f"The subscription of {user} is being cancelled at Stripe, and nothing more is charged. "
        "What was paid is not given back: refund it at Stripe where it should be."
    )


@receiver(email_changed)
def pass_address_on(sender: type[User], user: User, **kwargs: Any) -> None:
    """Tell Stripe: its receipts would go on to an address that may be somebody else's by now."""
    from billing.actors import tell_stripe_address  # noqa: PLC0415 (the actors import the domain)

    for pk in Customer.objects.known().filter(user=user).values_list("pk", flat=True):
        send_after_commit(tell_stripe_address, str(pk))


@receiver(collecting_export)
def export_billing(sender: type[User], user: User, **kwargs: Any) -> Iterator[Entry]:
    """Give what is kept of the customer: how they stand, their subscriptions and their invoices."""
    customer = Customer.objects.filter(user=user).first()
    if customer is None:
        return
    bought = ("stripe_id", "status", "created_at", "period_end", "cancel_at", "ended_at", "refunded", "disputed")
    billed = ("stripe_id", "number", "status", "total", "currency", "created_at", "url")
    yield json_entry(
        "billing.json",
        {
            "customer": customer.stripe_id,
            "standing": customer.standing,
            "until": customer.until,
            "subscriptions": list(customer.subscriptions.values(*bought)),
            "invoices": list(customer.invoices.values(*billed)),
        },
    )


@receiver(pre_delete, sender=User)
def end_subscriptions_of_removed_user(sender: type[User], instance: User, **kwargs: Any) -> None:
    """Cancel also when the row is removed in another way than by closing the account."""
    from billing.actors import cancel_customer  # noqa: PLC0415 (the actors import the domain)

    for stripe_id in Customer.objects.known().filter(user=instance).values_list("stripe_id", flat=True):
        send_after_commit(cancel_customer, stripe_id)
