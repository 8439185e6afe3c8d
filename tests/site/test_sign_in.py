"""An address and a password: signing up, in and out, and the way back in when the password is lost."""

from __future__ import annotations

import re
from urllib.parse import urlsplit

import pytest
from django.core.mail import EmailMessage
from django.core.management import call_command
from django.test import Client
from django.urls import reverse
from pytest_django import Settings

from accounts.models import User
from tests.site.factories import PASSWORD, make_user

pytestmark = pytest.mark.django_db

SIGNUP, LOGIN, LOGOUT = reverse("account_signup"), reverse("account_login"), reverse("account_logout")


def who(client: Client) -> str | None:
    key = client.session.get("_auth_user_id")
    return User.objects.get(pk=key).email if key else None


def link_in(mail: EmailMessage) -> str:
    """Return the path of the link in a mail."""
    found = re.search(r"http://\S+", str(mail.body))
    assert found is not None
    return urlsplit(found[0]).path


def test_signing_up_takes_an_address_and_one_password_and_leads_to_the_upload(
    client: Client, mailoutbox: list[EmailMessage]
) -> None:
    response = client.post(SIGNUP, {"email": "Ada@Example.org", "password1": PASSWORD})
    assert response.headers["Location"] == reverse("annotate")
    assert who(client) == "ada@example.org"
    user = User.objects.get()
    assert (user.plan_id, user.is_staff, user.is_superuser) == ("free", False, False)
    assert [mail.to for mail in mailoutbox] == [["ada@example.org"]]
    assert client.get(link_in(mailoutbox[0])).status_code in {200, 302}


def test_signing_up_goes_on_where_one_was(client: Client) -> None:
    page = client.get(SIGNUP, {"next": reverse("annotations:list")}).content.decode()
    assert f'value="{reverse("annotations:list")}"' in page
    form = {"email": "ada@example.org", "password1": PASSWORD, "next": reverse("annotations:list")}
    assert client.post(SIGNUP, form).headers["Location"] == reverse("annotations:list")


def test_signing_up_does_not_lead_to_another_site(client: Client) -> None:
    form = {"email": "ada@example.org", "password1": PASSWORD, "next": "https://evil.example.org/"}
    assert client.post(SIGNUP, form).headers["Location"] == reverse("annotate")


@pytest.mark.parametrize(
    ("email", "password"),
    [("not-an-address", PASSWORD), ("", PASSWORD), ("ada@example.org", "short"), ("ada@example.org", "password123")],
)
def test_a_sign_up_that_cannot_be_is_shown_again_with_the_reason(client: Client, email: str, password: str) -> None:
    response = client.post(SIGNUP, {"email": email, "password1": password})
    assert response.status_code == 200
    assert "field-error" in response.content.decode()
    assert not User.objects.exists()


def test_an_address_that_has_an_account_is_told_so(client: Client, mailoutbox: list[EmailMessage]) -> None:
    make_user("ada@example.org", password=PASSWORD)
    response = client.post(SIGNUP, {"email": "ADA@example.org", "password1": "another long phrase"})
    assert "A user is already registered with this email address." in response.content.decode()
    assert User.objects.count() == 1
    assert mailoutbox == []


def test_with_mandatory_verification_sign_up_does_not_tell_who_has_an_account(
    client: Client, settings: Settings, mailoutbox: list[EmailMessage]
) -> None:
    settings.ACCOUNT_EMAIL_VERIFICATION = "mandatory"
    make_user("ada@example.org", password=PASSWORD)
    answers = []
    for email in ("ada@example.org", "new@example.org"):
        response = Client().post(SIGNUP, {"email": email, "password1": PASSWORD})
        answers.append((response.status_code, response.headers.get("Location")))
    assert answers == [(302, reverse("account_email_verification_sent"))] * 2
    assert [mail.to for mail in mailoutbox] == [["ada@example.org"], ["new@example.org"]]


def test_where_addresses_are_verified_it_is_told_by_mail_and_not_on_the_page(
    client: Client, mailoutbox: list[EmailMessage], settings: Settings
) -> None:
    settings.ACCOUNT_EMAIL_VERIFICATION = "mandatory"
    make_user("ada@example.org", password=PASSWORD)
    response = client.post(SIGNUP, {"email": "ADA@example.org", "password1": "another long phrase"}, follow=True)
    assert User.objects.count() == 1
    assert who(client) is None
    assert "already" not in response.content.decode()
    assert [mail.to for mail in mailoutbox] == [["ada@example.org"]]


@pytest.mark.parametrize("email", ["ada@example.org", "ADA@Example.org"])
def test_signing_in_takes_the_address_in_any_case(client: Client, email: str) -> None:
    make_user("ada@example.org", password=PASSWORD)
    response = client.post(LOGIN, {"login": email, "password": PASSWORD})
    assert response.headers["Location"] == reverse("annotate")
    assert who(client) == "ada@example.org"


@pytest.mark.parametrize(("email", "password"), [("ada@example.org", "wrong"), ("eve@example.org", PASSWORD)])
def test_a_wrong_address_and_a_wrong_password_look_the_same(client: Client, email: str, password: str) -> None:
    make_user("ada@example.org", password=PASSWORD)
    response = client.post(LOGIN, {"login": email, "password": password})
    assert response.status_code == 200
    assert "The email address and/or password you specified are not correct." in response.content.decode()
    assert who(client) is None


def test_guessing_passwords_is_stopped_after_a_few(client: Client) -> None:
    make_user("ada@example.org", password=PASSWORD)
    for _ in range(12):
        response = client.post(LOGIN, {"login": "ada@example.org", "password": "wrong"})
    assert "Too many failed login attempts" in response.content.decode()
    client.post(LOGIN, {"login": "ada@example.org", "password": PASSWORD})
    assert who(client) is None


def test_who_may_not_sign_in_any_more_does_not(client: Client) -> None:
    make_user("ada@example.org", password=PASSWORD, is_active=False)
    client.post(LOGIN, {"login": "ada@example.org", "password": PASSWORD})
    assert who(client) is None


def test_signing_out_takes_the_button_and_not_a_link(alices: Client) -> None:
    assert alices.get(LOGOUT).status_code == 200
    assert who(alices) == "alice@example.org"
    assert alices.post(LOGOUT).headers["Location"] == reverse("landing")
    assert who(alices) is None
    assert alices.post(LOGOUT).status_code == 302


def test_a_lost_password_is_replaced_through_a_link_that_works_once(
    client: Client, mailoutbox: list[EmailMessage]
) -> None:
    make_user("ada@example.org", password=PASSWORD)
    client.post(reverse("account_reset_password"), {"email": "ada@example.org"})
    (mail,) = mailoutbox
    assert mail.to == ["ada@example.org"]
    path = link_in(mail)
    form_path = client.get(path).headers["Location"]
    assert client.get(form_path).status_code == 200
    new = "quite another phrase"
    assert client.post(form_path, {"password1": new, "password2": new}).status_code == 302
    client.post(LOGOUT)
    client.post(LOGIN, {"login": "ada@example.org", "password": PASSWORD})
    assert who(client) is None
    client.post(LOGIN, {"login": "ada@example.org", "password": new})
    assert who(client) == "ada@example.org"
    used = Client().get(path, follow=True)
    assert used.status_code == 200
    assert 'name="password1"' not in used.content.decode()


def test_the_first_of_a_fleets_staff_is_made_without_a_password_and_sets_it_by_mail(
    client: Client, mailoutbox: list[EmailMessage]
) -> None:
    """A task of the fleet has no terminal to ask for one, and a command's words stand in Amazon's logs."""
    call_command("createsuperuser", "--no-input", "--email", "ada@example.org", verbosity=0)
    client.post(LOGIN, {"login": "ada@example.org", "password": ""})
    assert who(client) is None
    client.post(reverse("account_reset_password"), {"email": "ada@example.org"})
    form_path = client.get(link_in(mailoutbox[0])).headers["Location"]
    client.post(form_path, {"password1": PASSWORD, "password2": PASSWORD})
    client.post(LOGIN, {"login": "ada@example.org", "password": PASSWORD})
    assert who(client) == "ada@example.org"


def test_asking_for_a_password_of_nobody_looks_the_same(client: Client, mailoutbox: list[EmailMessage]) -> None:
    make_user("ada@example.org", password=PASSWORD)
    known = client.post(reverse("account_reset_password"), {"email": "ada@example.org"})
    unknown = client.post(reverse("account_reset_password"), {"email": "nobody@example.org"})
    assert known.status_code == unknown.status_code == 302
    assert known.headers["Location"] == unknown.headers["Location"]
    assert "reset" in str(mailoutbox[0].body).lower()


def test_the_mails_have_no_foreign_host_in_their_links(client: Client, mailoutbox: list[EmailMessage]) -> None:
    make_user("ada@example.org", password=PASSWORD)
    client.post(
        reverse("account_reset_password"),
        {"email": "ada@example.org"},
        headers={"X-Forwarded-Host": "evil.example.org"},
    )
    assert "evil" not in str(mailoutbox[0].body)
