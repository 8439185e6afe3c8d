"""What every page knows about the site."""

from __future__ import annotations

from django.conf import settings
from django.http import HttpRequest

from annotations.example import is_here


def site(request: HttpRequest) -> dict[str, object]:
    """Return the site's name, the contact address, the reader's theme ("auto", "light" or "dark") and so on."""
    theme = request.COOKIES.get("theme", "auto")
    return {
        "site_name": settings.SITE_NAME,
        "contact_email": settings.CONTACT_EMAIL,
        "sign_in_providers": settings.SIGN_IN_PROVIDERS,
        "example_is_here": is_here,
        "theme": theme if theme in {"light", "dark"} else "auto",
    }
