"""The signed-in user, typed."""

from __future__ import annotations

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest

from accounts.models import User


def signed_in_user(request: HttpRequest) -> User:
    """Return the user of a view behind ``login_required``. Raises PermissionDenied where that guard is missing."""
    if not isinstance(request.user, User):
        raise PermissionDenied
    return request.user
