"""Fixtures of the tests that speak to Amazon's services, or to what stands in for them."""

from __future__ import annotations

import urllib.request
from collections.abc import Iterator

import pytest

from sandbox.amazon.server import amazon_server


@pytest.fixture(scope="session")
def moto() -> Iterator[str]:
    """Run moto's server for all tests of this process; give its address."""
    with amazon_server() as address:
        yield address


@pytest.fixture
def amazon(moto: str, monkeypatch: pytest.MonkeyPatch) -> str:
    """Lead every client made from now on, in this process and its children, to an empty moto; give its address."""
    urllib.request.urlopen(urllib.request.Request(f"{moto}/moto-api/reset", method="POST")).close()  # noqa: S310 (ours)
    monkeypatch.setenv("AWS_ENDPOINT_URL", moto)
    return moto
