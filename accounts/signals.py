"""What accounts tells the apps downstream, which accounts never imports."""

from django.dispatch import Signal

# Sent inside the transaction that changes the plan, with ``user``, ``before`` and ``after`` (Plan).
plan_changed = Signal()
