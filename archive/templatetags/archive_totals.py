"""The tag of the admin's first page."""

from __future__ import annotations

from django import template

from archive.totals import Totals, totals

register = template.Library()


@register.simple_tag
def archive_totals() -> Totals:
    """``{% archive_totals as totals %}``: bytes hot and cold, the oldest pending move, errors."""
    return totals()
