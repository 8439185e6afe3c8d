"""The site's icons: 16 by 16, drawn with the text's colour. Paths of the design, by what they mean."""

from __future__ import annotations

from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe

ICONS = {
    "arrow": '<path d="M2.5 8h11M9.2 3.7 13.5 8l-4.3 4.3"/>',
    "check": '<path d="m3 8.5 3.3 3.3L13 4.8"/>',
    "cold": (
        '<path d="M8 1.8v12.4M2.6 4.9l10.8 6.2M2.6 11.1l10.8-6.2M6.3 2.7 8 4.3l1.7-1.6M6.3 13.3 8 11.7l1.7 1.6"/>'
    ),
    "cross": '<path d="m4.2 4.2 7.6 7.6M11.8 4.2l-7.6 7.6"/>',
    "down": '<path d="M4 6l4 4.2L12 6"/>',
    "download": '<path d="M8 2.3v8M4.8 7.3 8 10.5l3.2-3.2M2.5 13.5h11"/>',
    "file": (
        '<path d="M9.2 1.8H4c-.6 0-1 .4-1 1v10.4c0 .6.4 1 1 1h8c.6 0 1-.4 1-1V5.6L9.2 1.8Z"/>'
        '<path d="M9 2v4h4M5.5 9h5M5.5 11.5h3"/>'
    ),
    "info": '<circle cx="8" cy="8" r="6.2"/><path d="M8 7.3v3.9M8 4.9V5"/>',
    "pending": '<circle cx="8" cy="8" r="5.8" stroke-dasharray="2.2 2.35"/>',
    "restore": '<path d="M2.4 8a5.6 5.6 0 1 0 1.8-4.1L2.4 5.5M2.4 2.2v3.3h3.3"/>',
    "running": '<path d="M8 2.2a5.8 5.8 0 1 0 5.8 5.8"/>',
    "search": '<circle cx="7" cy="7" r="4.5"/><path d="m10.4 10.4 3.4 3.4"/>',
    "stop": '<circle cx="8" cy="8" r="6"/><path d="m3.9 12.1 8.2-8.2"/>',
    "upload": ('<path d="M8 10.5v-8M4.8 5.5 8 2.3l3.2 3.2M2.5 10.5v2.2c0 .5.4.8.8.8h9.4c.5 0 .8-.4.8-.8v-2.2"/>'),
    "warning": '<path d="M8 2 1.5 13.5h13L8 2Z"/><path d="M8 6.5v3.2M8 11.6v.1"/>',
}


def icon_svg(name: str) -> SafeString:
    """The icon as inline SVG, hidden from assistive technology: the word beside it says the same."""
    drawing = mark_safe(ICONS[name])  # noqa: S308 (a constant of this module)
    return format_html('<svg class="icon" viewBox="0 0 16 16" aria-hidden="true">{}</svg>', drawing)
