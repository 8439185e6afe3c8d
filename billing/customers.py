"""The user as Stripe's customer: made once, however often and from wherever it is asked for."""

from __future__ import annotations

import hashlib

from accounts.models import User
from billing.models import Customer
from billing.stripe_client import client


def customer_for(user: User) -> Customer:
    """Return the user's customer, made at Stripe on first use. Raises stripe.StripeError, PaymentsClosed."""
    customer, _ = Customer.objects.get_or_create(user=user)
    if customer.stripe_id:
        return customer
    # A key may only come again with the same parameters, so a changed address makes another key. Two customers of
    # one user would do no harm: the second to be noted here is the one that never buys.
    address = hashlib.sha256(user.email.encode()).hexdigest()[:16]
    made = client().v1.customers.create(
        {"email": user.email, "metadata": {"gas_user": str(user.pk)}},
        {"idempotency_key": f"gas-customer-{customer.token}-{address}"},
    )
    Customer.objects.filter(pk=customer.pk, stripe_id="").update(stripe_id=made.id)
    customer.refresh_from_db()
    return customer


def tell_address(customer: Customer) -> None:
    """Have Stripe mail its receipts to the user's address of now. Raises stripe.StripeError, PaymentsClosed."""
    client().v1.customers.update(customer.stripe_id, {"email": customer.user.email})
