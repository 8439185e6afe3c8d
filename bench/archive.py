"""Archive and restore throughput against a plain copy of the same files, in the same run.

The copy is what `cp` and `sync` would do: read, write, fsync. Beside it stands what a copy costs that may be trusted:
the same, read again with its SHA-256. The deeds are the real ones, as a worker does them,
with rows, claims, SHA-256 of both copies, and the removal of the one that no longer counts. ARCHIVE_BYTES (default
64 MiB a file), ARCHIVE_FILES (4) and ROUNDS (3) in the environment change the load.
"""

from __future__ import annotations

import hashlib
import json
import os
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from archive.models import Holding

FILE_BYTES = int(os.environ.get("ARCHIVE_BYTES", str(64 * 2**20)))
FILES = int(os.environ.get("ARCHIVE_FILES", "4"))
ROUNDS = int(os.environ.get("ROUNDS", "3"))
PIECE = 2**20
GOAL = 0.8


def main() -> dict[str, Any]:
    """Measure, print a table and a line of JSON, and return the figures."""
    with tempfile.TemporaryDirectory(prefix="gas-bench-", dir=os.environ.get("BENCH_DIR")) as scratch:
        start_django(Path(scratch))
        figures = measure(Path(scratch))
    print_table(figures)
    print(json.dumps(figures))
    return figures


def start_django(scratch: Path) -> None:
    """Set up the service in this process, with a data directory of its own."""
    os.environ |= {"DATA_DIR": str(scratch / "data"), "EMAIL_URL": "console:", "LOG_LEVEL": "WARNING"}
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "gas_site.settings")
    import django  # noqa: PLC0415 (after the environment is made)

    django.setup()
    from django.core.management import call_command  # noqa: PLC0415

    call_command("migrate", verbosity=0)


def measure(scratch: Path) -> dict[str, Any]:
    """Copy, archive and restore in turn, so that a ratio compares neighbours in time."""
    rounds = [_round(scratch, number) for number in range(ROUNDS)]
    median = {name: statistics.median(row[name] for row in rounds) for name in rounds[0]}
    megabytes = FILES * FILE_BYTES / 2**20
    return {
        "megabytes": megabytes,
        "rounds": ROUNDS,
        "megabytes_per_second": {name: megabytes / seconds for name, seconds in median.items()},
        "archive_over_copy": statistics.median(row["copy"] / row["archive"] for row in rounds),
        "restore_over_copy": statistics.median(row["copy"] / row["restore"] for row in rounds),
        "archive_over_checked_copy": statistics.median(row["checked_copy"] / row["archive"] for row in rounds),
        "restore_over_checked_copy": statistics.median(row["checked_copy"] / row["restore"] for row in rounds),
    }


def _round(scratch: Path, number: int) -> dict[str, float]:
    from accounts.models import Plan  # noqa: PLC0415 (Django is set up by now)
    from accounts.plans import set_plan  # noqa: PLC0415
    from archive.models import Holding  # noqa: PLC0415
    from archive.tending import tend  # noqa: PLC0415

    holding = completed_job(number)
    paths = _paths(holding)
    copies = scratch / "copies"
    copies.mkdir()
    copied = seconds(lambda: _copy_all(paths, copies))
    reread = seconds(lambda: _read_all(copies))
    for path in copies.iterdir():
        path.unlink()
    copies.rmdir()
    archived = seconds(lambda: tend(holding.pk))
    expect(holding, "archived")
    set_plan(holding.owner, Plan.objects.get(pk=Plan.PREMIUM), reason="bench")

    def restore() -> None:
        tend(holding.pk)  # asks
        Holding.objects.filter(pk=holding.pk).update(expected_at=None)  # the vault's wait is not what is measured
        tend(holding.pk)  # thaws

    restored = seconds(restore)
    expect(holding, "available")
    holding.job.files.all().delete()
    for path in paths:
        path.unlink()
    return {"copy": copied, "checked_copy": copied + reread, "archive": archived, "restore": restored}


def completed_job(number: int) -> Holding:
    """Make the holding of a job that is due, with files that do not compress, as BGZF and Parquet do not."""
    from django.utils import timezone  # noqa: PLC0415

    from accounts.models import User  # noqa: PLC0415
    from annotations.models import Job, JobStatus  # noqa: PLC0415
    from archive.models import Holding, HoldingFile  # noqa: PLC0415
    from gas_site.storage import file_store  # noqa: PLC0415

    user = User.objects.create_user(f"bench{number}@example.org")
    job = Job.objects.create(user=user, status=JobStatus.COMPLETED, file_name="bench.vcf", reference="rCRS")
    due_at = timezone.now() - timedelta(seconds=1)
    holding = Holding.objects.create(job=job, owner=user, due_at=due_at, wake_at=due_at)
    for part in range(FILES):
        key, digest = f"results/{job.pk}/1/part{part}", hashlib.sha256()
        pieces = [os.urandom(PIECE)] * (FILE_BYTES // PIECE)
        for piece in pieces:
            digest.update(piece)
        size = file_store().receive(iter(pieces), key)
        HoldingFile.objects.create(holding=holding, kind=str(part), key=key, size=size, sha256=digest.hexdigest())
    return holding


def _paths(holding: Holding) -> list[Path]:
    """Return where the files of a holding lie on the disk."""
    from gas_site.storage import file_store  # noqa: PLC0415 (Django is set up by now)

    paths = []
    for file in holding.files.all():
        with file_store().local(file.key) as path:
            paths.append(path)
    return paths


def _copy_all(paths: list[Path], directory: Path) -> None:
    for path in paths:
        _copy(path, directory / path.name)


def _read_all(directory: Path) -> None:
    for path in directory.iterdir():
        with path.open("rb") as copy:
            hashlib.file_digest(copy, "sha256")


def _copy(source: Path, target: Path) -> None:
    """Copy one file and make it durable, as a careful `cp` would."""
    with source.open("rb") as reading, target.open("wb") as writing:
        while piece := reading.read(PIECE):
            writing.write(piece)
        writing.flush()
        os.fsync(writing.fileno())


def seconds(deed: Callable[[], object]) -> float:
    """Return how long something takes."""
    started = time.monotonic()
    deed()
    return time.monotonic() - started


def expect(holding: Holding, state: str) -> None:
    """Raise RuntimeError where a deed did not come to its end."""
    holding.refresh_from_db()
    if (holding.state, holding.untidy) != (state, False):
        raise RuntimeError(f"the holding is {holding.state}, not {state}: {holding.last_error}")


def print_table(figures: dict[str, Any]) -> None:
    """Print the figures for people."""
    speed = figures["megabytes_per_second"]
    print(f"\n{figures['megabytes']:,.0f} MiB, median of {figures['rounds']} rounds\n")
    rows = [
        ("plain copy with fsync", f"{speed['copy']:,.0f} MiB/s", ""),
        ("the same, read again with SHA-256", f"{speed['checked_copy']:,.0f} MiB/s", ""),
        ("archive (store, compare, remove)", f"{speed['archive']:,.0f} MiB/s", ""),
        ("restore (thaw, compare, remove)", f"{speed['restore']:,.0f} MiB/s", ""),
        ("archive / copy", f"{figures['archive_over_copy']:.2f}", f">= {GOAL}"),
        ("restore / copy", f"{figures['restore_over_copy']:.2f}", f">= {GOAL}"),
        ("archive / copy read again", f"{figures['archive_over_checked_copy']:.2f}", ""),
        ("restore / copy read again", f"{figures['restore_over_checked_copy']:.2f}", ""),
    ]
    for name, value, goal in rows:
        print(f"  {name:<46} {value:>14}  {goal}")
    print()


if __name__ == "__main__":
    sys.exit(0 if main() else 1)
