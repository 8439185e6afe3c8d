"""The profile: what it shows and saves, the time zone, the preferences, sessions, and who may see what."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from allauth.account.models import EmailAddress
from allauth.usersessions.models import UserSession
from django.core import mail
from django.test import Client

from accounts.models import Notification, Plan, PlanChange, User
from accounts.notifications import notify
from accounts.plans import set_plan
from annotations.models import JobStatus
from billing.models import Customer, StripeEvent
from tests.site.factories import PASSWORD, make_job, make_user, signed_in

pytestmark = pytest.mark.django_db


def person_form(**changes: str) -> dict[str, str]:
    return {"section": "person", "name": "Ada", "institution": "Mito Lab", "time_zone": "Europe/Berlin", **changes}


def test_name_institution_and_time_zone_are_saved(alice: User, alices: Client) -> None:
    assert alices.post("/profile/", person_form()).status_code == 302
    alice.refresh_from_db()
    assert (alice.name, alice.institution, alice.time_zone) == ("Ada", "Mito Lab", "Europe/Berlin")


@pytest.mark.parametrize("zone", ["Middle/Earth", "", "../../etc/passwd", "Europe/Berlin\n"])
def test_a_time_zone_that_is_none_is_refused(alice: User, alices: Client, zone: str) -> None:
    response = alices.post("/profile/", person_form(time_zone=zone.replace("\n", "x")))
    assert response.status_code == 422
    alice.refresh_from_db()
    assert alice.time_zone == "UTC"


def test_other_fields_cannot_be_slipped_in(alice: User, alices: Client) -> None:
    alices.post("/profile/", person_form(email="mallory@example.org", plan="premium", is_staff="on"))
    alice.refresh_from_db()
    assert (alice.email, alice.plan_id, alice.is_staff) == ("alice@example.org", "free", False)


def test_hostile_names_are_shown_as_text(alices: Client) -> None:
    alices.post("/profile/", person_form(name="<script>alert(1)</script>"))
    page = alices.get("/profile/").content.decode()
    assert "<script>alert(1)" not in page
    assert "&lt;script&gt;alert(1)" in page


def test_all_times_are_shown_in_the_reader_s_zone(alice: User, alices: Client) -> None:
    job = make_job(alice, created_at=datetime(2026, 1, 5, 12, 0, tzinfo=UTC))
    path = job.get_absolute_url()
    assert ">5 Jan, 12:00:00<" in alices.get(path).content.decode()
    alices.post("/profile/", person_form(time_zone="Asia/Kolkata"))
    page = alices.get(path).content.decode()
    assert ">5 Jan, 17:30:00<" in page
    assert "Times are Asia/Kolkata." in page


def test_the_next_reader_on_the_same_thread_gets_utc_again(alices: Client) -> None:
    alices.post("/profile/", person_form(time_zone="Asia/Kolkata"))
    alices.get("/profile/")
    job = make_job(make_user("other@example.org"), created_at=datetime(2026, 1, 5, 12, 0, tzinfo=UTC))
    assert ">5 Jan, 12:00:00<" in signed_in(job.user).get(job.get_absolute_url()).content.decode()


def test_mail_that_was_switched_off_is_not_sent_and_the_rest_is(alice: User, alices: Client) -> None:
    alices.post("/profile/", {"section": "mail", "mail_storage": "on"})
    alice.refresh_from_db()
    assert (alice.mail_jobs, alice.mail_storage) == (False, True)
    notify(alice, "job_ended", "1", {})
    notify(alice, "results_restored", "2", {})
    notify(alice, "plan_news", "3", {})
    assert sorted(Notification.objects.values_list("kind", flat=True)) == ["plan_news", "results_restored"]


def test_a_new_address_is_confirmed_before_it_counts(alice: User) -> None:
    alice.set_password(PASSWORD)
    alice.save()
    EmailAddress.objects.create(user=alice, email=alice.email, verified=True, primary=True)
    browser = signed_in(alice)
    browser.post("/accounts/email/", {"action_add": "", "email": "new@example.org"})
    alice.refresh_from_db()
    assert alice.email == "alice@example.org"
    link = next(word for word in mail.outbox[-1].body.split() if "/accounts/confirm-email/" in word)
    path = link.partition("testserver")[2]
    browser.post(path)
    browser.post("/accounts/email/", {"action_primary": "", "email": "new@example.org"})
    alice.refresh_from_db()
    assert alice.email == "new@example.org"


def test_sessions_are_listed_and_one_can_be_signed_out(alice: User) -> None:
    alice.set_password(PASSWORD)
    alice.save()
    agents = ("Mozilla/5.0 (X11; Linux x86_64) Firefox/140.0", "Mozilla/5.0 (iPhone) AppleWebKit Safari/605")
    desk, phone = (Client(headers={"user-agent": agent}) for agent in agents)
    for browser in (desk, phone):
        browser.post("/accounts/login/", {"login": alice.email, "password": PASSWORD})
    page = desk.get("/accounts/sessions/").content.decode()
    assert "Firefox on Linux" in page
    assert "Safari on iPhone" in page

    session = UserSession.objects.get(user_agent=agents[1])
    assert desk.post(f"/profile/sessions/{session.pk}/end/").status_code == 302
    assert phone.get("/profile/").status_code == 302
    assert desk.get("/profile/").status_code == 200


def test_somebody_else_s_session_cannot_be_signed_out(alice: User, bobs: Client) -> None:
    alice.set_password(PASSWORD)
    alice.save()
    browser = Client()
    browser.post("/accounts/login/", {"login": alice.email, "password": PASSWORD})
    session = UserSession.objects.get(user=alice)
    assert bobs.post(f"/profile/sessions/{session.pk}/end/").status_code == 404
    assert browser.get("/profile/").status_code == 200


def test_signing_out_everywhere_else_leaves_this_one(alice: User) -> None:
    alice.set_password(PASSWORD)
    alice.save()
    desk, phone = Client(), Client()
    for browser in (desk, phone):
        browser.post("/accounts/login/", {"login": alice.email, "password": PASSWORD})
    desk.post("/accounts/sessions/")
    assert phone.get("/profile/").status_code == 302
    assert desk.get("/profile/").status_code == 200


def test_the_sign_in_form_stops_guessing(alice: User) -> None:
    alice.set_password(PASSWORD)
    alice.save()
    browser = Client()
    for number in range(6):
        page = browser.post("/accounts/login/", {"login": alice.email, "password": f"guess {number}"}).content.decode()
    assert "Too many" in page
    browser.post("/accounts/login/", {"login": alice.email, "password": PASSWORD})
    assert browser.get("/profile/").status_code == 302


@pytest.mark.parametrize(
    "target", ["https://evil.example/", "//evil.example", "/\\evil.example", "javascript:alert(1)"]
)
def test_an_unsafe_next_is_not_followed(alice: User, target: str) -> None:
    alice.set_password(PASSWORD)
    alice.save()
    response = Client().post("/accounts/login/", {"login": alice.email, "password": PASSWORD, "next": target})
    assert response.headers["location"] == "/annotate/"


# Plans, and what staff do ----------------------------------------------------------------------------------


def test_the_plans_are_open_to_everybody(db: None, alices: Client) -> None:
    for browser in (Client(), alices):
        page = browser.get("/plans/?next=/annotate/").content.decode()
        assert "150 KB" in page
        assert 'href="/annotate/"' in page


def test_an_oversized_upload_leads_to_the_plans_and_back(alice: User, alices: Client) -> None:
    text = "##fileformat=VCFv4.2\n" + "x" * 200_000
    page = alices.post("/annotate/", {"vcf_text": text, "reference": "rCRS"}).content.decode()
    assert 'href="/plans/?next=/annotate/"' in page
    assert 'href="/annotate/">Back to where you were' in alices.get("/plans/?next=/annotate/").content.decode()


def test_staff_set_a_plan_by_hand_with_a_reason_that_is_kept(alice: User) -> None:
    staff = make_user("staff@example.org", is_staff=True, is_superuser=True)
    browser = signed_in(staff)
    act = {"action": "make_premium", "_selected_action": [alice.pk]}
    page = browser.post("/admin/accounts/user/", act, follow=True).content.decode()
    assert "Say why" in page
    assert not PlanChange.objects.exists()

    browser.post("/admin/accounts/user/", {**act, "reason": "workshop in May"})
    change = PlanChange.objects.get(user=alice)
    assert (change.after_id, change.reason) == ("premium", "by hand, staff@example.org: workshop in May")


def test_removing_a_user_in_the_admin_closes_the_account(alice: User, sent: list[object]) -> None:
    make_job(alice, JobStatus.COMPLETED)
    staff = make_user("staff@example.org", is_staff=True, is_superuser=True)
    signed_in(staff).post(f"/admin/accounts/user/{alice.pk}/delete/", {"post": "yes"}, follow=True)
    alice.refresh_from_db()
    assert not alice.is_active
    assert alice.closings.get().reason == "removed by staff@example.org"


def test_the_money_in_the_admin_is_there_to_read(alice: User) -> None:
    customer = Customer.objects.create(user=alice, stripe_id="cus_123")
    StripeEvent.objects.create(id="evt_9", kind="invoice.paid", happened_at=datetime(2026, 1, 5, tzinfo=UTC))
    browser = signed_in(make_user("staff@example.org", is_staff=True, is_superuser=True))
    page = browser.get(f"/admin/billing/customer/{customer.pk}/change/").content.decode()
    assert 'href="https://dashboard.stripe.com/test/customers/cus_123"' in page
    assert 'name="_save"' not in page
    assert "evt_9" in browser.get("/admin/billing/stripeevent/").content.decode()
    for path in ("customer/add/", f"customer/{customer.pk}/delete/", "stripeevent/add/"):
        assert browser.get(f"/admin/billing/{path}").status_code == 403


def test_a_plan_set_here_is_seen_in_the_profile(alice: User, alices: Client) -> None:
    set_plan(alice, Plan.objects.get(pk=Plan.PREMIUM), reason="by hand")
    assert "Set by the staff of this site" in alices.get("/profile/").content.decode()
