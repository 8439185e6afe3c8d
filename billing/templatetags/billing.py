"""The plan panel of the profile, and amounts."""

from __future__ import annotations

from typing import Any

from django import template
from django.conf import settings
from django.utils.formats import date_format
from django.utils.timezone import localtime

from accounts.models import User
from billing.models import Customer, Invoice
from billing.price import amount_words
from billing.standing import LIVE_STATUSES, Standing, words

register = template.Library()

# What each standing offers: the portal at the card, at the cancellation, or as it is.
ACTS = {
    Standing.ACTIVE: (("cancel", "Cancel Premium"),),
    Standing.TRIALING: (("cancel", "Cancel Premium"),),
    Standing.ENDING: (("resume", "Resume Premium"),),
    Standing.PAST_DUE: (("card", "Change the card"),),
    Standing.UNPAID: (("pay", "Pay the open invoice"),),
    Standing.PAUSED: (("card", "Add a card"),),
}


@register.inclusion_tag("billing/partials/plan_panel.html", takes_context=True)
def plan_panel(context: dict[str, Any], user: User) -> dict[str, Any]:
    """``{% plan_panel user %}``: the plan, how the person stands, what they can do, and their invoices."""
    customer = Customer.objects.filter(user=user).first()
    standing = Standing(customer.standing) if customer else Standing.NONE
    until = customer.until if customer else None
    title, text = words(standing, date_format(localtime(until), "j F Y") if until else "")
    live = customer is not None and customer.subscriptions.filter(status__in=LIVE_STATUSES).exists()
    return {
        "plan": user.plan,
        "premium": user.is_premium,
        "title": title,
        "text": text,
        "trouble": standing in {Standing.PAST_DUE, Standing.UNPAID, Standing.DISPUTED, Standing.INCOMPLETE},
        "acts": ACTS.get(standing, ()),
        "can_subscribe": bool(settings.STRIPE.key) and not live and not user.is_premium,
        "has_billing": customer is not None and bool(customer.stripe_id),
        "invoices": customer.invoices.all()[:12] if customer else [],
        "csrf_token": context["csrf_token"],
        "contact_email": settings.CONTACT_EMAIL,
        "payments_open": bool(settings.STRIPE.key),
    }


@register.filter
def amount(invoice: Invoice) -> str:
    """An invoice's total as people read it."""
    return amount_words(invoice.total, invoice.currency)


@register.filter
def standing_title(customer: Customer) -> str:
    """What the person reads about their standing, in a few words."""
    return words(customer.standing, _day(customer))[0]


@register.filter
def standing_text(customer: Customer) -> str:
    """What the person reads about their standing, in a sentence."""
    return words(customer.standing, _day(customer))[1]


def _day(customer: Customer) -> str:
    return date_format(localtime(customer.until), "j F Y") if customer.until else ""
