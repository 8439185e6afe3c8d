"""What every page knows about the site."""

from __future__ import annotations

from django.conf import settings
from django.http import HttpRequest


def site(request: HttpRequest) -> dict[str, object]:
    """Return the site's name, the contact address and the reader's theme ("auto", "light" or "dark")."""
    theme = request.COOKIES.get("theme", "auto")
    return {
        "site_name": settings.SITE_NAME,
        "contact_email": settings.CONTACT_EMAIL,
        "sign_in_providers": settings.SIGN_IN_PROVIDERS,
        "theme": theme if theme in {"light", "dark"} else "auto",
    }
