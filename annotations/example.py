"""The bundled example's result, for everybody to look at: made by the real engine, once a start, and kept."""

from __future__ import annotations

import json
import logging
import os
import shutil
from collections.abc import Mapping
from datetime import UTC, datetime
from functools import lru_cache
from pathlib import Path
from typing import Any
from uuid import UUID

from django.conf import settings

from annotations.catalogue import UnknownReference, reference_named
from annotations.engine.child import run_child
from annotations.engine.errors import EngineError
from annotations.engine.task import Task
from annotations.models import Job, JobStatus

logger = logging.getLogger(__name__)
EXAMPLE_TIMEOUT_SECONDS = 120
#: The example's job has no row; this number says that it is the example.
EXAMPLE_ID = UUID("00000000-0000-4000-8000-00000000e8a1")
_NAMES = {
    "summary": "example.summary.json",
    "table": "example.variants.parquet",
    "vcf": "example.annot.vcf.gz",
    "index": "example.annot.vcf.gz.tbi",
}


def example_summary() -> Mapping[str, Any] | None:
    """Return the summary of the annotated example, or None where ``prepare_example`` has not run."""
    path = kept("summary")
    return _read(path, path.stat().st_mtime_ns) if path.is_file() else None


def is_here() -> bool:
    """Say whether the example has been made on this machine, so that a page may lead to it."""
    return kept("summary").is_file()


def example_job() -> Job | None:
    """Return the example as a job that was never saved and has no owner; None where it has not been made."""
    summary = example_summary()
    if summary is None or not all(kept(kind).is_file() for kind in _NAMES):
        return None
    made = datetime.fromtimestamp(kept("summary").stat().st_mtime, UTC)
    return Job(
        pk=EXAMPLE_ID,
        status=JobStatus.COMPLETED,
        file_name="example.vcf",
        reference="rCRS",
        summary=summary,
        created_at=made,
        finished_at=made,
    )


def kept(kind: str) -> Path:
    """Return where a file of the example is kept."""
    return Path(settings.DATA_DIR) / "example" / _NAMES[kind]


@lru_cache(maxsize=2)
def _read(path: Path, stamp: int) -> dict[str, Any]:
    """Read the kept summary; ``stamp`` makes a new one be read again."""
    summary: dict[str, Any] = json.loads(path.read_text())
    return summary


def prepare_example() -> bool:
    """Annotate the bundled example with the installed engine and keep its files; return whether it worked.

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
    kept("summary").parent.mkdir(parents=True, exist_ok=True)
    made = {file.kind: file.path for file in result.files}
    made["summary"].write_text(json.dumps(result.summary))
    # The summary last: with it the example is there.
    for kind in reversed(_NAMES):
        os.replace(made[kind], kept(kind))
    shutil.rmtree(scratch, ignore_errors=True)
    return True
