"""The one place where a user's plan changes."""

from __future__ import annotations

from django.db import transaction

from accounts.models import Plan, PlanChange, User
from accounts.signals import plan_changed, plan_given_by_staff, plan_news

MAX_REASON = 200  # characters the audit row takes


def lock(pk: int) -> User:
    """Lock a user's row to the end of the transaction and return it: their plan stands still.

    Without a join: once PostgreSQL has waited for the lock it looks at the row again, but only beside the plan that it
    had before, and would find nothing when the plan is another by then. Raises User.DoesNotExist.
    """
    return User.objects.select_for_update().get(pk=pk)


def set_plan(user: User, plan: Plan, *, reason: str) -> bool:
    """Move ``user`` to ``plan``; return False when that is the plan already.

    The row is locked: of two callers with the same news one changes the row, writes the audit row and sends
    ``plan_changed``, all in one transaction.
    """
    with transaction.atomic():
        locked = lock(user.pk)
        before = locked.plan
        if before == plan:
            return False
        User.objects.filter(pk=user.pk).update(plan=plan)
        PlanChange.objects.create(user=locked, before=before, after=plan, reason=reason[:MAX_REASON])
        user.plan = plan
        plan_changed.send(User, user=user, before=before, after=plan)
    return True


def set_plan_by_hand(user: User, plan: Plan, *, staff: User, reason: str) -> tuple[bool, list[str]]:
    """Do the same for a member of staff; return also what follows from it, a sentence each."""
    with transaction.atomic():
        if not set_plan(user, plan, reason=f"by hand, {staff}: {reason}"):
            return False, []
        answers = plan_given_by_staff.send(User, user=user, plan=plan)
    return True, [told for _, told in answers if told]


def news_for(user: User) -> list[str]:
    """Return what the apps downstream say the plan does for ``user`` now, a sentence each."""
    return [told for _, told in plan_news.send(User, user=user) if told]
