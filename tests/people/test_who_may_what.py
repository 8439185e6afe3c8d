"""Every URL of accounts, billing and sign-in, for nobody, its owner, a stranger and staff.

The URLs are read from the site's own tables: one that is added and not named here fails a test.
"""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from allauth.socialaccount.models import SocialAccount
from allauth.usersessions.models import UserSession
from django.db.models import Model
from django.http.response import HttpResponseBase
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver, reverse
from pytest_django import Settings

from accounts.models import Closing, PlanChange, User
from billing.models import Customer
from gas_site.setting_services import Payments
from tests.site.factories import make_user, signed_in

pytestmark = pytest.mark.django_db

SIGN_IN = "/accounts/login/"
# Ours: what each answers to a GET and to a POST of its owner; a POST that changes something is tried elsewhere.
OWNERS = {
    "profile": (200, 422),
    "export": (405, 200),
    "end_session": (405, 404),
    "close_account": (200, 422),
    "subscribe": (200, 503),
    "subscribed": (200, 405),
    "billing_portal": (405, 302),
    "billing_return": (302, 405),
}
OPEN = {"plans": (200, 405), "stripe_webhook": (405, 400)}
# Of allauth's: what somebody needs who is not signed in yet. Everything else sends nobody to sign in.
BEFORE_SIGN_IN = {
    "account_login",
    "account_signup",
    "account_inactive",
    "account_logout",
    "account_email_verification_sent",
    "account_confirm_email",
    "account_confirm_login_code",
    "account_reset_password",
    "account_reset_password_done",
    "account_reset_password_from_key",
    "account_reset_password_from_key_done",
    "mfa_authenticate",
    "mfa_login_webauthn",
    "socialaccount_login_cancelled",
    "socialaccount_login_error",
    "socialaccount_signup",
    "openid_connect_login",
    "openid_connect_callback",
}
ARGUMENTS = {"pk": 1, "key": "a-b", "uidb36": "1", "provider_id": "globus-sandbox"}


def names_below(prefix: str) -> Iterator[tuple[str, list[str]]]:
    """Yield the name and the arguments of every URL whose table is included at ``prefix``."""
    for entry in get_resolver().url_patterns:
        if isinstance(entry, URLResolver) and str(entry.pattern) == prefix:
            yield from _names(entry)


def _names(table: URLResolver, above: tuple[str, ...] = ()) -> Iterator[tuple[str, list[str]]]:
    for entry in table.url_patterns:
        arguments = (*above, *entry.pattern.regex.groupindex, *getattr(entry.pattern, "converters", ()))
        if isinstance(entry, URLResolver):
            yield from _names(entry, arguments)
        elif isinstance(entry, URLPattern) and entry.name:
            yield entry.name, sorted(set(arguments))


def url(name: str, arguments: list[str] | None = None) -> str:
    wanted = arguments if arguments is not None else dict(OURS)[name]
    return reverse(name, kwargs={argument: ARGUMENTS[argument] for argument in wanted})


OURS = [*names_below("profile/"), *names_below("")]
ALLAUTHS = list(names_below("accounts/"))
CLOSED = [(name, arguments) for name, arguments in ALLAUTHS if name not in BEFORE_SIGN_IN]


@pytest.fixture(autouse=True)
def no_payments(settings: Settings) -> None:
    """Let nobody wait for a payment provider."""
    settings.STRIPE = Payments("", "", "", "")


def is_sent_to_sign_in(answer: HttpResponseBase) -> bool:
    return answer.status_code == 302 and answer.headers["location"].partition("?")[0] == SIGN_IN


def rows(user: User | None = None) -> list[object]:
    """Return everything that an act of these pages could change; of one user, if given."""
    own: list[type[Model]] = [EmailAddress, SocialAccount, Authenticator, UserSession, Customer, Closing, PlanChange]
    users = User.objects.filter(pk=user.pk) if user else User.objects.all()
    owned = [kind._default_manager.filter(user__in=users).order_by("pk") for kind in own]
    return [list(users.order_by("pk").values()), *(list(kind.values()) for kind in owned)]


def test_every_url_is_named_here() -> None:
    assert {name for name, _ in OURS} == set(OWNERS) | set(OPEN)
    assert {name for name, _ in ALLAUTHS} >= BEFORE_SIGN_IN
    assert {"account_email", "mfa_index", "socialaccount_connections", "usersessions_list"} <= {
        name for name, _ in CLOSED
    }


@pytest.mark.parametrize("name", OWNERS)
def test_nobody_is_sent_to_sign_in(name: str, alice: User) -> None:
    before = rows()
    for answer in (Client().get(url(name)), Client().post(url(name))):
        assert is_sent_to_sign_in(answer)
        assert alice.email not in answer.content.decode()
    assert rows() == before


def test_nobody_gets_at_the_ways_to_sign_in(db: None) -> None:
    for name, arguments in CLOSED:
        address = url(name, arguments)
        for answer in (Client().get(address), Client().post(address)):
            assert is_sent_to_sign_in(answer), (name, answer.status_code)


@pytest.mark.parametrize("name", [name for name, (_, post) in OWNERS.items() if post != 405])
def test_an_act_wants_the_form_s_token(alice: User, name: str) -> None:
    assert signed_in(alice, enforce_csrf=True).post(url(name)).status_code == 403


@pytest.mark.parametrize("is_staff", [False, True])
@pytest.mark.parametrize("name", OWNERS)
def test_its_owner_gets_the_page_and_staff_get_no_more(name: str, is_staff: bool) -> None:
    user = make_user("carol@example.org", is_staff=is_staff, is_superuser=is_staff)
    browser, address = signed_in(user), url(name)
    assert (browser.get(address).status_code, browser.post(address).status_code) == OWNERS[name]


@pytest.mark.parametrize("name", OPEN)
def test_what_is_open_is_the_same_for_everybody(name: str, alice: User) -> None:
    staff = make_user("staff@example.org", is_staff=True, is_superuser=True)
    for browser in (Client(), signed_in(alice), signed_in(staff)):
        assert (browser.get(url(name)).status_code, browser.post(url(name)).status_code) == OPEN[name]


@pytest.mark.parametrize("is_staff", [False, True])
def test_a_stranger_and_staff_change_and_see_nothing_of_somebody_elses(alice: User, is_staff: bool) -> None:
    alice.name, alice.institution = "Alice Aardvark", "Mito Lab"
    alice.save()
    EmailAddress.objects.create(user=alice, email="alice.too@example.org", verified=True)
    account = SocialAccount.objects.create(user=alice, provider="globus-sandbox", uid="alice-at-globus")
    passkey = Authenticator.objects.create(user=alice, type=Authenticator.Type.WEBAUTHN, data={"name": "Alice's key"})
    customer = Customer.objects.create(user=alice, stripe_id="cus_of_alice", standing="active")
    browser = signed_in(make_user("mallory@example.org", is_staff=is_staff, is_superuser=is_staff))
    session = UserSession.objects.create(user=alice, session_key="k" * 32, ip="192.0.2.7", user_agent="Alice's")
    before = rows(alice)

    answers = [
        browser.post(reverse("end_session", args=[session.pk])),
        browser.post(reverse("socialaccount_connections"), {"account": account.pk}),
        browser.get(reverse("mfa_edit_webauthn", args=[passkey.pk])),
        browser.post(reverse("mfa_edit_webauthn", args=[passkey.pk]), {"name": "mine"}),
        browser.post(reverse("mfa_remove_webauthn", args=[passkey.pk])),
        browser.post(reverse("account_email"), {"action_remove": "", "email": "alice.too@example.org"}),
        browser.post(reverse("account_email"), {"action_primary": "", "email": "alice.too@example.org"}),
        browser.post(reverse("close_account"), {"email": alice.email}),
        *(browser.get(url(name)) for name in ("profile", "subscribe", "subscribed", "plans")),
        *(browser.get(reverse(name)) for name in ("usersessions_list", "account_email", "socialaccount_connections")),
    ]
    assert rows(alice) == before
    for answer in answers:
        text = answer.content.decode()
        for secret in ("Aardvark", "Mito Lab", "alice-at-globus", "Alice", customer.stripe_id, "192.0.2.7"):
            assert secret not in text
    exported = b"".join(browser.post(reverse("export")))
    assert b"alice" not in exported.lower()
