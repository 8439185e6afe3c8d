"""Closes an account: nobody signs in any more at once, what it has goes next, its row last."""

from __future__ import annotations

import logging

from django.db import transaction
from django.db.models import ProtectedError
from django.utils import timezone

from accounts.models import User
from accounts.signals import account_closing

logger = logging.getLogger(__name__)


def close(user: User) -> bool:
    """Close the account and have everything of it removed; return False when that was asked before."""
    with transaction.atomic():
        if not User.objects.filter(pk=user.pk, closed_at=None).update(closed_at=timezone.now(), is_active=False):
            return False
        user.refresh_from_db()
        account_closing.send(User, user=user)
    return True


def finish(pk: int) -> bool:
    """Remove a closed account's row, unless something of it is still there; then the next sweep tries again."""
    try:
        removed, _ = User.objects.filter(pk=pk, closed_at__isnull=False).delete()
    except ProtectedError:
        return False
    logger.info("account %d removed", pk)
    return bool(removed)
