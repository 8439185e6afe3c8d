"""Staff read every state and act through the same functions as everybody; a form changes no status."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.contrib.auth.models import Permission
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts.models import Notification, Plan, PlanChange, User
from annotations.models import Job, JobEvent, JobStatus, Shard
from gas_site.storage import file_store
from tests.site.factories import PASSWORD, make_job, make_user, signed_in

pytestmark = pytest.mark.django_db
JOBS = reverse("admin:annotations_job_changelist")
USERS = reverse("admin:accounts_user_changelist")

NO_INLINE = {f"plan_changes-{name}": "0" for name in ("TOTAL_FORMS", "INITIAL_FORMS", "MIN_NUM_FORMS")}
"""What the page of a user sends for the list of plan changes, which it only shows."""


@pytest.fixture
def root() -> Client:
    """Give the browser of somebody who may do everything."""
    return signed_in(make_user("root@example.org", is_staff=True, is_superuser=True))


def staff_with(*permissions: str) -> Client:
    """Return the browser of staff with these rights."""
    user = make_user(is_staff=True)
    user.user_permissions.set(Permission.objects.filter(codename__in=permissions))
    assert user.user_permissions.count() == len(permissions)
    return signed_in(user)


def act(browser: Client, url: str, action: str, *rows: Job | User) -> str:
    """Run an action on the selected rows; return the page after it."""
    form = {"action": action, "_selected_action": [str(row.pk) for row in rows], "reason": "a guest"}
    return browser.post(url, form, follow=True).content.decode()


def test_nobody_and_people_without_the_staff_flag_stay_outside(client: Client, alices: Client) -> None:
    for browser in (client, alices):
        assert browser.get(JOBS).headers["Location"].startswith(reverse("admin:login"))


def test_staff_sign_in_where_everybody_does(client: Client) -> None:
    make_user("root@example.org", password=PASSWORD, is_staff=True, is_superuser=True)
    assert client.get(reverse("admin:login")).headers["Location"].startswith(reverse("account_login"))
    form = {"login": "root@example.org", "password": PASSWORD, "next": JOBS}
    assert client.post(reverse("account_login"), form).headers["Location"] == JOBS


@pytest.mark.parametrize(
    "model",
    [
        "annotations_job",
        "annotations_jobevent",
        "annotations_shard",
        "accounts_user",
        "accounts_plan",
        "accounts_notification",
    ],
)
def test_every_list_and_its_rows_can_be_read(root: Client, model: str) -> None:
    job = make_job(status=JobStatus.RUNNING)
    make_job(job.user, JobStatus.COMPLETED)
    Notification.objects.create(user=job.user, kind="job_ended", about="1")
    assert root.get(reverse(f"admin:{model}_changelist")).status_code == 200
    assert root.get(reverse(f"admin:{model}_changelist"), {"q": "a"}).status_code in {200, 302}
    rows = {
        "annotations_job": job.pk,
        "annotations_shard": Shard.objects.create(job=job, job_attempt=1, number=0, queued_at=timezone.now()),
        "annotations_jobevent": JobEvent.objects.first(),
        "accounts_user": job.user_id,
        "accounts_plan": "free",
        "accounts_notification": Notification.objects.get(),
    }
    key = getattr(rows[model], "pk", rows[model])
    assert root.get(reverse(f"admin:{model}_change", args=[key])).status_code == 200


def test_jobs_are_found_by_id_owner_and_name(root: Client) -> None:
    job = make_job(make_user("ada@example.org"), name="a-name.vcf")
    make_job(make_user("eve@example.org"), name="other.vcf")
    for text in (str(job.pk), "ada@", "a-name"):
        page = root.get(JOBS, {"q": text}).content.decode()
        assert job.short_id in page
        assert "1 job" in page or "1 result" in page


def test_jobs_are_filtered_by_state(root: Client) -> None:
    failed, done = make_job(status=JobStatus.FAILED), make_job()
    page = root.get(JOBS, {"status__exact": "failed"}).content.decode()
    assert failed.short_id in page
    assert done.short_id not in page


def test_a_jobs_row_is_read_only(root: Client) -> None:
    job = make_job(status=JobStatus.RUNNING)
    url = reverse("admin:annotations_job_change", args=[job.pk])
    page = root.get(url).content.decode()
    assert 'name="status"' not in page
    assert "_save" not in page
    assert root.post(url, {"status": "completed", "deaths": "9"}).status_code == 403
    job.refresh_from_db()
    assert (job.status, job.deaths) == (JobStatus.RUNNING, 0)
    assert root.get(reverse("admin:annotations_job_add")).status_code == 403
    assert root.post(reverse("admin:annotations_job_delete", args=[job.pk]), {"post": "yes"}).status_code == 403
    assert Job.objects.filter(pk=job.pk).exists()


def test_staff_cancel_what_has_not_ended(root: Client) -> None:
    running, done = make_job(status=JobStatus.RUNNING), make_job()
    page = act(root, JOBS, "cancel_jobs", running, done)
    assert "1 cancelled." in page
    running.refresh_from_db()
    done.refresh_from_db()
    assert (running.status, done.status) == (JobStatus.CANCELLED, JobStatus.COMPLETED)
    event = running.events.last()
    assert event is not None
    assert event.note == "cancelled by root@example.org"
    assert "0 cancelled." in act(root, JOBS, "cancel_jobs", running, done)


def test_staff_with_a_very_long_address_cancel_too() -> None:
    address = f"{'x' * 60}@{'.'.join(['y' * 60] * 3)}.org"
    browser = signed_in(make_user(address, is_staff=True, is_superuser=True))
    assert "1 cancelled." in act(browser, JOBS, "cancel_jobs", make_job(status=JobStatus.RUNNING))


def test_staff_retry_as_a_new_job_of_the_same_owner(root: Client, alice: User) -> None:
    failed = make_job(alice, JobStatus.FAILED)
    running = make_job(alice, JobStatus.RUNNING)
    deleted = make_job(alice, JobStatus.FAILED, deleted_at=timezone.now())
    gone = make_job(alice, JobStatus.FAILED)
    file_store().remove(gone.input_key)
    said = act(root, JOBS, "retry_jobs", failed, running, deleted, gone)
    assert "1 queued again." in said
    assert "3 left alone: a job has to have ended, and its file to be in the store." in said
    new = Job.objects.exclude(pk__in=[failed.pk, running.pk, deleted.pk, gone.pk]).get()
    assert (new.user, new.status, new.file_name) == (alice, JobStatus.PENDING, failed.file_name)
    failed.refresh_from_db()
    assert failed.status == JobStatus.FAILED


def test_staff_who_may_only_look_cannot_act() -> None:
    looking = staff_with("view_job", "view_user")
    job, user = make_job(status=JobStatus.RUNNING), make_user()
    page = looking.get(JOBS).content.decode()
    assert job.short_id in page
    assert "cancel_jobs" not in page
    act(looking, JOBS, "cancel_jobs", job)
    act(looking, JOBS, "retry_jobs", make_job(status=JobStatus.FAILED))
    assert "make_premium" not in looking.get(USERS).content.decode()
    act(looking, USERS, "make_premium", user)
    job.refresh_from_db()
    user.refresh_from_db()
    assert job.status == JobStatus.RUNNING
    assert Job.objects.count() == 2
    assert user.plan_id == "free"


def test_staff_who_may_change_jobs_can_act() -> None:
    job = make_job(status=JobStatus.RUNNING)
    assert "1 cancelled." in act(staff_with("view_job", "change_job"), JOBS, "cancel_jobs", job)


def user_form(user: User, **changes: str) -> dict[str, str]:
    """Return what the page of a user would send."""
    joined = timezone.localtime(user.date_joined)
    return {
        "email": user.email,
        "name": user.name,
        "plan": user.plan.pk,
        "time_zone": user.time_zone,
        "is_active": "on",
        "date_joined_0": f"{joined:%Y-%m-%d}",
        "date_joined_1": f"{joined:%H:%M:%S}",
        **NO_INLINE,
        **changes,
    }


def test_a_plan_changed_in_the_form_goes_through_set_plan(root: Client, alice: User) -> None:
    url = reverse("admin:accounts_user_change", args=[alice.pk])
    for _ in range(2):
        form = user_form(alice, plan="premium", name="Alice", plan_reason="a guest")
        assert root.post(url, form).status_code == 302
    alice.refresh_from_db()
    assert (alice.plan_id, alice.name) == ("premium", "Alice")
    change = PlanChange.objects.get()
    assert (change.before_id, change.after_id, change.reason) == (
        "free",
        "premium",
        "by hand, root@example.org: a guest",
    )


def test_a_plan_changed_without_a_reason_is_refused(root: Client, alice: User) -> None:
    url = reverse("admin:accounts_user_change", args=[alice.pk])
    page = root.post(url, user_form(alice, plan="premium")).content.decode()
    assert "Say why the plan is changed." in page
    assert not PlanChange.objects.exists()


def test_other_changes_leave_the_plan_alone(root: Client, alice: User) -> None:
    url = reverse("admin:accounts_user_change", args=[alice.pk])
    assert root.post(url, user_form(alice, name="Alice")).status_code == 302
    assert not PlanChange.objects.exists()


def test_the_actions_move_users_between_plans(root: Client, alice: User, bob: User) -> None:
    assert "2 moved to Premium." in act(root, USERS, "make_premium", alice, bob)
    assert "0 moved to Premium." in act(root, USERS, "make_premium", alice, bob)
    assert "1 moved to Free." in act(root, USERS, "make_free", bob)
    assert PlanChange.objects.count() == 3


def test_a_user_made_by_staff_can_sign_in(root: Client, client: Client) -> None:
    form = {"email": "Carol@Example.org", "name": "Carol", "password1": PASSWORD, "password2": PASSWORD, **NO_INLINE}
    assert root.post(reverse("admin:accounts_user_add"), form).status_code == 302
    carol = User.objects.get(name="Carol")
    assert carol.plan_id == "free"
    assert carol.email == "carol@example.org"
    client.post(reverse("account_login"), {"login": "carol@example.org", "password": PASSWORD})
    assert client.session["_auth_user_id"] == str(carol.pk)


def test_an_address_changed_by_staff_is_kept_in_small_letters_and_stays_unique(
    root: Client, alice: User, bob: User
) -> None:
    url = reverse("admin:accounts_user_change", args=[alice.pk])
    assert "This address is taken." in root.post(url, user_form(alice, email="BOB@example.org")).content.decode()
    assert root.post(url, user_form(alice, email="ALICE@example.com")).status_code == 302
    alice.refresh_from_db()
    assert alice.email == "alice@example.com"


def test_the_plans_numbers_are_edited_and_plans_are_not_deleted(root: Client) -> None:
    url = reverse("admin:accounts_plan_change", args=["free"])
    form = {"slug": "free", "name": "Free", "max_upload_bytes": "1000", "retention": "00:10:00"}
    assert root.post(url, form).status_code == 302
    plan = Plan.objects.get(pk="free")
    assert (plan.max_upload_bytes, plan.retention) == (1000, timedelta(minutes=10))
    assert root.post(reverse("admin:accounts_plan_delete", args=["free"]), {"post": "yes"}).status_code == 403


def test_a_user_with_jobs_is_not_deleted_with_files_left_behind(root: Client) -> None:
    job = make_job()
    root.post(reverse("admin:accounts_user_delete", args=[job.user_id]), {"post": "yes"})
    assert Job.objects.filter(pk=job.pk).exists()
