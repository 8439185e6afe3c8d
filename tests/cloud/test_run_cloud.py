"""What `make run-cloud` refuses before it starts anything. What it runs is tried in a browser."""

from __future__ import annotations

import pytest

from sandbox import cloud


@pytest.mark.parametrize("name", cloud.KEYS)
def test_it_does_not_start_beside_keys_of_amazons_own(name: str) -> None:
    with pytest.raises(cloud.CannotStart, match=f"{name} is set"):
        cloud.refuse_keys({name: "AKIAIOSFODNN7EXAMPLE"})
    cloud.refuse_keys({name: "testing"})


def test_it_does_not_start_where_one_service_is_led_elsewhere() -> None:
    with pytest.raises(cloud.CannotStart, match="AWS_ENDPOINT_URL_S3 is set"):
        cloud.refuse_keys({"AWS_ENDPOINT_URL_S3": "https://s3.example.org"})
    cloud.refuse_keys({"AWS_ENDPOINT_URL": "http://127.0.0.1:5000"})


def test_it_says_which_vaults_there_are(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CLOUD_VAULT", "tape")
    with pytest.raises(cloud.CannotStart, match=r"CLOUD_VAULT='tape' cannot be used. It takes s3-glacier or glacier"):
        cloud.addresses("")
    monkeypatch.setenv("CLOUD_VAULT", "glacier")
    assert cloud.addresses("TOPIC")["VAULT_URL"].startswith("glacier://eu-west-1/gas-cold?topic=TOPIC&")


def test_every_client_is_led_to_this_machine_and_reads_no_file_of_keys() -> None:
    environment = cloud.toy_keys(5000)
    assert environment["AWS_ENDPOINT_URL"] == "http://127.0.0.1:5000"
    assert {environment[name] for name in ("AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE")} == {"/dev/null"}
