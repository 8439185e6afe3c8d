"""A new machine of the fleet waits for its services, then becomes its role."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from pytest_django import Settings

from bench.site import ROOT
from deploy.render import template
from gas_site.management.commands.join import role_command


def join(data_dir: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "DATA_DIR": str(data_dir)}
    command = [sys.executable, str(ROOT / "manage.py"), "join", *arguments]
    return subprocess.run(command, env=environment, capture_output=True, text=True, check=False, timeout=60)


def test_before_the_database_is_prepared_it_waits_and_then_says_what_to_do(tmp_path: Path) -> None:
    ended = join(tmp_path, "web", "--patience", "0")
    assert ended.returncode == 1
    assert ended.stderr.strip() == (
        "CommandError: The database is not at this version. Run manage.py prepare, once a version."
    )


def test_a_role_that_is_none_is_refused(tmp_path: Path) -> None:
    ended = join(tmp_path, "cook")
    assert ended.returncode == 2
    assert "invalid choice: 'cook'" in ended.stderr


@pytest.mark.parametrize(
    ("role", "ending"),
    [
        ("annotate", ["gas_site.annotator", "--processes", "1", "--threads", "4", "--queues", "annotate"]),
        ("work", ["gas_site.worker", "--processes", "1", "--threads", "5", "--queues", "default", "storage"]),
        ("sweep", [str(ROOT / "manage.py"), "sweep"]),
        ("listen", [str(ROOT / "manage.py"), "listen_retrievals"]),
    ],
)
def test_each_role_has_its_command(settings: Settings, role: str, ending: list[str]) -> None:
    settings.ANNOTATE_THREADS, settings.WORK_THREADS = 3, 5
    assert role_command(role)[-len(ending) :] == ending


def test_without_small_jobs_an_annotator_has_no_thread_for_them(settings: Settings) -> None:
    settings.ANNOTATE_THREADS, settings.EXPRESS_BELOW = 3, 0
    assert role_command("annotate")[-7:] == [
        "gas_site.worker",
        "--processes",
        "1",
        "--threads",
        "3",
        "--queues",
        "annotate",
    ]


def test_the_web_keeps_a_connection_longer_than_the_balancer_does() -> None:
    """The balancer would answer 502 to a request that it sends by a connection which the website closes just then."""
    attributes = template()["Resources"]["Balancer"]["Properties"]["LoadBalancerAttributes"]
    [idle] = [int(row["Value"]) for row in attributes if row["Key"] == "idle_timeout.timeout_seconds"]
    command = role_command("web")
    assert int(command[command.index("--keep-alive") + 1]) > idle


def test_the_web_listens_where_it_is_told_to_with_its_processes_and_threads(settings: Settings) -> None:
    settings.HOST, settings.WEB_WORKERS, settings.WEB_THREADS = "127.0.0.2", 3, 9
    command = " ".join(role_command("web"))
    assert f"--bind 127.0.0.2:{settings.PORT} --workers 3 --threads 9 --graceful-timeout 4" in command
