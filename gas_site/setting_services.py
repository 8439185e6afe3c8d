"""Settings for the services outside: Stripe and the sign-in providers, or their sandboxes on one machine."""

from __future__ import annotations

import hashlib
import hmac
import ipaddress
import re
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from gas_site.environment import BadSetting, flag, integer, text, words

STRIPE_API = "https://api.stripe.com"
SANDBOX_PRICE = "price_sandbox_premium"
MAX_PORT = 65_535
# Issuers that need no OIDC_NAME_ISSUER. Each publishes its endpoints below /.well-known/openid-configuration.
KNOWN_ISSUERS = {
    "globus": ("Globus", "https://auth.globus.org"),
    "orcid": ("ORCID", "https://orcid.org"),
    "google": ("Google", "https://accounts.google.com"),
}


@dataclass(frozen=True)
class Payments:
    """Where payments go. Without keys and without the sandbox, ``key`` is empty and Premium cannot be bought."""

    key: str
    webhook_secret: str
    price: str
    api: str


def sandbox_allowed(site_url: str) -> bool:
    """Say whether the sandboxes run: SANDBOX, or by default only where the site is reached from this machine alone."""
    return flag("SANDBOX", default=_is_this_machine(site_url))


def port_beside(name: str, port: int, distance: int) -> int:
    """Return the port of a sandbox: given by ``name``, or ``distance`` away from the site's own."""
    default = port + distance if port + distance <= MAX_PORT else port - distance
    return integer(name, default, least=1, most=MAX_PORT)


def payments(secret_key: str, sandbox: bool, sandbox_port: int) -> Payments:
    """Return Stripe's keys from the environment, or the sandbox's, or none."""
    key = text("STRIPE_SECRET_KEY")
    if not key:
        if not sandbox:
            return Payments("", "", "", STRIPE_API)
        api = f"http://127.0.0.1:{sandbox_port}"
        key, secret = (f"{kind}_{derived(secret_key, f'stripe {kind}')}" for kind in ("sk_test", "whsec"))
        return Payments(key, secret, SANDBOX_PRICE, api)
    if not re.fullmatch(r"(sk|rk)_(test|live)_\w+", key):
        # The value stays unread: a mistyped key is still most of a key.
        raise BadSetting(
            "STRIPE_SECRET_KEY", "***", "a secret key of Stripe's: sk_live_…, sk_test_… or a restricted rk_…"
        )
    needed = {name: text(name) for name in ("STRIPE_WEBHOOK_SECRET", "STRIPE_PRICE")}
    for name, prefix in (("STRIPE_WEBHOOK_SECRET", "whsec_"), ("STRIPE_PRICE", "price_")):
        if not needed[name].startswith(prefix):
            raise BadSetting(name, "***" if needed[name] else "", f"{prefix}…; STRIPE_SECRET_KEY needs it beside")
    return Payments(key, needed["STRIPE_WEBHOOK_SECRET"], needed["STRIPE_PRICE"], STRIPE_API)


def derived(secret_key: str, purpose: str) -> str:
    """Return a secret for one purpose, the same in every process of the stack."""
    return hmac.new(secret_key.encode(), purpose.encode(), hashlib.sha256).hexdigest()[:32]


def sign_in_providers(sandbox: bool, sandbox_port: int) -> list[dict[str, Any]]:
    """Return allauth's apps of the providers that OIDC_PROVIDERS names, or the sandbox's."""
    names = words("OIDC_PROVIDERS", "")
    if names:
        return [_provider(name) for name in names]
    if not sandbox:
        return []
    settings = {"server_url": f"http://127.0.0.1:{sandbox_port}"}
    return [_app("globus-sandbox", "Globus (sandbox)", "gas", "sandbox", settings)]


def _provider(name: str) -> dict[str, Any]:
    if not re.fullmatch(r"[a-z][a-z0-9-]{0,30}", name):
        raise BadSetting("OIDC_PROVIDERS", name, "names of small letters, digits and hyphens, with commas between")
    prefix = f"OIDC_{name.upper().replace('-', '_')}"
    title, known = KNOWN_ISSUERS.get(name, (name.replace("-", " ").capitalize(), ""))
    issuer = text(f"{prefix}_ISSUER", known).rstrip("/")
    if not issuer.startswith("https://") and not _is_this_machine(issuer):
        raise BadSetting(f"{prefix}_ISSUER", issuer, "the issuer's address, https://HOST")
    client = text(f"{prefix}_CLIENT_ID")
    if not client:
        raise BadSetting(f"{prefix}_CLIENT_ID", "", f"the id that {title} gave this site")
    settings = {"server_url": issuer, "email_authentication": flag(f"{prefix}_JOIN_BY_EMAIL", default=True)}
    return _app(name, text(f"{prefix}_NAME", title), client, text(f"{prefix}_CLIENT_SECRET"), settings)


def _app(provider_id: str, name: str, client_id: str, secret: str, settings: dict[str, Any]) -> dict[str, Any]:
    # sub is the one claim that an issuer never gives to somebody else (OpenID Connect Core 1.0, section 5.7).
    settings = {"uid_field": "sub", "oauth_pkce_enabled": True, **settings}
    return {"provider_id": provider_id, "name": name, "client_id": client_id, "secret": secret, "settings": settings}


def _is_this_machine(url: str) -> bool:
    host = urlsplit(url).hostname or ""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def is_address(url: str) -> bool:
    """Say whether the host of ``url`` is an IP address: browsers give no passkeys to these."""
    try:
        ipaddress.ip_address(urlsplit(url).hostname or "")
    except ValueError:
        return False
    return True
