"""Forms of the admin for users, whose name is their e-mail address."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib.auth.forms import AdminUserCreationForm
from django.contrib.auth.forms import UserChangeForm as DjangoUserChangeForm

from accounts.models import User


class SmallLetters:
    """Keeps an address in small letters, as everywhere else: the column is unique letter by letter."""

    cleaned_data: dict[str, Any]

    def clean_email(self) -> str:
        """Return the address in small letters."""
        return str(self.cleaned_data["email"]).lower()


class UserCreationForm(SmallLetters, AdminUserCreationForm):  # type: ignore[type-arg]  # not generic at run time
    """Make a user in the admin."""

    class Meta:
        model = User
        fields = ["email", "name"]
        field_classes: dict[str, type] = {}


class UserChangeForm(SmallLetters, DjangoUserChangeForm):  # type: ignore[type-arg]  # not generic at run time
    """Change a user in the admin; a change of plan wants a reason, which is kept with it."""

    plan_reason = forms.CharField(required=False, max_length=150, label="Reason for a change of plan")

    class Meta:
        model = User
        fields = "__all__"
        field_classes: dict[str, type] = {}

    def clean(self) -> dict[str, Any]:
        """Ask for the reason where the plan is another."""
        data: dict[str, Any] = super().clean() or {}
        plan = data.get("plan")
        # Not changed_data: for a column with a default it trusts a hidden field of the page.
        if plan and plan.pk != self.instance.plan_id and not data.get("plan_reason", "").strip():
            self.add_error("plan_reason", "Say why the plan is changed.")
        return data
