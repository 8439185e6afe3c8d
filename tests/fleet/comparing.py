"""Compares what a template wants with what stands there."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any


def differences(wanted: Any, found: Any, path: str) -> Iterator[str]:
    """Yield the path of every value that is wanted and not there.

    What is there beyond it are a service's defaults. Some services begin names with a small letter, lists have no
    order, and a number is as good as its text.
    """
    if isinstance(wanted, dict):
        here = {key[0].lower() + key[1:]: value for key, value in found.items()} if isinstance(found, dict) else {}
        for key, value in wanted.items():
            yield from differences(value, here.get(key[0].lower() + key[1:]), f"{path}.{key}")
    elif isinstance(wanted, list):
        yield from _of_lists(wanted, found if isinstance(found, list) else [], path)
    elif text(wanted) != text(found):
        yield path


def _of_lists(wanted: list[Any], found: list[Any], path: str) -> Iterator[str]:
    rest = list(found)
    missing = []
    for each in wanted:
        match = next((other for other in rest if not list(differences(each, other, path))), None)
        if match is None:
            missing.append(each)
        else:
            rest.remove(match)
    if len(missing) < len(rest):
        yield f"{path}.(more than wanted)"
    for place, each in enumerate(missing):
        yield from differences(each, rest[place] if place < len(rest) else None, path)


def text(value: Any) -> str:
    """Write a value so that equal ones are equal."""
    if isinstance(value, bool) or value is None:
        return str(value).lower()
    return str(int(value)) if isinstance(value, float) and value.is_integer() else str(value)
