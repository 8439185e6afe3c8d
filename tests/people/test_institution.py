"""Signing in with an institution: the real flow against oidc-provider-mock, over HTTP."""

from __future__ import annotations

from urllib.parse import parse_qs, urlsplit

import pytest
from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from allauth.socialaccount.models import SocialAccount
from django.contrib.auth import get_user
from django.core import mail
from django.http import HttpRequest
from django.test import Client

from accounts.models import User
from tests.people.provider import Provider
from tests.site.factories import PASSWORD, make_user, signed_in


def who(browser: Client) -> User | None:
    """Return who is signed in."""
    request = HttpRequest()
    request.session = browser.session
    user = get_user(request)
    return user if isinstance(user, User) else None


def test_the_request_bears_pkce_state_and_nothing_but_the_scopes(provider: Provider) -> None:
    parts = urlsplit(provider.start(Client()))
    asked = parse_qs(parts.query)
    assert f"{parts.scheme}://{parts.netloc}{parts.path}" == f"{provider.url}/oauth2/authorize"
    assert asked["code_challenge_method"] == ["S256"]
    assert len(asked["code_challenge"][0]) == 43
    assert sorted(asked["scope"][0].split()) == ["email", "openid", "profile"]
    assert asked["redirect_uri"] == ["http://testserver/accounts/oidc/globus-sandbox/login/callback/"]
    assert len(asked["state"][0]) >= 16


def test_a_new_person_gets_an_account_with_name_and_confirmed_address(provider: Provider) -> None:
    sub = provider.knows("new-1", name="Ada Okafor", email="ada@mito-lab.example", email_verified=True)
    browser = Client()
    provider.sign_in(browser, sub)
    user = User.objects.get(email="ada@mito-lab.example")
    assert who(browser) == user
    assert (user.name, user.plan_id, user.has_usable_password()) == ("Ada Okafor", "free", False)
    assert EmailAddress.objects.get(user=user).verified
    assert SocialAccount.objects.get(user=user).uid == "new-1"
    assert provider.app.exchanges == [True]


def test_a_returning_person_is_known_by_the_sub_and_not_by_the_address(provider: Provider) -> None:
    provider.sign_in(Client(), provider.knows("back-1", email="old@mito-lab.example", email_verified=True))
    user = User.objects.get(email="old@mito-lab.example")

    browser = Client()
    provider.sign_in(browser, provider.knows("back-1", email="new@mito-lab.example", email_verified=True))
    assert who(browser) == user
    assert User.objects.count() == 1

    other = Client()  # somebody else at the provider, who got the old address
    provider.sign_in(other, provider.knows("other-1", email="fresh@mito-lab.example", email_verified=True))
    assert who(other) != user


def test_a_verified_address_joins_the_account_that_has_confirmed_it(provider: Provider) -> None:
    user = make_user("join@mito-lab.example", password=PASSWORD)
    EmailAddress.objects.create(user=user, email=user.email, verified=True, primary=True)
    browser = Client()
    provider.sign_in(browser, provider.knows("join-1", email="join@mito-lab.example", email_verified=True))
    assert who(browser) == user
    assert SocialAccount.objects.get(uid="join-1").user == user
    user.refresh_from_db()
    assert user.check_password(PASSWORD)


def test_joining_an_account_that_never_confirmed_the_address_takes_its_password_away(provider: Provider) -> None:
    """Somebody else may have signed up with the address and wait for its owner to come."""
    squatter = make_user("owner@mito-lab.example", password=PASSWORD)
    EmailAddress.objects.create(user=squatter, email=squatter.email, verified=False, primary=True)
    old = signed_in(squatter)
    provider.sign_in(Client(), provider.knows("owner-1", email="owner@mito-lab.example", email_verified=True))
    squatter.refresh_from_db()
    assert not squatter.has_usable_password()
    assert who(old) is None


def test_joining_an_unconfirmed_account_closes_every_other_way_in(provider: Provider) -> None:
    squatter = make_user("lure@mito-lab.example", password=PASSWORD)
    EmailAddress.objects.create(user=squatter, email=squatter.email, verified=False, primary=True)
    EmailAddress.objects.create(user=squatter, email="mallory@evil.example", verified=True, primary=False)
    SocialAccount.objects.create(user=squatter, provider="another", uid="mallory-1")
    Authenticator.objects.create(user=squatter, type=Authenticator.Type.WEBAUTHN, data={})

    owner, claims = Client(), {"email": "lure@mito-lab.example", "email_verified": True}
    provider.sign_in(owner, provider.knows("lure-1", **claims))
    assert who(owner) == squatter
    assert [account.uid for account in SocialAccount.objects.filter(user=squatter)] == ["lure-1"]
    assert not Authenticator.objects.filter(user=squatter).exists()
    assert list(EmailAddress.objects.filter(user=squatter).values_list("email", "verified", "primary")) == [
        ("lure@mito-lab.example", True, True)
    ]
    Client().post("/accounts/password/reset/", {"email": "mallory@evil.example"})
    assert not any("password/reset/key" in message.body for message in mail.outbox)


def test_connecting_a_provider_closes_no_way_in(provider: Provider) -> None:
    user = make_user("careful@mito-lab.example", password=PASSWORD)
    EmailAddress.objects.create(user=user, email=user.email, verified=False, primary=True)
    SocialAccount.objects.create(user=user, provider="another", uid="careful-1")
    browser = Client()
    browser.post("/accounts/login/", {"login": user.email, "password": PASSWORD})
    browser.post("/accounts/reauthenticate/", {"password": PASSWORD})
    claims = {"email": user.email, "email_verified": True}
    provider.sign_in(browser, provider.knows("careful-2", **claims), process="connect")
    assert {account.uid for account in SocialAccount.objects.filter(user=user)} == {"careful-1", "careful-2"}
    user.refresh_from_db()
    assert user.check_password(PASSWORD)


def test_an_address_that_somebody_else_only_claims_does_not_lead_into_their_account(provider: Provider) -> None:
    """Its owner's genomes would lie in an account that somebody else reads."""
    mallory = make_user("mallory@evil.example", password=PASSWORD)
    EmailAddress.objects.create(user=mallory, email=mallory.email, verified=True, primary=True)
    EmailAddress.objects.create(user=mallory, email="claimed@mito-lab.example", verified=False, primary=False)
    owner = Client()
    provider.sign_in(owner, provider.knows("claimed-1", email="claimed@mito-lab.example", email_verified=True))
    assert who(owner) != mallory
    assert not SocialAccount.objects.filter(user=mallory).exists()
    mallory.refresh_from_db()
    assert mallory.check_password(PASSWORD)
    user = SocialAccount.objects.get(uid="claimed-1").user
    assert (user.email, who(owner)) == ("claimed@mito-lab.example", user)


@pytest.mark.parametrize("claim", [{}, {"email_verified": False}, {"email_verified": "false"}, {"email_verified": 0}])
def test_an_unverified_address_does_not_join(provider: Provider, claim: dict[str, object]) -> None:
    user = make_user("victim@mito-lab.example", password=PASSWORD)
    EmailAddress.objects.create(user=user, email=user.email, verified=True, primary=True)
    browser = Client()
    response = provider.sign_in(browser, provider.knows("mallory", email="victim@mito-lab.example", **claim))
    assert "has an account here" in response.content.decode()
    browser.post("/accounts/3rdparty/signup/", {"email": "victim@mito-lab.example"})
    assert who(browser) is None
    assert not SocialAccount.objects.filter(user=user).exists()


def test_a_new_person_with_an_unverified_address_is_asked_to_confirm_it(provider: Provider) -> None:
    provider.sign_in(Client(), provider.knows("unsure-1", email="unsure@mito-lab.example", email_verified=False))
    user = User.objects.get(email="unsure@mito-lab.example")
    assert not EmailAddress.objects.get(user=user).verified
    assert [message.to for message in mail.outbox] == [["unsure@mito-lab.example"]]


def test_a_person_without_an_address_is_asked_for_one(provider: Provider) -> None:
    browser = Client()
    response = provider.sign_in(browser, provider.knows("0000-0002-1825-0097", name="Josiah Carberry"))
    assert response.request["PATH_INFO"] == "/accounts/3rdparty/signup/"  # type: ignore[attr-defined]
    browser.post("/accounts/3rdparty/signup/", {"email": "josiah@brown.example"})
    user = User.objects.get(email="josiah@brown.example")
    assert SocialAccount.objects.get(user=user).uid == "0000-0002-1825-0097"


def test_the_page_that_was_wanted_comes_after_the_sign_in(provider: Provider) -> None:
    browser = Client()
    sub = provider.knows("next-1", email="next@mito-lab.example", email_verified=True)
    response = provider.sign_in(browser, sub, next_path="/profile/")
    assert response.request["PATH_INFO"] == "/profile/"  # type: ignore[attr-defined]


def test_a_page_of_another_site_does_not_come_after_the_sign_in(provider: Provider) -> None:
    browser = Client()
    sub = provider.knows("evil-1", email="evil@mito-lab.example", email_verified=True)
    callback = provider.agree(provider.start(browser, next_path="https://evil.example/"), sub)
    assert browser.get(callback).headers["location"] == "/annotate/"


def test_declining_at_the_provider_signs_nobody_in(provider: Provider) -> None:
    browser = Client()
    response = browser.get(provider.refuse(provider.start(browser)), follow=True)
    assert "You did not sign in" in response.content.decode()
    assert who(browser) is None


def test_an_answer_that_this_browser_did_not_ask_for_signs_nobody_in(provider: Provider) -> None:
    """Login CSRF: the attacker's own answer, followed by the victim."""
    sub = provider.knows("csrf-1", email="csrf@mito-lab.example", email_verified=True)
    callback = provider.agree(provider.start(Client()), sub)
    victim = Client()
    response = victim.get(callback, follow=True)
    assert "The sign-in did not work" in response.content.decode()
    assert who(victim) is None


def test_an_answer_used_twice_signs_in_once(provider: Provider) -> None:
    browser = Client()
    callback = provider.agree(provider.start(browser), provider.knows("twice-1", email="t@x.example"))
    browser.get(callback)
    again = Client()
    again.cookies = browser.cookies
    assert "The sign-in did not work" in again.get(callback, follow=True).content.decode()


def test_an_account_connects_and_disconnects_its_institution(provider: Provider) -> None:
    user = make_user("link@mito-lab.example", password=PASSWORD)
    browser = Client()
    browser.post("/accounts/login/", {"login": user.email, "password": PASSWORD})
    provider.sign_in(browser, provider.knows("link-1", email="elsewhere@uni.example"), process="connect")
    account = SocialAccount.objects.get(uid="link-1")
    assert account.user == user
    profile = browser.get("/profile/").content.decode()
    assert "Globus (sandbox)" in profile
    assert "link-1" in profile

    browser.post("/accounts/3rdparty/", {"account": account.pk})
    assert not SocialAccount.objects.exists()


def test_the_institution_of_somebody_else_cannot_be_taken(provider: Provider) -> None:
    owner, other = Client(), make_user("other@mito-lab.example", password=PASSWORD)
    provider.sign_in(owner, provider.knows("mine-1", email="mine@mito-lab.example", email_verified=True))
    browser = Client()
    browser.post("/accounts/login/", {"login": other.email, "password": PASSWORD})
    provider.sign_in(browser, "mine-1", process="connect")
    assert SocialAccount.objects.get(uid="mine-1").user.email == "mine@mito-lab.example"


def test_the_sign_in_page_offers_the_provider_and_only_a_post_leaves(provider: Provider) -> None:
    page = Client().get("/accounts/login/").content.decode()
    assert "Sign in with Globus (sandbox)" in page
    response = Client().get("/accounts/oidc/globus-sandbox/login/")
    assert response.status_code == 200
    assert "You go to Globus (sandbox)" in response.content.decode()


def test_a_provider_that_is_not_configured_is_not_found(provider: Provider) -> None:
    assert Client().post("/accounts/oidc/unknown/login/").status_code == 404


def test_a_closed_account_stays_closed_for_the_institution_too(provider: Provider) -> None:
    sub = provider.knows("gone-1", email="gone@mito-lab.example", email_verified=True)
    provider.sign_in(Client(), sub)
    User.objects.update(is_active=False)
    browser = Client()
    provider.sign_in(browser, sub)
    assert who(browser) is None
