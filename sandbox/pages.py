"""The sandbox's pages: checkout, 3-D Secure, portal, invoice, overview. Plain forms, and a banner that says what it is."""

from __future__ import annotations

from datetime import UTC, datetime
from html import escape

from sandbox import objects
from sandbox.rules import period_end
from sandbox.store import Obj

STYLE = """
:root { color-scheme: light dark; --ink: light-dark(#12181c, #e8edf0); --soft: light-dark(#47525a, #aeb8bf);
  --paper: light-dark(#ffffff, #0f1316); --sunken: light-dark(#f5f7f7, #161b1f); --line: light-dark(#b8c1c7, #3c464e);
  --banner: light-dark(#fcf0da, #2b2212); --banner-ink: light-dark(#6b3f00, #f0bd6d); --bad: light-dark(#a51d1d, #ff9f98);
  --good: light-dark(#14643a, #7ed4a2); }
* { box-sizing: border-box; margin: 0; }
body { font: 1rem/1.5 Inter, system-ui, sans-serif; background: var(--paper); color: var(--ink); }
.banner { background: var(--banner); color: var(--banner-ink); padding: .625rem 1rem; text-align: center; font-weight: 600; }
main { max-width: 34rem; margin: 0 auto; padding: 2rem 1rem 4rem; display: grid; gap: 1.25rem; }
h1 { font-size: 1.75rem; line-height: 1.2; letter-spacing: -.02em; } h2 { font-size: 1.125rem; }
p.soft, dt, td.soft, small { color: var(--soft); } form { display: grid; gap: .75rem; }
fieldset { border: 0; padding: 0; display: grid; gap: .5rem; } legend { font-weight: 600; margin-bottom: .5rem; padding: 0; }
label { display: grid; grid-template-columns: auto 1fr; gap: .25rem .75rem; align-items: center; border: 1px solid var(--line);
  border-radius: 6px; padding: .75rem 1rem; } label small { grid-column: 2; }
button { font: inherit; font-weight: 500; min-height: 2.75rem; padding: 0 1rem; border: 1px solid var(--line); border-radius: 6px;
  background: var(--paper); color: var(--ink); cursor: pointer; }
button.primary { background: var(--ink); color: var(--paper); border-color: var(--ink); }
:focus-visible { outline: 3px solid #006d98; outline-offset: 2px; }
.bad { color: var(--bad); font-weight: 600; } .good { color: var(--good); font-weight: 600; }
.card { border: 1px solid var(--line); border-radius: 10px; padding: 1.25rem; display: grid; gap: .75rem; background: var(--sunken); }
table { border-collapse: collapse; width: 100%; font-variant-numeric: tabular-nums; }
td, th { text-align: left; padding: .375rem .75rem .375rem 0; vertical-align: top; } a { color: inherit; }
code { overflow-wrap: anywhere; }
"""


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
    pay = f'<button class="primary" name="act" value="pay">Subscribe for {money(session["amount_total"])} a month</button>'
    back = '<button name="act" value="back">Go back without paying</button>'
    return page(
        "Checkout",
        f'<h1>Subscribe to Premium</h1><p class="soft">{money(session["amount_total"])} a month, for {escape(email)}</p>'
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
        acts = [("resume", "Don't cancel")] if bought["cancel_at_period_end"] else [("cancel", "Cancel at the period's end")]
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
    told = "".join(f"<tr><td>{escape(each['type'])}</td><td><code>{each['id']}</code></td></tr>" for each in events[:25])
    return page(
        "Overview",
        f"<h1>Payment sandbox</h1><p class=soft>Its date is {day(now)}. It speaks the part of Stripe's API that the site uses.</p>"
        f"<section class=card><h2>Subscriptions</h2><table>{subscriptions}</table></section>"
        f"<section class=card><h2>Latest events</h2><table>{told}</table></section>",
    )
