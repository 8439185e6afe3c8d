"""Users, plans and notifications."""

from __future__ import annotations

import zoneinfo
from datetime import timedelta
from typing import Any, ClassVar

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.contrib.auth.models import PermissionsMixin
from django.db import models
from django.utils import timezone


class Plan(models.Model):
    """What a user may do: how large a file, and how long a result stays ready. Staff edit the numbers."""

    FREE = "free"
    PREMIUM = "premium"

    slug = models.SlugField(primary_key=True)
    name = models.CharField(max_length=40)
    max_upload_bytes = models.PositiveBigIntegerField(
        null=True, blank=True, help_text="Largest file in bytes; empty means no limit of the plan's own."
    )
    retention = models.DurationField(
        null=True, blank=True, help_text="How long a result stays ready after completion; empty means it stays."
    )

    def __str__(self) -> str:
        return self.name


def free_plan() -> str:
    """Return the key of the plan that everybody starts on."""
    return Plan.FREE


class UserManager(BaseUserManager["User"]):
    """Makes users; the e-mail address is the name."""

    def create_user(self, email: str, password: str | None = None, **fields: Any) -> User:
        """Create a user. Raises ValueError without an address."""
        if not email:
            raise ValueError("A user needs an e-mail address.")
        user = self.model(email=self.normalize_email(email).lower(), **fields)
        user.set_password(password)
        user.save(using=self._db)
        return user

    def create_superuser(self, email: str, password: str | None = None, **fields: Any) -> User:
        """Create a user who may do everything in the admin."""
        return self.create_user(email, password, is_staff=True, is_superuser=True, **fields)


class User(AbstractBaseUser, PermissionsMixin):
    """A person who signs in with an e-mail address."""

    email = models.EmailField("e-mail address", unique=True, error_messages={"unique": "This address is taken."})
    name = models.CharField(max_length=120, blank=True)
    plan = models.ForeignKey(Plan, on_delete=models.PROTECT, default=free_plan, related_name="users")
    institution = models.CharField(max_length=160, blank=True)
    time_zone = models.CharField(max_length=64, default="UTC", help_text="All times are shown in it.")
    mail_jobs = models.BooleanField("mail when a job ends", default=True)
    mail_storage = models.BooleanField("mail when results go to cold storage or come back", default=True)
    is_staff = models.BooleanField("staff", default=False, help_text="May use the admin.")
    is_active = models.BooleanField("active", default=True, help_text="May sign in.")
    date_joined = models.DateTimeField(default=timezone.now)

    USERNAME_FIELD = "email"
    EMAIL_FIELD = "email"
    REQUIRED_FIELDS: ClassVar[list[str]] = []

    objects = UserManager()

    def __str__(self) -> str:
        return self.email

    def get_full_name(self) -> str:
        """Return what to call the person."""
        return self.name or self.email

    get_short_name = get_full_name

    @property
    def zone(self) -> zoneinfo.ZoneInfo:
        """Return the person's time zone; UTC where this machine's data do not have it."""
        try:
            return zoneinfo.ZoneInfo(self.time_zone)
        except (zoneinfo.ZoneInfoNotFoundError, ValueError):
            return zoneinfo.ZoneInfo("UTC")

    @property
    def is_premium(self) -> bool:
        """Say whether the person's results stay."""
        return self.plan_id != Plan.FREE


class PlanChange(models.Model):
    """Who moved a user from one plan to another, when and why."""

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="plan_changes")
    before = models.ForeignKey(Plan, on_delete=models.PROTECT, related_name="+")
    after = models.ForeignKey(Plan, on_delete=models.PROTECT, related_name="+")
    reason = models.CharField(max_length=200)
    at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering = ["-at", "-pk"]

    def __str__(self) -> str:
        return f"{self.before_id} to {self.after_id}: {self.reason}"


class NotificationQuerySet(models.QuerySet["Notification"]):
    """Verbs for what is still to be said."""

    def owed(self) -> NotificationQuerySet:
        """Return what was not sent, whoever is at it, also where every attempt failed."""
        return self.filter(sent_at=None)

    def unsent(self) -> NotificationQuerySet:
        """Return what was not sent, is to be tried by now, and that nobody is sending at the moment."""
        now = timezone.now()
        free = models.Q(claimed_at=None) | models.Q(claimed_at__lt=now - Notification.CLAIM)
        due = models.Q(retry_at=None) | models.Q(retry_at__lte=now)
        return self.filter(free, due, sent_at=None, attempts__lt=Notification.MAX_ATTEMPTS)

    def claim(self, pk: int) -> bool:
        """Take the right to send; one row changed means it is ours (two workers may hold the same message)."""
        now = timezone.now()
        return bool(self.unsent().filter(pk=pk).update(claimed_at=now, attempts=models.F("attempts") + 1))


class Notification(models.Model):
    """One thing to tell one person by mail, once: the row is unique by kind and subject matter."""

    CLAIM = timedelta(minutes=5)
    # After trouble: 1, 2, 4 … minutes, then every six hours. The last attempt is three days after the first.
    FIRST_RETRY, LAST_RETRY = timedelta(minutes=1), timedelta(hours=6)
    MAX_ATTEMPTS = 20

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="notifications")
    kind = models.CharField(max_length=40, help_text="The mail template's name.")
    about = models.CharField(max_length=64, help_text="The id of what it is about.")
    context = models.JSONField(default=dict, help_text="Ids and counts only; no file name, no variant.")
    created_at = models.DateTimeField(default=timezone.now)
    claimed_at = models.DateTimeField(null=True, blank=True)
    retry_at = models.DateTimeField(null=True, blank=True, help_text="Not before then, after trouble.")
    sent_at = models.DateTimeField(null=True, blank=True)
    attempts = models.PositiveSmallIntegerField(default=0)
    last_error = models.CharField(max_length=200, blank=True)

    objects = NotificationQuerySet.as_manager()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["kind", "about"], name="one_notification_each")]
        indexes = [
            models.Index(fields=["created_at"], condition=models.Q(sent_at=None), name="notification_unsent"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.about}"

    @property
    def pause(self) -> timedelta:
        """Return how long to wait after the last of ``attempts``."""
        return min(self.FIRST_RETRY * (1 << min(self.attempts - 1, 20)), self.LAST_RETRY)


class Closing(models.Model):
    """An account that is being closed: asked for, carried out, told. It outlives the user, without the address."""

    user = models.ForeignKey(User, on_delete=models.SET_NULL, null=True, related_name="closings")
    email = models.EmailField(blank=True, help_text="Where the receipt goes; empty once it is sent.")
    reason = models.CharField(max_length=200, blank=True)
    told = models.JSONField(default=list, help_text="The receipt's sentences.")
    asked_at = models.DateTimeField(default=timezone.now)
    finished_at = models.DateTimeField(null=True, blank=True)
    mailed_at = models.DateTimeField(null=True, blank=True)
    attempts = models.PositiveSmallIntegerField(default=0)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["user"], condition=models.Q(finished_at=None), name="one_closing_of_an_account"
            ),
        ]
        ordering = ["-asked_at"]

    def __str__(self) -> str:
        return f"closing {self.pk}"
