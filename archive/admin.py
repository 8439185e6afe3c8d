"""Staff pages of cold storage: holdings to find and to read, and acts that go through the same functions as all."""

from __future__ import annotations

from functools import partial
from typing import Any

from django.contrib import admin, messages
from django.db.models import QuerySet, Sum
from django.http import HttpRequest
from django.template.defaultfilters import filesizeformat

from archive import policy, retention, verifying
from archive.admin_filters import AgeFilter, ErrorFilter
from archive.cost_admin import PolicyAdmin
from archive.models import Holding, HoldingEvent, HoldingFile, Policy, RestoreRequest
from archive.requests import ask_back
from gas_site.read_only import ReadOnly


class HoldingFileInline(ReadOnly, admin.TabularInline[HoldingFile, Holding]):
    """The holding's files. Their keys end in names that users chose, so they are not shown."""

    model = HoldingFile
    fields = ["kind", "size", "sha256", "archive_id", "retrieval"]


class HoldingEventInline(ReadOnly, admin.TabularInline[HoldingEvent, Holding]):
    """The holding's moves."""

    model = HoldingEvent
    fields = ["at", "state", "note"]


@admin.register(Holding)
class HoldingAdmin(ReadOnly, admin.ModelAdmin[Holding]):
    """Where results are."""

    list_display = ["job", "owner", "state", "since", "due_at", "tier", "expected_at", "size", "attempts"]
    list_display += ["verified_at", "last_error"]
    list_filter = ["state", AgeFilter, "vault", ErrorFilter, "untidy"]
    list_select_related = ["job", "owner"]
    search_fields = ["job__id", "owner__email", "files__archive_id"]
    show_full_result_count = False
    inlines = [HoldingFileInline, HoldingEventInline]
    actions = ["archive_now", "verify", "call_off"]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Holding]:
        """Add the size of the files to each row."""
        return super().get_queryset(request).annotate(bytes=Sum("files__size"))

    @admin.display(ordering="bytes")
    def size(self, holding: Any) -> str:
        """Show the size of the files that go cold."""
        return filesizeformat(holding.bytes)

    def has_act_permission(self, request: HttpRequest) -> bool:
        """Say whether the member of staff may act: the right to change holdings, though no form does."""
        return request.user.has_perm("archive.change_holding")

    def get_actions(self, request: HttpRequest) -> dict[str, Any]:
        """Add "restore now" once for each tier of RESTORE_TIERS."""
        actions: dict[str, Any] = super().get_actions(request)
        if self.has_act_permission(request):
            for tier in policy.tiers():
                name = f"restore_{tier}"
                actions[name] = (partial(_restore, tier), name, f"Restore now ({tier})")
        return actions

    @admin.action(description="Archive now (free owners' results)", permissions=["act"])
    def archive_now(self, request: HttpRequest, queryset: QuerySet[Holding]) -> None:
        """Make available results due at once."""
        done = sum(retention.archive_now(holding) for holding in queryset)
        self.message_user(request, f"{done} go cold now.", messages.SUCCESS)

    @admin.action(description="Verify checksums (reads every copy that counts)", permissions=["act"])
    def verify(self, request: HttpRequest, queryset: QuerySet[Holding]) -> None:
        """Have the copies read again and compared."""
        ordered = verifying.order(queryset)
        said = f"A worker verifies {ordered}. “Verified at” and “last error” will say what was found."
        self.message_user(request, said, messages.SUCCESS)

    @admin.action(description="Call off (what is planned or under way)", permissions=["act"])
    def call_off(self, request: HttpRequest, queryset: QuerySet[Holding]) -> None:
        """Stop what is planned or under way."""
        done = sum(retention.call_off(holding) for holding in queryset)
        self.message_user(request, f"{done} called off.", messages.SUCCESS)


def _restore(tier: str, model_admin: HoldingAdmin, request: HttpRequest, queryset: QuerySet[Holding]) -> None:
    """Ask archived results back, owner by owner, because each owner gets one mail."""
    total = 0
    chosen = list(queryset.select_related("owner"))
    for owner in {holding.owner for holding in chosen}:
        keys = [holding.pk for holding in chosen if holding.owner == owner]
        asked = ask_back(owner, f"staff: {request.user}", tier=tier, only=keys)
        total += asked.total if asked else 0
    model_admin.message_user(request, f"{total} asked back ({tier}).", messages.SUCCESS)


@admin.register(RestoreRequest)
class RestoreRequestAdmin(ReadOnly, admin.ModelAdmin[RestoreRequest]):
    """Who asked for how many results, and how far that is."""

    list_display = ["owner", "reason", "restored", "total", "created_at", "finished_at"]
    list_filter = ["finished_at"]
    list_select_related = ["owner"]
    search_fields = ["owner__email"]


admin.site.register(Policy, PolicyAdmin)
