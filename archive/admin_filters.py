"""Filters of the staff pages of holdings."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils import timezone

from archive.models import Holding

AGES = {
    "hour": ("over an hour in its state", timedelta(hours=1)),
    "day": ("over a day in its state", timedelta(days=1)),
    "month": ("over 30 days in its state", timedelta(days=30)),
}


class AgeFilter(admin.SimpleListFilter):
    """How long a holding has been in its state."""

    title = "age"
    parameter_name = "age"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        """Offer the ages."""
        return [(key, label) for key, (label, _) in AGES.items()]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Holding]) -> QuerySet[Holding]:
        """Keep what is older than the chosen age."""
        chosen = AGES.get(self.value() or "")
        return queryset.filter(since__lt=timezone.now() - chosen[1]) if chosen else queryset


class ErrorFilter(admin.SimpleListFilter):
    """Whether the last try failed."""

    title = "error"
    parameter_name = "error"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        """Offer both."""
        return [("yes", "the last try failed"), ("no", "no error")]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Holding]) -> QuerySet[Holding]:
        """Keep the chosen ones."""
        if self.value() == "yes":
            return queryset.exclude(last_error="")
        return queryset.filter(last_error="") if self.value() == "no" else queryset
