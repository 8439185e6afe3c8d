"""The pages of money: plans, subscribe, the confirmation, and the way to the portal."""

from __future__ import annotations

import logging
from http import HTTPStatus
from typing import Any

import stripe
from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect, render
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.models import Plan, User
from accounts.plans import news_for
from accounts.signed_in import signed_in_user
from billing import checkout
from billing.models import Customer
from billing.portal import portal_url
from billing.price import Price, premium_price
from billing.standing import UnknownStatus
from billing.stripe_client import PaymentsClosed
from billing.sync import sync

logger = logging.getLogger(__name__)

# Stripe is away, or says what this version of the code does not know; the event or the sweep brings it in later.
TROUBLE = (stripe.StripeError, PaymentsClosed, UnknownStatus)

AWAY = "The payment provider does not answer at the moment. Nothing was charged. Try again in a minute."


@require_safe
def plans(request: HttpRequest) -> HttpResponse:
    """Show what each plan takes, keeps and costs."""
    return render(request, "billing/plans.html", _offer(request))


@login_required
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def subscribe(request: HttpRequest) -> HttpResponse:
    """Show what is bought (GET); go to the payment page (POST), or to the profile when there is nothing to buy."""
    user = signed_in_user(request)
    if request.method != "POST":
        customer = Customer.objects.filter(user=user).first()
        if customer and customer.has_live_subscription:
            return redirect("profile")
        return render(request, "billing/subscribe.html", _offer(request))
    try:
        return HttpResponseRedirect(checkout.start(user, _next(request)))
    except checkout.AlreadySubscribed:
        messages.info(request, "You have a subscription already; nothing was charged.")
        return redirect("profile")
    except TROUBLE as error:
        return _away(request, "billing/subscribe.html", error)


@login_required
@never_cache
@require_safe
def subscribed(request: HttpRequest) -> HttpResponse:
    """Say what happens now, after the payment page. The plan is fetched afresh: the webhook may come later."""
    user = signed_in_user(request)
    try:
        customer = checkout.finish(user)
    except TROUBLE as error:
        logger.warning("back from the payment page, Stripe away: %s", type(error).__name__)
        customer = Customer.objects.filter(user=user).first()
    user.refresh_from_db()
    context = {
        "customer": customer,
        "plan": user.plan,
        "premium": user.is_premium,
        "news": news_for(user) if user.is_premium else [],
        "waiting": customer is not None and customer.checkouts.filter(closed_at=None).exists(),
        "next_path": _next(request),
    }
    return render(request, "billing/subscribed.html", context)


@login_required
@require_POST
def portal(request: HttpRequest) -> HttpResponse:
    """Go to the customer portal, at the act that was asked for."""
    customer = Customer.objects.known().filter(user=signed_in_user(request)).first()
    if customer is None:
        messages.info(request, "There is no billing yet: you have not subscribed.")
        return redirect("plans")
    try:
        return HttpResponseRedirect(portal_url(customer, request.POST.get("act", "")))
    except TROUBLE as error:
        return _away(request, "billing/away.html", error)


@login_required
@never_cache
@require_safe
def billing_return(request: HttpRequest) -> HttpResponse:
    """Come back from the portal: fetch what was changed there, then show the profile."""
    customer = Customer.objects.known().filter(user=signed_in_user(request)).first()
    try:
        if customer:
            sync(customer)
    except TROUBLE as error:
        logger.warning("back from the portal, Stripe away: %s", type(error).__name__)
    return redirect("profile")


def _offer(request: HttpRequest) -> dict[str, Any]:
    plans = {plan.slug: plan for plan in Plan.objects.all()}
    price: Price | None = premium_price()
    own = request.user.plan_id if isinstance(request.user, User) else ""
    return {
        "free": plans[Plan.FREE],
        "premium": plans[Plan.PREMIUM],
        "free_is_current": own == Plan.FREE,
        "premium_is_current": own == Plan.PREMIUM,
        "price": price,
        "payments_open": bool(settings.STRIPE.key),
        "next_path": _next(request),
    }


def _next(request: HttpRequest) -> str:
    """Return where the person came from when it is a page of this site, else nothing."""
    target = request.POST.get("next") or request.GET.get("next") or ""
    safe = url_has_allowed_host_and_scheme(target, None) and target.startswith("/")
    return target[:300] if safe else ""


def _away(request: HttpRequest, template: str, error: Exception) -> HttpResponse:
    logger.warning("Stripe away: %s", type(error).__name__)
    status = HTTPStatus.SERVICE_UNAVAILABLE
    return render(request, template, _offer(request) | {"trouble": AWAY}, status=status)
