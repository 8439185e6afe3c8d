"""What the pages about signing in want: data for a script, a device's name, the reader's time zone."""

from __future__ import annotations

import json
import re
from typing import Any

from allauth.socialaccount.models import SocialAccount
from django import template
from django.conf import settings
from django.core.serializers.json import DjangoJSONEncoder
from django.utils.timezone import get_current_timezone_name

register = template.Library()

_BROWSERS = (("Edg", "Edge"), ("OPR", "Opera"), ("Firefox", "Firefox"), ("Chrome", "Chrome"), ("Safari", "Safari"))
_SYSTEMS = (
    ("iPhone", "iPhone"),
    ("iPad", "iPad"),
    ("Android", "Android"),
    ("Windows", "Windows"),
    ("Mac OS", "macOS"),
    ("Linux", "Linux"),
)


@register.filter
def as_json(value: Any) -> str:
    """``data-options="{{ js_data|as_json }}"``: data for a script, in an attribute that needs no inline script."""
    return json.dumps(value, cls=DjangoJSONEncoder)


@register.filter
def device(user_agent: str) -> str:
    """A browser's own description -> "Firefox on Linux"."""
    browser = next((name for mark, name in _BROWSERS if mark in user_agent), "")
    system = next((name for mark, name in _SYSTEMS if mark in user_agent), "")
    if not browser and not system:
        return re.sub(r"[^\w .:/-]", "", user_agent)[:40] or "Unknown device"
    return f"{browser or 'Browser'} on {system}" if system else browser


@register.filter
def provider_name(account: SocialAccount) -> str:
    """The sign-in provider of an account by its name; by its id where it is not configured any more."""
    names = {app["provider_id"]: app["name"] for app in settings.SIGN_IN_PROVIDERS}
    return str(names.get(account.provider, account.provider))


@register.simple_tag
def zone_name() -> str:
    """``{% zone_name %}``: the time zone that the page's times are in, such as Europe/Berlin."""
    return get_current_timezone_name()
