"""What billing does when accounts says that somebody goes."""

from __future__ import annotations

from typing import Any

from django.db.models.signals import pre_delete
from django.dispatch import receiver

from accounts.models import User
from accounts.signals import account_closing
from billing.ending import cancel_everything
from billing.models import Customer
from gas_site.queues import send_after_commit


@receiver(account_closing)
def end_subscriptions(sender: type[User], user: User, **kwargs: Any) -> str:
    """Cancel what the user pays for; raises when Stripe is away, which puts the closing off."""
    customer = Customer.objects.known().filter(user=user).first()
    ended = cancel_everything(customer.stripe_id) if customer else 0
    return "Your subscription is cancelled; nothing more is charged." if ended else ""


@receiver(pre_delete, sender=User)
def end_subscriptions_of_removed_user(sender: type[User], instance: User, **kwargs: Any) -> None:
    """Cancel also when the row is removed in another way than by closing the account."""
    from billing.actors import cancel_customer  # noqa: PLC0415 (the actors import the domain)

    for stripe_id in Customer.objects.known().filter(user=instance).values_list("stripe_id", flat=True):
        send_after_commit(cancel_customer, stripe_id)
