"""Where a result's files are: in the file store for a job, beside the kept summary for the example."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from annotations import example
from annotations.models import Job, ResultFile
from gas_site.storage import file_store

#: No key of the store begins so.
_EXAMPLE = "example:"


def keys_of(job: Job, *kinds: str) -> dict[str, str]:
    """Return by kind what names a file for ``local``, and nothing else at any time; kinds that are not there not."""
    if job.pk != example.EXAMPLE_ID:
        return dict(ResultFile.objects.filter(job=job, kind__in=kinds).values_list("kind", "key"))
    paths = {kind: example.kept(kind) for kind in kinds}
    return {kind: f"{_EXAMPLE}{kind}:{path.stat().st_mtime_ns}" for kind, path in paths.items() if path.is_file()}


@contextmanager
def local(key: str) -> Iterator[Path]:
    """Give a local path with the file's content while the block runs. Raises FileNotFoundError."""
    if key.startswith(_EXAMPLE):
        yield example.kept(key.split(":")[1])
        return
    with file_store().local(key) as path:
        yield path


@contextmanager
def local_parts(key: str, spans: Sequence[tuple[int, int]]) -> Iterator[Path]:
    """Give the same with no more than these bytes of it (first, last). Raises FileNotFoundError."""
    if key.startswith(_EXAMPLE):
        yield example.kept(key.split(":")[1])
        return
    with file_store().parts(key, spans) as path:
        yield path
