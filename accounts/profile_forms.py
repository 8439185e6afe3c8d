"""The forms of the profile."""

from __future__ import annotations

import zoneinfo
from typing import Any

from django import forms

from accounts.models import User


def _zones() -> list[tuple[str, str]]:
    names = sorted(zoneinfo.available_timezones() | {"UTC"})
    return [(name, name.replace("_", " ")) for name in names if "/" in name or name == "UTC"]


class PersonForm(forms.ModelForm[User]):
    """Who somebody is, and where."""

    time_zone = forms.ChoiceField(label="Time zone", help_text="All times on this site are shown in it.")

    class Meta:
        model = User
        fields = ["name", "institution", "time_zone"]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["time_zone"]
        assert isinstance(field, forms.ChoiceField)  # noqa: S101 (tells mypy what stands above)
        field.choices = _zones()
        self.fields["name"].widget.attrs["autocomplete"] = "name"
        self.fields["institution"].widget.attrs["autocomplete"] = "organization"


class MailForm(forms.ModelForm[User]):
    """Which mail somebody wants."""

    class Meta:
        model = User
        fields = ["mail_jobs", "mail_storage"]
        labels = {
            "mail_jobs": "When a job ends",
            "mail_storage": "When results go to cold storage, or come back from it",
        }


class CloseForm(forms.Form):
    """The address, typed once more: nobody closes an account by a slip."""

    email = forms.CharField(label="Your email address", max_length=254)

    def __init__(self, user: User, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.user = user
        self.fields["email"].widget.attrs["autocomplete"] = "off"

    def clean_email(self) -> str:
        """Refuse another address."""
        typed: str = self.cleaned_data["email"].strip().lower()
        if typed != self.user.email.lower():
            raise forms.ValidationError(f"Type {self.user.email} to close this account.")
        return typed
