"""The second factor: authenticator app, recovery codes, passkeys' pages, staff in the admin."""

from __future__ import annotations

import re
import time

import pytest
from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from allauth.mfa.signals import authenticator_added
from allauth.mfa.totp.internal.auth import format_hotp_value, hotp_value
from django.core import mail
from django.test import Client, RequestFactory
from pytest_django import Settings

from accounts.models import User
from tests.site.factories import PASSWORD, make_user

pytestmark = pytest.mark.django_db


def code(secret: str, step: int = 0) -> str:
    """Return what an authenticator app shows now, or ``step`` steps of 30 seconds from now."""
    return str(format_hotp_value(hotp_value(secret, int(time.time()) // 30 + step)))


@pytest.fixture
def person() -> User:
    """Give somebody with a password and a confirmed address."""
    user = make_user("ada@example.org", password=PASSWORD)
    EmailAddress.objects.create(user=user, email=user.email, verified=True, primary=True)
    return user


def sign_in(user: User) -> Client:
    """Sign in by the form."""
    browser = Client()
    browser.post("/accounts/login/", {"login": user.email, "password": PASSWORD})
    return browser


def turn_on(browser: Client) -> str:
    """Confirm the password, set the authenticator app up; return its key."""
    browser.post("/accounts/reauthenticate/", {"password": PASSWORD})
    page = browser.get("/accounts/2fa/totp/activate/").content.decode()
    found = re.search(r"Type the key: <code>(\w+)</code>", page)
    assert found
    assert 'src="data:image/svg+xml' in page
    response = browser.post("/accounts/2fa/totp/activate/", {"code": code(found[1])})
    assert response.status_code == 302
    return found[1]


def test_the_app_is_turned_on_with_its_code_and_told_by_mail(real_transactions: None, person: User) -> None:
    browser = sign_in(person)
    secret = turn_on(browser)
    stored = Authenticator.objects.get(user=person, type=Authenticator.Type.TOTP)
    assert secret not in str(stored.data)  # encrypted at rest
    assert "Authenticator App Activated" in [message.subject for message in mail.outbox]
    assert "Authenticator app since" in browser.get("/profile/").content.decode()


def test_turning_the_first_factor_on_signs_every_other_browser_out(real_transactions: None, person: User) -> None:
    """Somebody may have signed in with a stolen password before, and was never asked for the factor."""
    thief, owner, phone = sign_in(person), sign_in(person), sign_in(person)
    key = turn_on(owner)
    assert [browser.get("/profile/").status_code for browser in (thief, phone, owner)] == [302, 302, 200]

    phone = sign_in(person)
    phone.post("/accounts/2fa/authenticate/", {"code": code(key, 1)})
    passkey = Authenticator.objects.create(user=person, type=Authenticator.Type.WEBAUTHN, data={"name": "key"})
    request = RequestFactory().get("/")
    request.session = owner.session
    authenticator_added.send(Authenticator, request=request, user=person, authenticator=passkey)
    assert phone.get("/profile/").status_code == 200, "a further factor ends nothing"


def test_a_wrong_code_turns_nothing_on(person: User) -> None:
    browser = sign_in(person)
    browser.post("/accounts/reauthenticate/", {"password": PASSWORD})
    browser.get("/accounts/2fa/totp/activate/")
    response = browser.post("/accounts/2fa/totp/activate/", {"code": "000000"})
    assert response.status_code == 200
    assert not Authenticator.objects.exists()


def test_signing_in_asks_for_the_code(person: User) -> None:
    secret = turn_on(sign_in(person))
    browser = sign_in(person)
    assert browser.get("/profile/").status_code == 302
    wrong = browser.post("/accounts/2fa/authenticate/", {"code": "000000"})
    assert wrong.status_code == 200
    assert browser.get("/profile/").status_code == 302

    browser.post("/accounts/2fa/authenticate/", {"code": code(secret, 1)})
    assert browser.get("/profile/").status_code == 200


def test_a_code_works_once(person: User) -> None:
    secret = turn_on(sign_in(person))
    used = code(secret, 1)
    sign_in(person).post("/accounts/2fa/authenticate/", {"code": used})
    thief = sign_in(person)
    thief.post("/accounts/2fa/authenticate/", {"code": used})
    assert thief.get("/profile/").status_code == 302


def test_guessing_codes_is_stopped(person: User) -> None:
    turn_on(sign_in(person))
    browser = sign_in(person)
    pages = [
        browser.post("/accounts/2fa/authenticate/", {"code": f"{number:06}"}).content.decode() for number in range(7)
    ]
    assert "Too many" in pages[-1]


def test_a_recovery_code_signs_in_once(person: User) -> None:
    browser = sign_in(person)
    turn_on(browser)
    page = browser.get("/accounts/2fa/recovery-codes/").content.decode()
    codes = re.findall(r"<li>(\d{8})</li>", page)
    assert len(codes) == 10
    for expected in (200, 302):
        another = sign_in(person)
        another.post("/accounts/2fa/authenticate/", {"code": codes[0]})
        assert another.get("/profile/").status_code == expected
    assert "9 recovery codes left" in browser.get("/profile/").content.decode()


def test_turning_the_app_off_removes_the_recovery_codes(person: User) -> None:
    browser = sign_in(person)
    turn_on(browser)
    browser.post("/accounts/2fa/totp/deactivate/")
    assert not Authenticator.objects.exists()
    assert sign_in(person).get("/profile/").status_code == 200


@pytest.mark.parametrize("path", ["totp/activate/", "webauthn/add/", "recovery-codes/generate/"])
def test_a_change_of_factors_wants_a_fresh_sign_in(person: User, path: str) -> None:
    browser = Client()
    browser.force_login(person, backend="allauth.account.auth_backends.AuthenticationBackend")
    response = browser.get(f"/accounts/2fa/{path}")
    assert response.status_code == 302
    assert "/reauthenticate/" in response.headers["location"]


def test_the_page_of_a_passkey_has_its_challenge_and_no_inline_script(person: User) -> None:
    browser = sign_in(person)
    browser.post("/accounts/reauthenticate/", {"password": PASSWORD})
    page = browser.get("/accounts/2fa/webauthn/add/").content.decode()
    assert "&quot;challenge&quot;" in page
    assert re.findall(r"<script(?![^>]*\bsrc=)", page) == []


def test_signing_in_with_a_passkey_gives_a_challenge_and_refuses_nonsense() -> None:
    answer = Client().get("/accounts/2fa/webauthn/login/", headers={"accept": "application/json"})
    assert "challenge" in answer.json()["request_options"]["publicKey"]
    browser = Client()
    browser.post("/accounts/2fa/webauthn/login/", {"credential": "{}"})
    assert browser.get("/profile/").status_code == 302


# Staff ------------------------------------------------------------------------------------------------------


def test_staff_without_a_second_factor_are_sent_to_set_one_up(person: User, settings: Settings) -> None:
    settings.STAFF_SECOND_FACTOR = True
    User.objects.update(is_staff=True, is_superuser=True)
    browser = sign_in(person)
    response = browser.get("/admin/")
    assert response.headers["location"] == "/accounts/2fa/"
    assert "The admin asks staff for a second factor" in browser.get("/accounts/2fa/").content.decode()

    turn_on(browser)
    assert browser.get("/admin/").status_code == 200


def test_the_setting_lets_staff_in_without(person: User, settings: Settings) -> None:
    settings.STAFF_SECOND_FACTOR = False
    User.objects.update(is_staff=True, is_superuser=True)
    assert sign_in(person).get("/admin/").status_code == 200


def test_the_admin_signs_in_on_the_site_s_own_page_with_its_limits_and_factors() -> None:
    response = Client().get("/admin/login/?next=/admin/accounts/user/")
    assert response.status_code == 302
    assert response.headers["location"].startswith("/accounts/login/?next=")


def test_somebody_signed_in_who_is_no_staff_gets_no_admin(person: User) -> None:
    assert sign_in(person).get("/admin/", follow=True).status_code == 403
