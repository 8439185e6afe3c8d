"""The sign-in sandbox: `python -m sandbox.sign_in` runs oidc-provider-mock with three made-up people.

Takes SANDBOX_SIGN_IN_PORT from the environment. It listens on this machine only, and gives anybody any identity: the
supervisor starts it only where no issuer is configured.
"""

from __future__ import annotations

import logging
import os
import signal
import sys
import threading
import warnings
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from authlib.deprecate import AuthlibDeprecationWarning
from flask import Flask, Response, send_file
from jinja2 import ChoiceLoader, FileSystemLoader
from werkzeug.serving import make_server

# The mock uses a part of authlib that is to go; its warnings would stand in the site's own output.
warnings.simplefilter("ignore", AuthlibDeprecationWarning)
warnings.simplefilter("ignore", DeprecationWarning)

import oidc_provider_mock  # noqa: E402 (after the filters)
from oidc_provider_mock import User  # noqa: E402

HOST = "127.0.0.1"
_HERE = Path(__file__).parent
#: Whatever the provider's pages want, a browser asks this machine alone for it.
_POLICY = "default-src 'self'; style-src 'self' 'unsafe-inline'"
PEOPLE = (
    ("ada-0001", "Ada Okafor", "ada@mito-lab.example", True),
    ("grace-0002", "Grace Lindqvist", "grace@haplo.example", True),
    ("noor-0003", "Noor Haddad", "noor@unconfirmed.example", False),
)


def people() -> list[User]:
    """Return who can be chosen with one click."""
    return [
        User(sub=sub, claims={"name": name, "email": email, "email_verified": verified})
        for sub, name, email, verified in PEOPLE
    ]


def provider_app(users: Sequence[User] = ()) -> Flask:
    """Return the provider, its pages in the sandbox's look: its own ask a host on the internet for their style."""
    app: Flask = oidc_provider_mock.app(user_claims=users)
    ours, theirs = FileSystemLoader(_HERE / "sign_in_pages"), app.jinja_loader
    app.jinja_loader = ChoiceLoader([ours, theirs] if theirs else [ours])
    app.add_url_rule("/style.css", view_func=_style)
    app.after_request(_bounded)
    return app


def _style() -> Response:
    return send_file(_HERE / "style.css")


def _bounded(response: Response) -> Response:
    response.headers["Content-Security-Policy"] = _POLICY
    return response


def main() -> int:
    """Run the provider until a signal comes; refuse to start beside an issuer that is configured."""
    if os.environ.get("OIDC_PROVIDERS"):
        sys.stderr.write("sandbox: OIDC_PROVIDERS is set, so real issuers are meant. The sandbox does not start.\n")
        return 2
    os.environ["AUTHLIB_INSECURE_TRANSPORT"] = "1"  # this machine only, so without TLS
    port = int(os.environ["SANDBOX_SIGN_IN_PORT"])
    logging.getLogger("werkzeug").setLevel(logging.WARNING)
    server = make_server(HOST, port, provider_app(people()), threaded=True)
    signal.signal(signal.SIGTERM, lambda *_: threading.Thread(target=server.shutdown).start())
    with suppress(KeyboardInterrupt):
        server.serve_forever()
    return 0


if __name__ == "__main__":
    sys.exit(main())
