"""Publishes a result: the files first, then the row that says completed and names them."""

from __future__ import annotations

from annotations import moves
from annotations.engine.errors import Stopped
from annotations.engine.task import Result
from annotations.lease import Lease
from annotations.models import Job, ResultFile
from gas_site.storage import file_store


def publish(job: Job, result: Result, lease: Lease, prefix: str) -> bool:
    """Put the files below ``prefix``, the attempt's own, then complete the row if it still bears the attempt.

    A row that says completed has its files. When the row was taken meanwhile, they go again, and the answer is False;
    or Stopped is raised, where that is noticed before all of them are there.
    """
    store = file_store()
    try:
        for file in result.files:
            store.adopt(file.path, f"{prefix}/{file.path.name}", lease.beat)
    except Stopped:
        store.remove_tree(prefix)
        raise
    rows = [
        ResultFile(
            job=job,
            kind=file.kind,
            file_name=file.path.name,
            key=f"{prefix}/{file.path.name}",
            size=file.size,
            sha256=file.sha256,
        )
        for file in result.files
    ]
    if moves.complete(job, result.summary, rows):
        return True
    store.remove_tree(prefix)
    return False
