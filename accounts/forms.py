"""Forms of the admin for users, whose name is their e-mail address."""

from __future__ import annotations

from django.contrib.auth.forms import AdminUserCreationForm
from django.contrib.auth.forms import UserChangeForm as DjangoUserChangeForm

from accounts.models import User


class UserCreationForm(AdminUserCreationForm):  # type: ignore[type-arg]  # not generic at run time
    """Make a user in the admin."""

    class Meta:
        model = User
        fields = ["email", "name"]
        field_classes: dict[str, type] = {}


class UserChangeForm(DjangoUserChangeForm):  # type: ignore[type-arg]  # not generic at run time
    """Change a user in the admin."""

    class Meta:
        model = User
        fields = "__all__"
        field_classes: dict[str, type] = {}
