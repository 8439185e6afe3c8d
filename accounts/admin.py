"""Staff pages for people: users and their plan, plans, what was said to whom."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.contrib import admin, messages
from django.contrib.admin.helpers import ActionForm
from django.contrib.auth.admin import UserAdmin as DjangoUserAdmin
from django.db.models import QuerySet
from django.forms import CharField, ModelForm
from django.http import HttpRequest

from accounts import closing
from accounts.forms import UserChangeForm, UserCreationForm
from accounts.models import Closing, Notification, Plan, PlanChange, User
from accounts.plans import set_plan_by_hand


class PlanChangeInline(admin.TabularInline[PlanChange, User]):
    """The user's moves between plans, to read."""

    model = PlanChange
    fields = ("at", "before", "after", "reason")
    readonly_fields = ("at", "before", "after", "reason")
    extra = 0
    can_delete = False

    def has_add_permission(self, request: HttpRequest, obj: User | None = None) -> bool:
        """Say no: set_plan() writes these."""
        return False


class ReasonForm(ActionForm):
    """Asks beside the list of actions why a plan is changed."""

    reason = CharField(required=False, max_length=150, label="Reason for a change of plan")


@admin.register(User)
class UserAdmin(DjangoUserAdmin[User]):
    """Users; the plan is changed here through set_plan(), so that everything downstream hears of it."""

    form = UserChangeForm
    add_form = UserCreationForm
    list_display = ["email", "name", "plan", "is_staff", "date_joined", "last_login"]
    list_filter = ["plan", "is_staff", "is_active"]
    search_fields = ["email", "name"]
    ordering = ["email"]
    readonly_fields = ["date_joined", "last_login"]
    inlines = [PlanChangeInline]
    action_form = ReasonForm
    actions = ["make_premium", "make_free"]
    fieldsets = (
        (None, {"fields": ("email", "password", "name", "institution", "time_zone")}),
        ("Plan", {"fields": ("plan", "plan_reason")}),
        ("Rights", {"fields": ("is_active", "is_staff", "is_superuser", "groups", "user_permissions")}),
        ("Dates", {"fields": ("date_joined", "last_login")}),
    )
    add_fieldsets = ((None, {"fields": ("email", "name", "password1", "password2")}),)

    def save_model(self, request: HttpRequest, obj: User, form: ModelForm[User], change: bool) -> None:
        """Save everything but the plan, then move the plan the one way it moves."""
        wanted = obj.plan
        if change and "plan" in form.changed_data:
            obj.plan_id = form.initial["plan"]
        super().save_model(request, obj, form, change)
        self._give(request, obj, wanted, form.cleaned_data.get("plan_reason", ""))

    def get_deleted_objects(
        self, objs: QuerySet[User] | Sequence[User], request: HttpRequest
    ) -> tuple[list[Any], dict[str, int], set[str], list[Any]]:
        """Name the accounts alone: closing one needs no right to each thing it owns."""
        return [str(user) for user in objs], {"accounts": len(objs)}, set(), []

    def delete_model(self, request: HttpRequest, obj: User) -> None:
        """Close the account: what it owns goes first, then the row."""
        closing.close(obj, reason=f"removed by {request.user}")

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[User]) -> None:
        """Close each account."""
        for user in queryset:
            closing.close(user, reason=f"removed by {request.user}")

    @admin.action(description="Move to Premium", permissions=["change"])
    def make_premium(self, request: HttpRequest, queryset: QuerySet[User]) -> None:
        """Give the selected users the premium plan."""
        self._move(request, queryset, Plan.PREMIUM)

    @admin.action(description="Move to Free", permissions=["change"])
    def make_free(self, request: HttpRequest, queryset: QuerySet[User]) -> None:
        """Give the selected users the free plan."""
        self._move(request, queryset, Plan.FREE)

    def _move(self, request: HttpRequest, queryset: QuerySet[User], slug: str) -> None:
        reason = request.POST.get("reason", "").strip()
        if not reason:
            self.message_user(request, "Say why, in the field beside the action; nothing was changed.", messages.ERROR)
            return
        plan = Plan.objects.get(pk=slug)
        moved = sum(self._give(request, user, plan, reason) for user in queryset)
        self.message_user(request, f"{moved} moved to {plan}.", messages.SUCCESS)

    def _give(self, request: HttpRequest, user: User, plan: Plan, reason: str) -> bool:
        staff = request.user
        assert isinstance(staff, User)  # noqa: S101 (the admin lets nobody else in)
        moved, follows = set_plan_by_hand(user, plan, staff=staff, reason=reason)
        for sentence in follows:
            self.message_user(request, sentence, messages.WARNING)
        return moved


@admin.register(Plan)
class PlanAdmin(admin.ModelAdmin[Plan]):
    """Plans and their limits."""

    list_display = ["name", "max_upload_bytes", "retention"]

    def has_delete_permission(self, request: HttpRequest, obj: Plan | None = None) -> bool:
        """Say no: users stand on them."""
        return False


@admin.register(Notification)
class NotificationAdmin(admin.ModelAdmin[Notification]):
    """What was said to whom, to read."""

    list_display = ["kind", "about", "user", "created_at", "sent_at", "attempts", "last_error"]
    list_filter = ["kind", "sent_at"]
    search_fields = ["about", "user__email"]

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Say no: notify() writes these."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Say no: the row records what happened."""
        return False


@admin.register(Closing)
class ClosingAdmin(admin.ModelAdmin[Closing]):
    """Accounts that were closed, to read."""

    list_display = ["asked_at", "reason", "finished_at", "mailed_at", "attempts"]
    list_filter = ["finished_at"]

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Say no: closing an account writes these."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Say no: the row records what happened."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Say no: an unfinished one would leave the account half closed."""
        return False
