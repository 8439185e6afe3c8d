"""The list of steps is what the code has, no more and no less, and nothing happens at a step that nobody named."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

import archive
from archive import failpoints

PACKAGE = Path(archive.__file__).parent


def calls_of_reach() -> list[tuple[str, ast.expr]]:
    """Return every call of reach() in the package: its file and its argument."""
    found = []
    for path in PACKAGE.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if not isinstance(node, ast.Call):
                continue
            name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
            if name == "reach":
                found.append((path.name, node.args[0]))
    return found


def test_the_list_of_steps_is_complete() -> None:
    arguments = [argument for _, argument in calls_of_reach()]
    assert all(isinstance(argument, ast.Constant) for argument in arguments), "a step's name is written out"
    names = [argument.value for argument in arguments if isinstance(argument, ast.Constant)]
    assert set(names) == failpoints.STEPS
    assert len(names) == len(set(names)), "a name is one place"


def test_a_named_step_kills_and_another_does_not(monkeypatch: pytest.MonkeyPatch) -> None:
    kills: list[int] = []
    monkeypatch.setattr("archive.failpoints.os.kill", lambda pid, number: kills.append(number))
    failpoints.reach("archive.noted")
    monkeypatch.setenv("GAS_FAILPOINT", "archive.noted:2")
    failpoints._reached.clear()
    failpoints.reach("archive.noted")
    failpoints.reach("archive.stored")
    assert kills == []
    failpoints.reach("archive.noted")
    assert kills == [9]
