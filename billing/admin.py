"""Staff pages for money: everything to read, with a link to Stripe's dashboard, where it is changed."""

from __future__ import annotations

from django.conf import settings
from django.contrib import admin
from django.utils.html import format_html
from django.utils.safestring import SafeString

from billing.models import Checkout, Customer, Invoice, StripeEvent, Subscription
from gas_site.read_only import ReadOnly

DASHBOARD = "https://dashboard.stripe.com"


def dashboard_link(place: str, identifier: str, *, live: bool | None = None) -> SafeString | str:
    """Return a link to an object in Stripe's dashboard, in test mode unless the key is live; "-" without an id."""
    if not identifier:
        return "-"
    live = "_live_" in settings.STRIPE.key if live is None else live
    mode = "" if live else "/test"
    url = f"{DASHBOARD}{mode}/{place}/{identifier}"
    return format_html('<a href="{}" rel="noopener">{}</a>', url, identifier)


class SubscriptionInline(ReadOnly, admin.TabularInline[Subscription, Customer]):
    """The customer's subscriptions."""

    model = Subscription
    fields = ["at_stripe", "status", "created_at", "period_end", "cancel_at", "ended_at", "refunded", "disputed"]
    readonly_fields = ["at_stripe"]

    @admin.display(description="Subscription")
    def at_stripe(self, row: Subscription) -> SafeString | str:
        """Link to the dashboard."""
        return dashboard_link("subscriptions", row.stripe_id)


class InvoiceInline(ReadOnly, admin.TabularInline[Invoice, Customer]):
    """The customer's invoices."""

    model = Invoice
    fields = ["at_stripe", "number", "status", "total", "currency", "created_at"]
    readonly_fields = ["at_stripe"]

    @admin.display(description="Invoice")
    def at_stripe(self, row: Invoice) -> SafeString | str:
        """Link to the dashboard."""
        return dashboard_link("invoices", row.stripe_id)


class CheckoutInline(ReadOnly, admin.TabularInline[Checkout, Customer]):
    """The customer's ways to the payment page."""

    model = Checkout
    fields = ["session_id", "created_at", "closed_at"]


@admin.register(Customer)
class CustomerAdmin(ReadOnly, admin.ModelAdmin[Customer]):
    """Customers with their subscriptions and invoices. The plan by hand: on the user's page."""

    list_display = ["user", "standing", "until", "at_stripe", "fetched_at"]
    list_filter = ["standing"]
    list_select_related = ["user"]
    search_fields = ["user__email", "stripe_id", "subscriptions__stripe_id"]
    readonly_fields = ["at_stripe"]
    inlines = [SubscriptionInline, InvoiceInline, CheckoutInline]

    @admin.display(description="At Stripe")
    def at_stripe(self, row: Customer) -> SafeString | str:
        """Link to the dashboard."""
        return dashboard_link("customers", row.stripe_id)


@admin.register(StripeEvent)
class StripeEventAdmin(ReadOnly, admin.ModelAdmin[StripeEvent]):
    """Every event that arrived, and what came of it."""

    list_display = ["received_at", "kind", "customer_id", "handled_at", "tried_at", "attempts", "note", "at_stripe"]
    list_filter = ["kind", "handled_at", "received_at"]
    search_fields = ["id", "customer_id", "object_id"]
    readonly_fields = ["at_stripe"]
    show_full_result_count = False

    @admin.display(description="At Stripe")
    def at_stripe(self, row: StripeEvent) -> SafeString | str:
        """Link to the dashboard."""
        return dashboard_link("events", row.id, live=row.live)
