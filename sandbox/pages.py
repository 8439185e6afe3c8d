"""The sandbox's pages: checkout, 3-D Secure, portal, invoice, overview. A banner says what they are."""

from __future__ import annotations

from datetime import UTC, datetime
from html import escape
from pathlib import Path

from sandbox import objects
from sandbox.rules import period_end
from sandbox.store import Obj

STYLE = (Path(__file__).parent / "style.css").read_text()


def money(cents: int) -> str:
    """Return an amount as people read it."""
    return f"€{cents / 100:.2f}"


def day(moment: int) -> str:
    """Return a date, UTC."""
    at = datetime.fromtimestamp(moment, UTC)
    return f"{at.day} {at:%B %Y}"


def page(title: str, body: str) -> str:
    """Return a whole page with the banner."""
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8"><meta name="color-scheme" content="light dark">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f'<title>{escape(title)} · Payment sandbox</title><link rel="stylesheet" href="/style.css"></head><body>'
        '<p class="banner">Payment sandbox on this machine. No money moves, no real card is read.</p>'
        f"<main>{body}</main></body></html>"
    )


def form(action: str, body: str) -> str:
    """Return a form that posts to ``action``."""
    return f'<form method="post" action="{escape(action)}">{body}</form>'


def cards(chosen: str = "4242", *, only: tuple[str, ...] = tuple(objects.CARDS)) -> str:
    """Return the choice of test cards."""
    rows = "".join(
        f'<label><input type="radio" name="card" value="{key}"{" checked" if key == chosen else ""}>'
        f"<code>{objects.CARDS[key][0]}</code><small>{objects.CARDS[key][1]}</small></label>"
        for key in only
    )
    return f"<fieldset><legend>Card</legend>{rows}</fieldset>"


def checkout(session: Obj, email: str, *, declined: bool) -> str:
    """Return the payment page of an open session."""
    trouble = '<p class="bad" role="alert">The card was declined. Nothing was charged. Try another one.</p>'
    price = money(session["amount_total"])
    pay = f'<button class="primary" name="act" value="pay">Subscribe for {price} a month</button>'
    back = '<button name="act" value="back">Go back without paying</button>'
    return page(
        "Checkout",
        f'<h1>Subscribe to Premium</h1><p class="soft">{price} a month, for {escape(email)}</p>'
        f"{trouble if declined else ''}{form('/pay/' + session['id'], cards() + pay + back)}",
    )


def secure(session: Obj) -> str:
    """Return the 3-D Secure page."""
    buttons = (
        '<button class="primary" name="act" value="pass">Confirm the payment</button>'
        '<button name="act" value="fail">Fail the confirmation</button>'
    )
    return page(
        "3-D Secure",
        f'<h1>Your bank asks: is it you?</h1><p class="soft">3-D Secure for {money(session["amount_total"])}.</p>'
        f"{form('/secure/' + session['id'], buttons)}",
    )


def closed(message: str, back: str | None) -> str:
    """Return the page of a session that takes no payment any more."""
    link = f'<p><a href="{escape(back)}">Go back to the site</a></p>' if back else ""
    return page("Closed", f"<h1>Nothing to pay here</h1><p>{escape(message)}</p>{link}")


def portal(session: Obj, bought: list[Obj], invoices: list[Obj], card: str | None) -> str:
    """Return the customer portal: the subscription, the card, the invoices."""
    action = f"/portal/{session['id']}"
    parts = [_subscription(item, action) for item in bought] or ["<p>No subscription.</p>"]
    rows = "".join(
        f"<tr><td>{day(bill['created'])}</td><td>{money(bill['total'])}</td><td>{escape(bill['status'])}</td>"
        f'<td><a href="/invoice/{bill["id"]}">{escape(bill["number"])}</a></td></tr>'
        for bill in invoices
    )
    change = form(action, cards(card or "4242") + '<button name="act" value="card">Use this card</button>')
    back = f'<p><a href="{escape(session["return_url"])}">Return to the site</a></p>' if session["return_url"] else ""
    return page(
        "Billing",
        f"<h1>Billing</h1>{back}{''.join(parts)}<section class=card><h2>Payment method</h2>{change}</section>"
        f"<section class=card><h2>Invoices</h2><table>{rows}</table></section>",
    )


def _subscription(bought: Obj, action: str) -> str:
    end, status = day(period_end(bought)), bought["status"]
    hidden = f'<input type="hidden" name="subscription" value="{bought["id"]}">'
    acts: list[tuple[str, str]] = []
    if status in {"active", "trialing", "past_due", "unpaid"}:
        acts = (
            [("resume", "Don't cancel")]
            if bought["cancel_at_period_end"]
            else [("cancel", "Cancel at the period's end")]
        )
    if status in {"past_due", "unpaid"}:
        acts = [("pay", "Pay the open invoice"), ("cancel_now", "Cancel now")]
    told = f"Ends on {end}" if bought["cancel_at_period_end"] else f"Current period ends on {end}"
    buttons = "".join(f'<button name="act" value="{name}">{escape(label)}</button>' for name, label in acts)
    if status in {"active", "trialing", "past_due"}:
        buttons += '<button name="act" value="advance">Sandbox: move time to what happens next</button>'
    return (
        f'<section class="card"><h2>Premium, {money(objects.AMOUNT)} a month</h2>'
        f"<p>Status: <b>{escape(status)}</b>. {told}.</p>{form(action, hidden + buttons) if buttons else ''}</section>"
    )


def invoice(bill: Obj) -> str:
    """Return an invoice."""
    return page(
        "Invoice",
        f"<h1>Invoice {escape(bill['number'])}</h1><p class=soft>{day(bill['created'])}, {escape(bill['status'])}</p>"
        f"<table><tr><td>Premium, one month</td><td>{money(bill['total'])}</td></tr></table>",
    )


def overview(now: int, bought: list[Obj], events: list[Obj]) -> str:
    """Return the sandbox's front page: its time, the subscriptions, the last events."""
    subscriptions = "".join(
        f"<tr><td><code>{item['id']}</code></td><td>{escape(item['status'])}</td><td>{day(period_end(item))}</td></tr>"
        for item in bought
    )
    told = "".join(
        f"<tr><td>{escape(each['type'])}</td><td><code>{each['id']}</code></td></tr>" for each in events[:25]
    )
    return page(
        "Overview",
        f"<h1>Payment sandbox</h1><p class=soft>Its date is {day(now)}.</p>"
        f"<section class=card><h2>Subscriptions</h2><table>{subscriptions}</table></section>"
        f"<section class=card><h2>Latest events</h2><table>{told}</table></section>",
    )
