"""The tag of the admin's first page."""

from __future__ import annotations

from django import template

from archive.month import Month, this_month
from archive.totals import Totals, totals

register = template.Library()


@register.simple_tag
def archive_totals() -> Totals:
    """``{% archive_totals as totals %}``: bytes hot and cold, the oldest pending move, errors."""
    return totals()


@register.simple_tag
def archive_month() -> Month:
    """``{% archive_month as month %}``: what was archived and retrieved this month, and what that costs."""
    return this_month()
