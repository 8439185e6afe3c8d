"""What accounts tells the apps downstream, which accounts never imports."""

from django.dispatch import Signal

# Sent inside the transaction that changes the plan, with ``user``, ``before`` and ``after`` (Plan).
plan_changed = Signal()

# Sent inside the transaction that closes an account, with ``user``. Receivers have everything of the user removed;
# the user's row goes when nothing protects it any more.
account_closing = Signal()
