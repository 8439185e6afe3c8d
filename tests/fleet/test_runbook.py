"""The runbook's commands are commands: services, operations, options and values as Amazon describes them."""

from __future__ import annotations

import json
import re
import shlex
from typing import Any

import boto3
import pytest
from botocore import xform_name
from botocore.model import OperationModel, Shape
from botocore.validate import ParamValidator

from deploy.render import template
from tests.cloud.queues import ROOT
from tests.fleet.stack_in_moto import REGION

# A command that the CLI has made of several calls, and what it takes of ours.
DEPLOY = {"--stack-name", "--template-file", "--capabilities", "--disable-rollback", "--parameter-overrides"}


def commands() -> list[str]:
    """Return every whole command of the runbook, and the one that the stack puts out."""
    text = (ROOT / "docs" / "operations.md").read_text().replace("\\\n", " ")
    found = re.findall(r"^ {4,}(aws .*)$", text, re.MULTILINE)
    return [*found, str(template()["Outputs"]["PrepareCommand"]["Value"]["Fn::Sub"])]


def operation(service: str, verb: str) -> OperationModel:
    """Return an operation by the CLI's name for it; of ``wait``, what it asks."""
    client: Any = boto3.client(service, region_name=REGION)  # type: ignore[call-overload]
    names = {xform_name(name, "-"): name for name in client.meta.service_model.operation_names}
    found: OperationModel = client.meta.service_model.operation_model(names[verb])
    return found


def value(shape: Shape, words: list[str]) -> Any:
    """Read an option's words as the CLI does."""
    match shape.type_name:
        case "boolean":
            assert words == []
            return True
        case "integer" | "long":
            return int(words[0])
        case "list":
            return words
        case "structure":
            return json.loads(words[0]) if words[0].startswith("{") else {}
    [word] = words
    return word


def parameters(model: OperationModel, words: list[str]) -> dict[str, Any]:
    """Return the call's parameters. Raises KeyError for an option that there is not."""
    assert model.input_shape is not None
    members = {f"--{xform_name(name, '-')}": name for name in model.input_shape.members}
    given: dict[str, list[str]] = {}
    for word in words:
        if word.startswith("--"):
            given[word] = []
        else:
            given[[*given][-1]].append(word)
    found = {}
    for option, its in given.items():
        name = members[option] if option in members else members[option.replace("--no-", "--", 1)]
        found[name] = value(model.input_shape.members[name], its)
    return found


def complaints(model: OperationModel, words: list[str]) -> str:
    """Return what botocore would say before it sends the call; nothing where it would send it."""
    assert model.input_shape is not None
    return str(ParamValidator().validate(parameters(model, words), model.input_shape).generate_report())


@pytest.mark.parametrize("command", commands())
def test_a_command_of_the_runbook_is_one_that_amazon_takes(command: str) -> None:
    _, service, verb, *words = shlex.split(command)
    if (service, verb) == ("cloudformation", "deploy"):
        assert {word for word in words if word.startswith("--")} <= DEPLOY
        return
    if verb == "wait":
        waiter = boto3.client(service, region_name=REGION).waiter_names  # type: ignore[call-overload]
        assert xform_name(words[0].replace("-", "_")) in waiter
        return
    model = operation(service, verb)
    assert complaints(model, words) == ""


def test_references_are_pushed_after_their_bucket_is_made_and_before_a_task_asks_for_them() -> None:
    text = (ROOT / "docs" / "operations.md").read_text()
    first = text[text.index("### Deploy") : text.index("### Roll out")]
    steps = ["Serving=no Image", "references push GRCh38", "PrepareCommand`", "Serving=yes"]
    places = [first.index(step) for step in steps]
    assert places == sorted(places)


def test_the_runbook_has_commands_and_a_wrong_one_is_noticed() -> None:
    assert len(commands()) >= 16
    model = operation("ecs", "update-service")
    with pytest.raises(KeyError):
        parameters(model, ["--cluster", "gas", "--desired-number", "0"])
    assert 'Missing required parameter in input: "service"' in complaints(model, ["--cluster", "gas"])
