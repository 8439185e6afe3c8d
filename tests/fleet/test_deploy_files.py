"""The image and the template are what their linters and the product ask for."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from bench.site import ROOT
from deploy.render import template

DEPLOY = ROOT / "deploy"
BIN = Path(sys.executable).parent


@pytest.fixture(scope="module")
def rendered(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("template") / "template.json"
    command = [sys.executable, str(DEPLOY / "render.py")]
    path.write_bytes(subprocess.run(command, check=True, capture_output=True).stdout)
    return path


def run(*command: str) -> str:
    """Run a linter and return everything it says."""
    ended = subprocess.run(command, capture_output=True, text=True, check=False, cwd=ROOT)
    return ended.stdout + ended.stderr


def test_cfn_lint_finds_nothing_in_the_template(rendered: Path) -> None:
    assert run(str(BIN / "cfn-lint"), str(rendered)) == ""


def test_every_exception_from_checkov_says_why() -> None:
    """`make check-deploy` runs checkov itself, which takes a virtual environment of its own."""
    resources = template()["Resources"].values()
    skipped = [skip for row in resources for skip in row.get("Metadata", {}).get("checkov", {}).get("skip", [])]
    assert {skip["id"] for skip in skipped} == {
        "CKV_AWS_18",
        "CKV_AWS_21",
        "CKV_AWS_27",
        "CKV_AWS_118",
        "CKV_AWS_161",
        "CKV_AWS_260",
    }
    assert all(len(skip["comment"].split()) >= 4 for skip in skipped)


def test_the_template_fits_into_one_call(rendered: Path) -> None:
    assert rendered.stat().st_size <= 51_200


def test_hadolint_finds_nothing_in_the_dockerfile() -> None:
    assert run(str(BIN / "hadolint"), "deploy/Dockerfile") == ""


def test_the_image_holds_what_every_role_needs(tmp_path: Path) -> None:
    """Copy what .dockerignore lets through, and let the product check itself there."""
    kept = [line[1:] for line in (ROOT / ".dockerignore").read_text().splitlines() if line.startswith("!")]
    for name in kept:
        source = ROOT / name
        ignore = shutil.ignore_patterns("__pycache__", "*.pyc")
        shutil.copytree(source, tmp_path / name, ignore=ignore) if source.is_dir() else shutil.copy(source, tmp_path)
    environment = {"PATH": os.environ["PATH"], "DATA_DIR": str(tmp_path / "data"), "SANDBOX": "no"}
    for command in (["check"], ["collectstatic", "--no-input", "-v", "0"], ["join", "--help"], ["references"]):
        ended = subprocess.run(
            [sys.executable, "manage.py", *command],
            cwd=tmp_path,
            env=environment,
            capture_output=True,
            text=True,
            check=False,
        )
        assert ended.returncode == 0, ended.stderr


def containers() -> list[dict[str, Any]]:
    resources = template()["Resources"].values()
    tasks = [resource for resource in resources if resource["Type"] == "AWS::ECS::TaskDefinition"]
    return [container for task in tasks for container in task["Properties"]["ContainerDefinitions"]]


def test_every_container_is_bound_to_its_data_and_nobody() -> None:
    assert [container["Command"] for container in containers()] == [
        ["join", "web"],
        ["join", "annotate"],
        ["join", "work"],
        ["join", "sweep"],
        ["join", "listen"],
    ]
    for container in containers():
        assert container["ReadonlyRootFilesystem"] is True
        assert container["User"] == "10001:10001"
        assert container["LinuxParameters"]["Capabilities"] == {"Drop": ["ALL"]}


def test_the_settings_of_a_task_are_settings_the_product_has() -> None:
    names = {entry["Name"] for entry in [*containers()[0]["Environment"], *containers()[0]["Secrets"]]}
    readme = (ROOT / "README.md").read_text()
    unknown = {name for name in names if f"`{name}`" not in readme} - {"AWS_REGION"}
    assert unknown == set()


def test_the_bounds_are_the_capstones() -> None:
    parameters = template()["Parameters"]
    defaults = {name: parameters[name]["Default"] for name in ("WebLeast", "WebMost", "AnnotatorsLeast")}
    assert defaults == {"WebLeast": 2, "WebMost": 10, "AnnotatorsLeast": 2}


def test_the_queues_are_as_the_product_would_make_them() -> None:
    resources = template()["Resources"]
    for name in ("Annotate", "Storage", "Default"):
        queue = resources[f"{name}Queue"]["Properties"]
        assert queue["QueueName"] == f"gas_{name.lower()}"
        assert queue["VisibilityTimeout"] == 120
        assert queue["RedrivePolicy"]["maxReceiveCount"] == 3
        assert resources[f"{name}Dead"]["Properties"]["QueueName"] == f"gas_{name.lower()}_dlq"


def test_the_compose_file_publishes_one_port_on_this_machine_alone() -> None:
    services = yaml.safe_load((DEPLOY / "compose.yaml").read_text())["services"]
    assert {name: service["ports"] for name, service in services.items() if "ports" in service} == {
        "web": ["127.0.0.1:8000:8000"]
    }


def test_the_render_is_json_without_short_forms(rendered: Path) -> None:
    found = json.loads(rendered.read_text())
    assert found["Resources"]["PublicA"]["Properties"]["AvailabilityZone"] == {"Fn::Select": [0, {"Fn::GetAZs": ""}]}
    assert found["Resources"]["AnnotateQueue"]["Properties"]["RedrivePolicy"]["deadLetterTargetArn"] == {
        "Fn::GetAtt": ["AnnotateDead", "Arn"]
    }
