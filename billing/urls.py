"""URLs of money."""

from django.urls import path

from billing import views
from billing.webhook import webhook

urlpatterns = [
    path("plans/", views.plans, name="plans"),
    path("subscribe/", views.subscribe, name="subscribe"),
    path("subscribe/done/", views.subscribed, name="subscribed"),
    path("billing/portal/", views.portal, name="billing_portal"),
    path("billing/return/", views.billing_return, name="billing_return"),
    path("billing/webhook/", webhook, name="stripe_webhook"),
]
