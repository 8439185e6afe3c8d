"""Whoever closes an account is charged no more, whatever is away at that moment."""

from __future__ import annotations

from urllib.parse import urlsplit

import pytest
import stripe
from django.core import mail

from accounts import closing
from accounts.models import Closing, User
from sandbox import faults
from tests.billing.buying import Shop
from tests.site.factories import make_job


def test_closing_the_account_cancels_the_subscription_and_sends_a_receipt(shop: Shop) -> None:
    shop.subscribe()
    stripe_id = shop.customer.stripe_id
    mail.outbox.clear()
    closing.close(shop.user)
    assert not User.objects.filter(pk=shop.user.pk).exists()
    assert shop.sandbox.store.every("subscription", stripe_id)[0]["status"] == "canceled"
    assert [message.to for message in mail.outbox] == [["ada@example.org"]]
    assert "Your subscription is cancelled; nothing more is charged." in mail.outbox[0].body


def test_closing_the_account_closes_the_payment_page_that_is_still_open(shop: Shop) -> None:
    """Paid a minute later, it would charge somebody whom we do not know any more, month after month."""
    page = shop.press_subscribe()
    customer = shop.customer.stripe_id
    closing.close(shop.user)
    assert not User.objects.filter(pk=shop.user.pk).exists()
    status, _, text = shop.ask("POST", urlsplit(page).path, "act=pay&card=4242")
    assert (status, "closed" in text) == (409, True)
    assert shop.sandbox.store.every("subscription", customer) == []


def test_closing_cancels_the_subscription_also_while_files_cannot_be_removed(
    shop: Shop, queued: list[object], monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    shop.subscribe()
    make_job(shop.user)
    row = closing.close(shop.user)

    def away(*_: object) -> None:
        raise PermissionError(13, "Permission denied", "/files/patient-jane-doe.vcf")

    with monkeypatch.context() as patch:
        patch.setattr("gas_site.storage.DiskStore.remove_tree", away)
        with pytest.raises(PermissionError):
            closing.finish(row.pk)
    assert shop.subscriptions[0]["status"] == "canceled"
    assert f"the closing of user {shop.user.pk} is put off: PermissionError" in caplog.text
    assert "patient-jane-doe" not in caplog.text
    closing.finish(row.pk)
    assert not User.objects.filter(pk=shop.user.pk).exists()


def test_closing_waits_for_stripe_and_signs_out_at_once(shop: Shop, queued: list[object]) -> None:
    shop.subscribe()
    row = closing.close(shop.user)
    assert shop.browser.get("/profile/").status_code == 302
    shop.sandbox.faults.order(faults.DROP, "GET /v1/subscriptions", times=3)
    with pytest.raises(stripe.APIConnectionError):
        closing.finish(row.pk)
    assert User.objects.filter(pk=shop.user.pk, is_active=False).exists()
    assert mail.outbox == []

    closing.finish(row.pk)
    closing.finish(row.pk)
    assert not User.objects.filter(pk=shop.user.pk).exists()
    assert len(mail.outbox) == 1
    done = Closing.objects.get(pk=row.pk)
    assert (done.email, done.attempts) == ("", 3)


def test_removing_a_user_by_another_way_cancels_too(shop: Shop) -> None:
    shop.subscribe()
    stripe_id = shop.customer.stripe_id
    shop.user.delete()
    assert shop.sandbox.store.every("subscription", stripe_id)[0]["status"] == "canceled"
