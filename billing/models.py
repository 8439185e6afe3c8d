"""What we keep of Stripe: a mirror to show and to find by. The truth is at Stripe and is fetched afresh."""

from __future__ import annotations

import uuid
from datetime import datetime, timedelta
from typing import Self

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils import timezone

from accounts.models import Plan
from billing.standing import LIVE_STATUSES, RULES, Standing


class CustomerQuerySet(models.QuerySet["Customer"]):
    """Customers in the words of the domain."""

    def known(self) -> Self:
        """Return those that Stripe knows."""
        return self.exclude(stripe_id="")

    def overdue(self, moment: datetime) -> Self:
        """Return customers whose period ended before ``moment`` and of whom nothing was heard since."""
        premium = [standing for standing, rule in RULES.items() if rule.premium]
        return self.known().filter(standing__in=premium, until__lt=moment, fetched_at__lt=F("until"))

    def charged_on_free(self) -> Self:
        """Return whom staff moved to Free and whose subscription goes on: Stripe itself ends both at once."""
        premium = [standing for standing, rule in RULES.items() if rule.premium]
        return self.known().filter(standing__in=premium, user__plan=Plan.FREE)

    def unheard_payers(self, now: datetime) -> Self:
        """Return customers who may have paid on an open payment page, of which no event and no return has told us."""
        premium = [standing for standing, rule in RULES.items() if rule.premium]
        opened = Q(checkouts__closed_at=None, checkouts__created_at__gt=now - Checkout.LIFE)
        return self.known().filter(opened, fetched_at__lt=now - Checkout.PAUSE).exclude(standing__in=premium)


class Customer(models.Model):
    """A user as Stripe's customer, and how they stand."""

    user = models.OneToOneField(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="customer")
    token = models.UUIDField(default=uuid.uuid4, unique=True, help_text="Makes the idempotency keys our own.")
    stripe_id = models.CharField(max_length=64, blank=True, db_index=True)
    standing = models.CharField(max_length=12, choices=Standing.choices, default=Standing.NONE)
    until = models.DateTimeField(null=True, blank=True, help_text="When it renews or ends.")
    fetches_begun = models.PositiveBigIntegerField(default=0, help_text="Numbers the fetches from Stripe.")
    fetch_applied = models.PositiveBigIntegerField(default=0, help_text="The latest fetch that was written here.")
    fetched_at = models.DateTimeField(null=True, blank=True, help_text="When that fetch began.")
    created_at = models.DateTimeField(default=timezone.now)

    objects = CustomerQuerySet.as_manager()

    def __str__(self) -> str:
        return self.stripe_id or f"customer {self.pk}"

    @property
    def is_charged_after_refund(self) -> bool:
        """Say whether a subscription whose payment was given back goes on: its cancellation has failed."""
        return self.subscriptions.filter(status__in=LIVE_STATUSES, refunded=True).exists()

    @property
    def has_live_subscription(self) -> bool:
        """Say whether a subscription is there that may still charge."""
        return self.subscriptions.filter(status__in=LIVE_STATUSES).exists()


class Subscription(models.Model):
    """One subscription as it was when last fetched."""

    customer = models.ForeignKey(Customer, on_delete=models.CASCADE, related_name="subscriptions")
    stripe_id = models.CharField(max_length=64, unique=True)
    status = models.CharField(max_length=24)
    created_at = models.DateTimeField()
    period_end = models.DateTimeField(null=True, blank=True)
    cancel_at = models.DateTimeField(null=True, blank=True)
    ended_at = models.DateTimeField(null=True, blank=True)
    refunded = models.BooleanField(default=False)
    disputed = models.BooleanField(default=False)

    class Meta:
        ordering = ["-created_at", "-pk"]

    def __str__(self) -> str:
        return f"{self.stripe_id} {self.status}"


class Invoice(models.Model):
    """One invoice as it was when last fetched."""

    customer = models.ForeignKey(Customer, on_delete=models.CASCADE, related_name="invoices")
    stripe_id = models.CharField(max_length=64, unique=True)
    number = models.CharField(max_length=40, blank=True)
    status = models.CharField(max_length=16)
    total = models.BigIntegerField(help_text="In the currency's smallest unit.")
    currency = models.CharField(max_length=3)
    created_at = models.DateTimeField()
    url = models.URLField(max_length=500, blank=True, help_text="Stripe's page of the invoice.")

    class Meta:
        ordering = ["-created_at", "-pk"]

    def __str__(self) -> str:
        return self.number or self.stripe_id


class Checkout(models.Model):
    """One way to the payment page. A customer has one that is open at most, so one session can be paid at most."""

    LIFE = timedelta(hours=25)  # Stripe closes a session after 24: https://docs.stripe.com/api/checkout/sessions/object
    PAUSE = timedelta(minutes=30)  # between two questions about a customer with an open page

    customer = models.ForeignKey(Customer, on_delete=models.CASCADE, related_name="checkouts")
    token = models.UUIDField(default=uuid.uuid4, unique=True, help_text="The idempotency key of its session.")
    session_id = models.CharField(max_length=100, blank=True)
    next_path = models.CharField(max_length=300, blank=True, help_text="Where the person came from, to go back to.")
    created_at = models.DateTimeField(default=timezone.now)
    closed_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["customer"], condition=Q(closed_at=None), name="one_open_checkout"),
        ]
        ordering = ["-pk"]

    def __str__(self) -> str:
        return self.session_id or str(self.token)


class StripeEventQuerySet(models.QuerySet["StripeEvent"]):
    """Events in the words of the domain."""

    def waiting_since(self, moment: datetime) -> Self:
        """Return events received before ``moment`` that nobody has handled, and that are to be tried again."""
        fresh = Q(tried_at=None) | Q(tried_at__lt=timezone.now() - StripeEvent.PAUSE)
        return self.filter(fresh, handled_at=None, received_at__lt=moment, received_at__gt=moment - StripeEvent.LIFE)


class StripeEvent(models.Model):
    """One event of Stripe's, stored once. It is a wake-up call: what it says is fetched afresh."""

    PATIENCE = timedelta(minutes=2)
    PAUSE = timedelta(minutes=10)  # between two wake-ups by the sweep; the queue tries several times after each
    LIFE = timedelta(days=30)  # an outage is shorter; what cannot be handled by then is a bug, and stays in the admin

    id = models.CharField(primary_key=True, max_length=80)
    kind = models.CharField(max_length=80)
    object_id = models.CharField(max_length=100, blank=True)
    customer_id = models.CharField(max_length=64, blank=True, help_text="Stripe's id of the customer.")
    charge_id = models.CharField(max_length=64, blank=True, help_text="For a dispute, which names no customer.")
    live = models.BooleanField(default=False)
    happened_at = models.DateTimeField()
    received_at = models.DateTimeField(default=timezone.now)
    handled_at = models.DateTimeField(null=True, blank=True)
    tried_at = models.DateTimeField(null=True, blank=True)
    attempts = models.PositiveIntegerField(default=0)
    note = models.CharField(max_length=200, blank=True)

    objects = StripeEventQuerySet.as_manager()

    class Meta:
        ordering = ["-received_at"]
        indexes = [models.Index(fields=["received_at"], condition=Q(handled_at=None), name="event_waiting")]

    def __str__(self) -> str:
        return f"{self.kind} {self.id}"
