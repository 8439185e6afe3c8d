"""A person at the sign-in provider, over HTTP; and the check of PKCE that the mock leaves out."""

from __future__ import annotations

import base64
import hashlib
import re
from dataclasses import dataclass
from io import BytesIO
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, urlsplit

import requests
from django.http import HttpResponse
from django.test import Client

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

LOGIN = "/accounts/oidc/globus-sandbox/login/"


class CheckedPkce:
    """Notes the challenge that a code was asked with, and whether the code's exchange fits it (RFC 7636)."""

    def __init__(self, app: WSGIApplication) -> None:
        self._app = app
        self._challenge: list[str] = []
        self.exchanges: list[bool] = []

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Any:
        if environ["PATH_INFO"] == "/oauth2/authorize" and environ["REQUEST_METHOD"] == "POST":
            self._challenge = parse_qs(environ["QUERY_STRING"]).get("code_challenge", [])
        if environ["PATH_INFO"] == "/oauth2/token":
            body = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
            verifier = parse_qs(body.decode()).get("code_verifier", [""])[0]
            digest = base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).decode().rstrip("=")
            self.exchanges.append([digest] == self._challenge)
            environ["wsgi.input"] = BytesIO(body)
        return self._app(environ, start_response)


@dataclass
class Provider:
    """The provider that runs at ``url``."""

    url: str
    app: CheckedPkce

    def knows(self, sub: str, **claims: Any) -> str:
        """Have somebody there; return their sub."""
        requests.put(f"{self.url}/users/{sub}", json=claims, timeout=5).raise_for_status()
        return sub

    def sign_in(self, browser: Client, sub: str, *, process: str = "login", next_path: str = "") -> HttpResponse:
        """Press the site's button, agree at the provider, and come back; return the site's last page."""
        callback = self.agree(self.start(browser, process=process, next_path=next_path), sub)
        return browser.get(callback, follow=True)  # type: ignore[return-value]  # the test client's own kind

    def start(self, browser: Client, *, process: str = "login", next_path: str = "") -> str:
        """Press the site's button; return the provider's address that it leads to."""
        query = f"?process={process}" + (f"&next={next_path}" if next_path else "")
        page = browser.post(LOGIN + query).content.decode()
        found = re.search(r'content="0;url=([^"]+)"', page)
        assert found, page
        return found[1].replace("&amp;", "&")

    def agree(self, address: str, sub: str) -> str:
        """Agree at the provider as ``sub``; return the path that it sends the browser back to."""
        answer = requests.post(address, data={"sub": sub}, allow_redirects=False, timeout=5)
        parts = urlsplit(answer.headers["location"])
        return f"{parts.path}?{parts.query}"

    def refuse(self, address: str) -> str:
        """Decline at the provider; return the path that it sends the browser back to.

        The mock leaves the state out, which RFC 6749 (section 4.1.2.1) wants back.
        """
        state = parse_qs(urlsplit(address).query)["state"][0]
        answer = requests.post(address, data={"action": "deny"}, allow_redirects=False, timeout=5)
        parts = urlsplit(answer.headers["location"])
        return f"{parts.path}?{parts.query}&state={state}"
