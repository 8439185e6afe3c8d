"""`manage.py sync_subscriptions`: asks Stripe about every customer and puts every plan right."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

import stripe
from django.core.management.base import BaseCommand, CommandError

from billing.models import Customer
from billing.standing import UnknownStatus
from billing.stripe_client import PaymentsClosed, client
from billing.sync import sync


class Command(BaseCommand):
    """Sync each customer; name those whose standing changed, and subscriptions whose customer we do not know."""

    help = "Fetch every customer from Stripe and set the plans to what it says. Safe to run at any time."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Take --email."""
        parser.add_argument("--email", help="Only the user with this address.")

    def handle(self, *args: Any, **options: Any) -> None:
        """Run; exits with 1 when a customer could not be fetched."""
        customers = Customer.objects.known().select_related("user").order_by("pk")
        if options["email"]:
            customers = customers.filter(user__email=options["email"].lower())
        failed = sum(not self._sync(customer) for customer in customers.iterator())
        if not options["email"]:
            self._name_strays()
        self.stdout.write(f"{customers.count()} customers, {failed} could not be fetched.")
        if failed:
            raise CommandError("Run it again for those that could not be fetched.")

    def _sync(self, customer: Customer) -> bool:
        before = customer.get_standing_display()
        try:
            after = sync(customer).get_standing_display()
        except PaymentsClosed as error:
            raise CommandError("No Stripe key is set.") from error
        except (stripe.StripeError, UnknownStatus) as error:
            self.stderr.write(f"{customer}: {type(error).__name__}")
            return False
        if after != before:
            self.stdout.write(f"{customer}: {before} -> {after}")
        return True

    def _name_strays(self) -> None:
        known = set(Customer.objects.known().values_list("stripe_id", flat=True))
        try:
            active = client().v1.subscriptions.list({"status": "active", "limit": 100})
            for subscription in active.auto_paging_iter():
                if subscription.customer not in known:
                    self.stdout.write(
                        f"{subscription.id} is active for {subscription.customer}, who is not a user here."
                    )
        except PaymentsClosed as error:
            raise CommandError("No Stripe key is set.") from error
        except stripe.StripeError as error:
            self.stderr.write(f"The list of all subscriptions: {type(error).__name__}")
