"""What accounts tells the apps downstream, which accounts never imports."""

from django.dispatch import Signal

# Sent inside the transaction that changes the plan, with ``user``, ``before`` and ``after`` (Plan).
plan_changed = Signal()

# Asked with ``user`` and ``plan`` inside the transaction in which staff gave a user another plan. A receiver does what
# follows from it that it would not do of itself, and returns a sentence for staff about it, or "".
plan_given_by_staff = Signal()

# Asked with ``user`` where a page says what a plan does for them now. A receiver returns one sentence, such as
# "34 results are on their way back.", or "".
plan_news = Signal()

# Sent with ``user`` when an account is closed, before its row goes. A receiver removes what its app holds of the user,
# is safe to run again, and raises when it cannot be done now, which puts the closing off. It returns a sentence for
# the receipt, or "".
account_closing = Signal()

# Asked with ``user`` for the export of all own data. A receiver returns an iterable of accounts.export.Entry.
collecting_export = Signal()
