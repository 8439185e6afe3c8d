"""The bundled example's result, for the landing page: made by the real engine, once, and kept."""

from __future__ import annotations

import json
import logging
import shutil
from functools import cache
from pathlib import Path
from typing import Any

from django.conf import settings

from annotations.catalogue import UnknownReference, reference_named
from annotations.engine.child import run_child
from annotations.engine.errors import EngineError
from annotations.engine.task import Task

logger = logging.getLogger(__name__)
EXAMPLE_TIMEOUT_SECONDS = 120


def example_summary() -> dict[str, Any] | None:
    """Return the summary of the annotated example, or None where ``prepare_example`` has not run."""
    path = _kept()
    return _read(path, path.stat().st_mtime_ns) if path.is_file() else None


@cache
def _read(path: Path, stamp: int) -> dict[str, Any]:
    """Read the kept summary; ``stamp`` makes a new one be read again."""
    summary: dict[str, Any] = json.loads(path.read_text())
    return summary


def _kept() -> Path:
    return Path(settings.DATA_DIR) / "example" / "example.summary.json"


def prepare_example() -> bool:
    """Annotate the bundled example with the installed engine and keep its summary; return whether it worked.

    It runs at every start of the stack, so it is also a self-test of the engine on this machine.
    """
    scratch = Path(settings.WORK_DIR) / "example"
    shutil.rmtree(scratch, ignore_errors=True)
    try:
        reference = reference_named("rCRS")
        source = reference.directory / "example.vcf"
        task = Task(input=source, name="example.vcf", reference=reference.directory, output_dir=scratch)
        result = run_child(task, on_progress=lambda _: None, should_stop=lambda: False, timeout=EXAMPLE_TIMEOUT_SECONDS)
    except (EngineError, UnknownReference, OSError):
        logger.exception("the bundled example could not be annotated")
        return False
    target = _kept()
    target.parent.mkdir(parents=True, exist_ok=True)
    partial = target.with_suffix(".partial")
    partial.write_text(json.dumps(result.summary))
    partial.replace(target)
    shutil.rmtree(scratch, ignore_errors=True)
    return True
