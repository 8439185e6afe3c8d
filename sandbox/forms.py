"""Reads Stripe's request bodies: form fields whose names nest with brackets."""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import parse_qsl

_PART = re.compile(r"[^\[\]]+")


def read_form(body: str) -> dict[str, Any]:
    """``a[b]=1&c[0]=2`` -> {"a": {"b": "1"}, "c": ["2"]}."""
    tree: dict[str, Any] = {}
    for name, value in parse_qsl(body, keep_blank_values=True):
        parts = _PART.findall(name)
        if not parts:
            continue
        branch = tree
        for part in parts[:-1]:
            nested = branch.setdefault(part, {})
            if not isinstance(nested, dict):
                nested = branch[part] = {}
            branch = nested
        branch[parts[-1]] = value
    return {name: _lists(value) for name, value in tree.items()}


def _lists(value: Any) -> Any:
    """Turn every mapping with the keys 0, 1, 2… into a list."""
    if not isinstance(value, dict):
        return value
    inner = {name: _lists(item) for name, item in value.items()}
    if inner and all(name.isdigit() for name in inner):
        return [inner[name] for name in sorted(inner, key=int)]
    return inner


def truth(value: Any) -> bool:
    """Return a form's boolean."""
    return str(value).lower() == "true"
