"""Journeys in a real browser: institutional sign-in, the upgrade with all that can happen on the way, and the end."""

from __future__ import annotations

import pytest

from accounts.models import User
from tests.browser.town import Town

pytestmark = pytest.mark.browser


def sign_in(town: Town, sub: str = "ada-town", email: str = "ada@mito-lab.example") -> User:
    """Sign in with the institution."""
    town.provider.knows(sub, name="Ada Okafor", email=email, email_verified=True)
    town.go("/accounts/login/?next=/profile/")
    town.press("Sign in with Globus (sandbox)")
    town.page.get_by_placeholder("sub").fill(sub)
    town.press("Authorize")
    town.page.wait_for_url("**/profile/")
    return User.objects.get(email=email)


def to_payment(town: Town) -> None:
    """Go from the plans to the payment page."""
    town.go("/plans/?next=/annotate/")
    town.page.get_by_role("link", name="Upgrade to Premium").click()
    town.press("Go to payment")
    town.page.wait_for_url("**/pay/**")


def pay(town: Town, card: str = "Works") -> None:
    """Pay on the hosted page."""
    town.page.get_by_text(card, exact=True).click()
    town.press("Subscribe for €9.00 a month")


def test_a_new_and_a_returning_person_sign_in_with_their_institution(town: Town) -> None:
    user = sign_in(town)
    town.reads("Ada Okafor, ada@mito-lab.example")
    town.reads("ada-town")
    town.press("Sign out")
    town.page.wait_for_url(town.site + "/")
    assert sign_in(town) == user
    assert User.objects.count() == 1


def test_declined_then_3d_secure_failed_then_back_then_paid(town: Town) -> None:
    user = sign_in(town)
    to_payment(town)
    pay(town, "Is declined")
    town.reads("The card was declined. Nothing was charged.")

    pay(town, "Asks for 3-D Secure")
    town.press("Fail the confirmation")
    town.reads("The card was declined. Nothing was charged.")

    town.press("Go back without paying")
    town.page.wait_for_url("**/subscribe/?next=%2Fannotate%2F")
    assert town.payments.store.every("charge", paid=True) == []

    town.press("Go to payment")
    pay(town, "Asks for 3-D Secure")
    town.press("Confirm the payment")
    town.reads("Premium is on")
    town.page.get_by_role("link", name="Go on where you were").click()
    town.page.wait_for_url("**/annotate/")
    user.refresh_from_db()
    assert user.is_premium
    assert len(town.payments.store.every("charge", paid=True)) == 1
    assert len(town.payments.store.every("subscription")) == 1


def test_cancel_resume_cancel_and_the_end_of_the_period(town: Town) -> None:
    user = sign_in(town)
    to_payment(town)
    pay(town)
    town.reads("Premium is on")
    town.deliver()

    town.go("/profile/")
    town.press("Cancel Premium")
    town.press("Cancel at the period's end")
    town.page.get_by_role("link", name="Return to the site").click()
    town.reads("Premium ends on")

    town.press("Resume Premium")
    town.press("Don't cancel")
    town.page.get_by_role("link", name="Return to the site").click()
    town.reads("It renews on")

    town.press("Cancel Premium")
    town.press("Cancel at the period's end")
    town.press("Sandbox: move time to what happens next")
    town.deliver()  # nobody comes back to the site: the webhook alone tells it
    user.refresh_from_db()
    assert not user.is_premium
    town.go("/profile/")
    town.reads("Premium has ended")
    town.page.get_by_role("link", name="Upgrade to Premium").wait_for()


def test_an_oversized_paste_leads_to_the_plans_and_back_to_the_form(town: Town) -> None:
    sign_in(town)
    town.go("/annotate/")
    town.page.get_by_text("Paste lines instead").click()
    town.page.get_by_label("VCF text, with its header").fill("##fileformat=VCFv4.2\n" + "x" * 160_000)
    town.page.locator("[data-run]").click()
    town.reads("This file is too large for your plan")
    town.page.get_by_role("link", name="See what Premium takes").first.click()
    town.page.get_by_role("link", name="Back to where you were").click()
    town.page.wait_for_url("**/annotate/")


def test_the_sign_in_works_without_script(town: Town) -> None:
    town.provider.knows("plain-1", name="Plain", email="plain@mito-lab.example", email_verified=True)
    browser = town.page.context.browser
    assert browser is not None
    page = browser.new_context(java_script_enabled=False).new_page()
    page.goto(town.site + "/accounts/login/")
    page.get_by_role("button", name="Sign in with Globus (sandbox)").click()
    page.get_by_placeholder("sub").fill("plain-1")
    page.get_by_role("button", name="Authorize").click()
    page.wait_for_url("**/annotate/")
    page.context.close()


def test_a_passkey_is_added_and_signs_in_alone(town: Town) -> None:
    """Chromium's own virtual authenticator plays the device. Passkeys want a name: localhost, not 127.0.0.1."""
    site = town.site.replace("127.0.0.1", "localhost")
    town.provider.knows("key-1", name="Key", email="key@mito-lab.example", email_verified=True)
    device = town.page.context.new_cdp_session(town.page)
    device.send("WebAuthn.enable")
    options = {
        "protocol": "ctap2",
        "transport": "internal",
        "hasResidentKey": True,
        "hasUserVerification": True,
        "isUserVerified": True,
        "automaticPresenceSimulation": True,
    }
    device.send("WebAuthn.addVirtualAuthenticator", {"options": options})
    town.page.goto(site + "/accounts/login/?next=/accounts/2fa/webauthn/add/")
    town.press("Sign in with Globus (sandbox)")
    town.page.get_by_placeholder("sub").fill("key-1")
    town.press("Authorize")
    town.page.wait_for_url("**/webauthn/add/")
    town.page.get_by_label("Passwordless").check()
    town.press("Add this device")
    town.page.wait_for_url(lambda url: "/webauthn/add/" not in url)
    town.page.goto(site + "/profile/")
    town.reads("Passkey")
    town.press("Sign out")

    town.page.goto(site + "/accounts/login/?next=/profile/")
    town.press("Sign in with a passkey")
    town.page.wait_for_url("**/profile/")
    town.reads("key@mito-lab.example")
