"""The stand-ins of one machine start with the stack, and do not where they are not wanted."""

from __future__ import annotations

import json
import urllib.error
import urllib.request
from pathlib import Path

import pytest

from gas_site.setting_services import port_beside
from tests.stack.processes import until
from tests.stack.stacks import Stack, stack_in


def answer(port: int, path: str) -> str:
    """Return what a stand-in answers, or "" while it does not."""
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", timeout=5) as response:
            text: str = response.read().decode()
            return text
    except urllib.error.URLError:
        return ""


def test_both_stand_ins_answer_beside_the_site(tmp_path: Path, prepared: Path) -> None:
    with stack_in(tmp_path / "data", prepared, SANDBOX="yes") as stack:
        payments, sign_in = (port_beside("UNSET", stack.port, distance) for distance in (1000, 2000))
        until(lambda: bool(answer(payments, "/")), 30, "the payment sandbox answers")
        assert "No money moves" in answer(payments, "/")
        until(lambda: bool(answer(sign_in, "/")), 30, "the sign-in sandbox answers")
        found = json.loads(answer(sign_in, "/.well-known/openid-configuration"))
        assert found["issuer"] == f"http://127.0.0.1:{sign_in}"
        assert (stack.data_dir / "sandbox" / "stripe.sqlite3").is_file()


@pytest.mark.parametrize(("name", "value"), [("STRIPE_SECRET_KEY", "sk_live_abc"), ("OIDC_PROVIDERS", "Not A Name")])
def test_half_a_configuration_of_the_real_ones_stops_the_start(
    tmp_path: Path, prepared: Path, name: str, value: str
) -> None:
    stack = Stack(tmp_path / "data", SANDBOX="yes", **{name: value})
    stack.launch()
    assert stack.wait() == 1
    assert "cannot be used. It takes" in stack.said()
