"""A process of the site that starts: refused by a bad value, ready with none, light where it only sends messages."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from django.conf import settings


def check(tmp_path: Path, **variables: str) -> subprocess.CompletedProcess[str]:
    """Run `manage.py check` in a fresh process with the given environment."""
    environ = {"PATH": os.environ["PATH"], "DATA_DIR": str(tmp_path / "data"), **variables}
    command = [sys.executable, str(settings.BASE_DIR / "manage.py"), "check"]
    return subprocess.run(command, env=environ, capture_output=True, text=True, check=False, timeout=60)


@pytest.mark.parametrize(
    ("name", "value", "takes"),
    [
        ("PORT", "eighty", "a whole number from 1 to 65535"),
        ("LEASE", "1s", "a length of time such as 30s, 5m, 2h or 7d, 2s or more"),
        ("DATABASE_URL", "oracle://u:hunter2@h/x", "sqlite:///PATH or postgres://USER:PASSWORD@HOST:PORT/NAME"),
    ],
)
def test_a_bad_value_stops_the_boot(tmp_path: Path, name: str, value: str, takes: str) -> None:
    result = check(tmp_path, **{name: value})
    assert result.returncode != 0
    last = result.stderr.strip().splitlines()[-1]
    assert name in last
    assert last.endswith(f"cannot be used. It takes {takes}.")
    assert "hunter2" not in result.stderr


def test_a_data_directory_that_cannot_be_made_stops_the_boot(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    result = check(tmp_path, DATA_DIR=str(tmp_path / "file"))
    last = result.stderr.strip().splitlines()[-1]
    assert result.returncode != 0
    assert last.endswith("cannot be used. It takes a directory that this user may write to.")
    assert "DATA_DIR=" in last


def test_the_defaults_start_and_keep_one_secret_key(tmp_path: Path) -> None:
    first = check(tmp_path)
    assert first.returncode == 0, first.stderr
    key = tmp_path / "data" / "secret_key"
    kept = key.read_text()
    assert len(kept) > 50
    assert key.stat().st_mode & 0o777 == 0o600
    assert check(tmp_path).returncode == 0
    assert key.read_text() == kept
    assert [path.name for path in key.parent.glob(".secret_key*")] == []


def test_a_process_that_only_knows_the_actors_does_without_what_they_do_their_work_with(tmp_path: Path) -> None:
    # Half of the second that each process of a stack, and each command, otherwise takes to start.
    script = "import django; django.setup(); import dramatiq, gas_site.sweeping, sys;"
    script += "print(*dramatiq.get_broker().get_declared_actors()); print(*sys.modules)"
    environ = {"PATH": os.environ["PATH"], "DATA_DIR": str(tmp_path), "DJANGO_SETTINGS_MODULE": "gas_site.settings"}
    command = [sys.executable, "-c", script]
    ran = subprocess.run(command, cwd=settings.BASE_DIR, env=environ, capture_output=True, text=True, check=True)
    actors, modules = (set(line.split()) for line in ran.stdout.splitlines())
    assert {"annotate", "make_export", "tend_holding", "handle_stripe_event"} <= actors
    assert not modules & {"boto3", "duckdb", "numpy", "pyarrow", "pysam", "stripe", "xlsxwriter", "gas_site.urls"}
