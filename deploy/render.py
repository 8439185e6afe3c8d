"""Writes the template as CloudFormation takes it: `python deploy/render.py > template.json`.

The source says each thing once, with YAML's anchors, which CloudFormation refuses. Needs PyYAML alone.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import yaml

SOURCE = Path(__file__).with_name("cloudformation.yaml")


class Loader(yaml.SafeLoader):
    """YAML with CloudFormation's short forms, such as !Ref and !Sub."""


def _long_form(loader: Loader, name: str, node: yaml.Node) -> dict[str, Any]:
    """Turn ``!Name value`` into what it stands for.

    https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/intrinsic-function-reference.html
    """
    value: Any
    if isinstance(node, yaml.ScalarNode):
        value = loader.construct_scalar(node)
    elif isinstance(node, yaml.SequenceNode):
        value = loader.construct_sequence(node, deep=True)
    else:
        raise yaml.constructor.ConstructorError(None, None, f"!{name} takes no mapping", node.start_mark)
    if name == "GetAtt" and isinstance(value, str):
        value = value.split(".", 1)
    return {name if name in {"Ref", "Condition"} else f"Fn::{name}": value}


Loader.add_multi_constructor("!", _long_form)


def template() -> dict[str, Any]:
    """Return the template with every anchor and short form written out."""
    found: dict[str, Any] = yaml.load(SOURCE.read_text(encoding="utf-8"), Loader)  # noqa: S506 (a safe loader of ours)
    return found


if __name__ == "__main__":
    # Without spaces: what is given with the call itself may have 51,200 bytes.
    json.dump(template(), sys.stdout, separators=(",", ":"))
