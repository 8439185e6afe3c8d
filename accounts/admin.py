"""Staff pages for people: users and their plan, plans, what was said to whom."""

from __future__ import annotations

from typing import Any

from django.contrib import admin, messages
from django.contrib.auth.admin import UserAdmin as DjangoUserAdmin
from django.db.models import QuerySet
from django.forms import ModelForm
from django.http import HttpRequest

from accounts.forms import UserChangeForm, UserCreationForm
from accounts.models import Notification, Plan, PlanChange, User
from accounts.plans import set_plan


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
    actions = ["make_premium", "make_free"]
    fieldsets = (
        (None, {"fields": ("email", "password", "name", "plan")}),
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
        set_plan(obj, wanted, reason=f"by hand: {request.user}")

    @admin.action(description="Move to Premium", permissions=["change"])
    def make_premium(self, request: HttpRequest, queryset: QuerySet[User]) -> None:
        """Give the selected users the premium plan."""
        self._move(request, queryset, Plan.PREMIUM)

    @admin.action(description="Move to Free", permissions=["change"])
    def make_free(self, request: HttpRequest, queryset: QuerySet[User]) -> None:
        """Give the selected users the free plan."""
        self._move(request, queryset, Plan.FREE)

    def _move(self, request: HttpRequest, queryset: QuerySet[User], slug: str) -> None:
        plan = Plan.objects.get(pk=slug)
        moved = sum(set_plan(user, plan, reason=f"by hand: {request.user}") for user in queryset)
        self.message_user(request, f"{moved} moved to {plan}.", messages.SUCCESS)


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
