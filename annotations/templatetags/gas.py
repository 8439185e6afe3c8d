"""Tags and filters of the site's templates: icons, states, impacts, and numbers as the site writes them."""

from __future__ import annotations

import math
from collections.abc import Sized
from datetime import datetime, timedelta
from typing import Any

from django import template
from django.forms.boundfield import BoundField
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe

from annotations.engine.results.alleles import REASONS
from annotations.explorer.door import Door
from annotations.figures import words
from annotations.figures.tiles import classes as classes_in_words
from annotations.models import Job
from annotations.templatetags.icons import icon_svg

register = template.Library()

STATE_ICONS = {
    "uploading": "check",
    "pending": "pending",
    "running": "running",
    "completed": "check",
    "failed": "cross",
    "cancelled": "stop",
    "archived": "cold",
    "restoring": "restore",
}

_IMPACT_BARS = {"HIGH": 3, "MODERATE": 2, "LOW": 1, "MODIFIER": 0}
_BAR_SHAPES = (
    'x="0" y="8" width="4" height="4"',
    'x="5.5" y="4" width="4" height="8"',
    'x="11" y="0" width="4" height="12"',
)


@register.simple_tag
def icon(name: str) -> SafeString:
    """``{% icon "check" %}``: an icon by its meaning."""
    return icon_svg(name)


@register.simple_tag
def state(status: str, label: str) -> SafeString:
    """``{% state job.status job.get_status_display %}``: where a job is, as a pill with an icon and a word."""
    drawing = icon_svg(STATE_ICONS[status])
    return format_html('<span class="state" data-state="{}">{}{}</span>', status, drawing, label)


@register.simple_tag
def door_url(door: Door, name: str, *more: Any) -> str:
    """``{% door_url door "figure" "map" "svg" %}``: the address of a page of the result, by the way it is read."""
    return door.url(name, *more)


@register.simple_tag
def job_state(job: Job) -> SafeString:
    """``{% job_state job %}``: the pill of a job; a completed one whose result is away says where it is."""
    availability = getattr(job, "availability", None)
    if availability and availability.is_cold:
        return state("archived", "Archived")
    if availability and availability.is_restoring:
        return state("restoring", "Restoring")
    return state(job.status, job.get_status_display())


@register.simple_tag
def impact(word: str) -> SafeString:
    """``{% impact "HIGH" %}``: the three-bar glyph and the word, which is never dropped."""
    lit = _IMPACT_BARS.get(word, 0)
    shapes = (f'<rect{" class=on" if n < lit else ""} {shape} rx=".8"/>' for n, shape in enumerate(_BAR_SHAPES))
    drawing = mark_safe("".join(shapes))  # noqa: S308 (constants of this module)
    return format_html(
        '<span class="impact" data-impact="{}"><svg viewBox="0 0 15 12" aria-hidden="true">{}</svg>{}</span>',
        word,
        drawing,
        word,
    )


@register.simple_tag
def moment(at: datetime | None, *, seconds: bool = True) -> SafeString | str:
    """``{% moment job.created_at %}``: the time of today, with the day when it was another; in the reader's zone."""
    if at is None:
        return ""
    at, today = timezone.localtime(at), timezone.localtime()
    clock = at.strftime("%H:%M:%S" if seconds else "%H:%M")
    if at.date() != today.date():
        day = f"{at.day} {at:%b}" if at.year == today.year else f"{at.day} {at:%b %Y}"
        clock = f"{day}, {clock}" if seconds else day
    return format_html('<time datetime="{}">{}</time>', at.isoformat(timespec="seconds"), clock)


@register.simple_tag
def when(at: datetime | None) -> SafeString | str:
    """``goes cold {% when at %}`` -> "at 11:43:21", "on 23 Nov, 11:43:21": a moment in a sentence."""
    if at is None:
        return ""
    today = timezone.localtime(at).date() == timezone.localtime().date()
    return format_html("{} {}", "at" if today else "on", moment(at))


@register.filter
def seconds_until(at: datetime) -> int:
    """How many seconds are left until a moment; 0 when it has passed."""
    return max(0, math.ceil((at - timezone.now()).total_seconds()))


@register.filter
def in_seconds(length: timedelta | None) -> int:
    """A length of time in seconds."""
    return round(length.total_seconds()) if length else 0


@register.filter
def as_clock(left: int) -> str:
    """Seconds that are left, as a clock shows them: 252 -> "4:12"."""
    return words.clock(left)


@register.filter
def duration(chosen: timedelta | None) -> str:
    """A length of time that somebody has chosen: "5 minutes"."""
    return words.duration(chosen.total_seconds()) if chosen is not None else ""


@register.filter
def thousands(number: Any) -> str:
    """12345 -> "12,345"; nothing for None."""
    return "" if number is None else words.thousands(int(number))


@register.filter
def counted(number: Any, noun: str) -> str:
    """``{{ n|counted:"record" }}`` -> "1 record"; give an irregular plural after a comma: "entry,entries"."""
    one, _, many = noun.partition(",")
    return words.counted(int(number or 0), one, many)


@register.filter
def size(number: Any) -> str:
    """Bytes as people read them: 39117 -> "38.2 KB"."""
    return "" if number is None else words.size(int(number))


@register.filter
def span(length: timedelta | float | None) -> str:
    """A length of time in its two largest units."""
    if length is None:
        return ""
    return words.span(length.total_seconds() if isinstance(length, timedelta) else float(length))


@register.filter
def percent(fraction: float | None) -> str:
    """A frequency as a percentage that never rounds to zero."""
    return "" if fraction is None else words.percent(fraction)


@register.filter
def share(part: int, whole: int) -> str:
    """``part`` of ``whole`` as a percentage."""
    return words.share(int(part), int(whole))


@register.filter
def term(name: str) -> str:
    """A Sequence Ontology term, or a reason of the engine, in plain words."""
    return words.term(name)


@register.filter
def reason(code: str) -> str:
    """Why a record was not annotated, in words."""
    return REASONS.get(code, code.replace("_", " "))


@register.filter
def hundredths(fraction: float | None) -> int:
    """A fraction as whole per cent, cut and not rounded: 100 means done."""
    return int(100 * (fraction or 0))


@register.filter
def soon(seconds: float) -> str:
    """When something is expected: 130.0 -> "in about 2 minutes"."""
    return words.soon(seconds)


@register.filter
def ordinal(number: int) -> str:
    """1 -> "1st", 12 -> "12th": a place in the queue."""
    ending = "th" if 10 <= number % 100 <= 20 else {1: "st", 2: "nd", 3: "rd"}.get(number % 10, "th")
    return f"{number:,}{ending}"


@register.filter
def file_format(name: str) -> str:
    """The file's own words for its format with a space: "VCFv4.2" -> "VCF 4.2"."""
    return name.replace("VCFv", "VCF ")


@register.filter
def classes(counts: dict[str, Any]) -> str:
    """The commonest classes of variant in a verdict or summary, in words."""
    return classes_in_words(counts)


@register.filter
def alleles(counts: dict[str, Any]) -> int:
    """How many alleles a verdict or summary has counted by class: a record with two ALTs has two."""
    return sum(counts.get("by_class", {}).values())


@register.filter
def minus(whole: int, part: Sized) -> int:
    """How many of ``whole`` are not in ``part``."""
    return whole - len(part)


@register.filter
def as_input(field: BoundField) -> SafeString:
    """A form field's widget in the house's look; its label stands above, so it needs no placeholder."""
    return field.as_widget(attrs={"class": "input", "placeholder": ""})


@register.filter
def item(mapping: Any, key: str) -> Any:
    """``mapping[key]``, or nothing."""
    return mapping.get(key) if hasattr(mapping, "get") else None
