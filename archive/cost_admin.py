"""The staff page where the smallest result to archive and the order of tiers are decided, beside what they cost."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django import forms
from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse

from archive.costs import Comparison, compare, smallest_worth_archiving
from archive.models import Policy
from archive.month import this_month
from archive.prices import AS_OF, DEEP_ARCHIVE, GLACIER, GLACIER_VAULT, StorageClass
from archive.vaults import vault
from gas_site.setting_urls import RETRIEVAL_TIERS

# A result that goes cold is three files: the annotated VCF, its index, the table.
FILES = 3
KILOBYTE, MEGABYTE, GIGABYTE = 1024, 1024**2, 1024**3
SIZES = (150 * KILOBYTE, 5 * MEGABYTE, 100 * MEGABYTE, GIGABYTE, 10 * GIGABYTE)
CLASSES = {"glacier": GLACIER, "deep": DEEP_ARCHIVE, "vault": GLACIER_VAULT}


class PolicyForm(forms.ModelForm[Policy]):
    """The two decisions."""

    class Meta:
        model = Policy
        fields = ["smallest", "tiers"]

    def clean_tiers(self) -> str:
        """Take names of tiers only, each once."""
        names = [word.strip() for word in self.cleaned_data["tiers"].split(",") if word.strip()]
        unknown = [name for name in names if name not in RETRIEVAL_TIERS]
        if unknown:
            raise forms.ValidationError(f"'{unknown[0]}' is no tier. Take some of {', '.join(RETRIEVAL_TIERS)}.")
        return ", ".join(dict.fromkeys(names))


class Question(forms.Form):
    """What staff ask the table: how large a result, cold for how many days, where."""

    size = forms.FloatField(label="Size of a result, MB", min_value=0.001, max_value=1_000_000, initial=5)
    days = forms.FloatField(label="Days until it is asked back", min_value=0, max_value=36_500, initial=7)
    place = forms.ChoiceField(label="Storage class", choices=[(key, place.name) for key, place in CLASSES.items()])


@dataclass(frozen=True)
class Line:
    """One size of the table: never asked back, and asked back in each tier."""

    size: int
    never: Comparison
    back: list[tuple[str, Comparison]]


class PolicyAdmin(admin.ModelAdmin[Policy]):
    """One row, found without a list, with the prices beside the form."""

    form = PolicyForm
    change_form_template = "admin/archive/policy_form.html"

    def has_delete_permission(self, request: HttpRequest, obj: Policy | None = None) -> bool:
        """Keep the one row."""
        return False

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Let the first visit make the row."""
        return False

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        """Lead to the one row."""
        if not self.has_view_or_change_permission(request):
            return super().changelist_view(request, extra_context)
        row = Policy.objects.first() or Policy.objects.create()
        return redirect(reverse("admin:archive_policy_change", args=[row.pk]))

    def render_change_form(self, request: HttpRequest, context: dict[str, Any], *args: Any, **kwargs: Any) -> Any:
        """Add what cold storage costs."""
        context.update(costs_context(request))
        return super().render_change_form(request, context, *args, **kwargs)


def costs_context(request: HttpRequest) -> dict[str, Any]:
    """Return the table of costs for the question in the query, or for five megabytes and a week."""
    current = vault().prices
    first = {name: field.initial for name, field in Question.base_fields.items()}
    first["place"] = next((key for key, place in CLASSES.items() if place == current), "glacier")
    question = Question(request.GET if "days" in request.GET else first)
    asked = question.cleaned_data if question.is_valid() else first
    place = CLASSES[asked["place"]]
    sizes = sorted({*SIZES, int(asked["size"] * MEGABYTE)})
    return {
        "question": question,
        "place": place,
        "priced": current is not None,
        "days": asked["days"],
        "lines": [_line(size, asked["days"], place) for size in sizes],
        "worth": smallest_worth_archiving(FILES, asked["days"], place),
        "month": this_month(),
        "prices_of": AS_OF,
    }


def _line(size: int, days: float, place: StorageClass) -> Line:
    back = [(tier, compare(FILES, size, days, place, tier)) for tier in place.tiers]
    return Line(size, compare(FILES, size, days, place), back)
