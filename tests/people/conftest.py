"""Fixtures of the tests about people: a sign-in provider over HTTP, and somebody who signs in there."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import pytest
from pytest_django import Settings
from werkzeug.serving import make_server

from gas_site import setting_services
from sandbox.sign_in import provider_app
from tests.billing.conftest import inline, queued, real_transactions  # noqa: F401 (fixtures)
from tests.people.provider import CheckedPkce, Provider
from tests.site.conftest import alice, alices, bob, bobs, files, quick_passwords, sent  # noqa: F401 (fixtures)


@pytest.fixture(scope="session")
def running_provider() -> Iterator[Provider]:
    """Run oidc-provider-mock for all tests; what it does not check (PKCE) is checked before it."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("AUTHLIB_INSECURE_TRANSPORT", "1")
        app = CheckedPkce(provider_app())
        server = make_server("127.0.0.1", 0, app, threaded=True)
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        yield Provider(f"http://127.0.0.1:{server.server_port}", app)
        server.shutdown()
        thread.join()


@pytest.fixture
def provider(running_provider: Provider, settings: Settings, db: None) -> Provider:
    """Give the provider, configured as the sandbox's is."""
    port = int(running_provider.url.rpartition(":")[2])
    apps = setting_services.sign_in_providers(True, port)
    settings.SIGN_IN_PROVIDERS = apps
    settings.SOCIALACCOUNT_PROVIDERS = {"openid_connect": {"APPS": apps, "OAUTH_PKCE_ENABLED": True}}
    running_provider.app.exchanges.clear()
    return running_provider
