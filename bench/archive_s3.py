"""Archive and restore in S3 against bare boto3 doing the same to the same files, in the same run.

S3 is moto on this machine, so the figures say what the code adds, not how fast Amazon is. Bare boto3 moves a file as a
careful script would: down and up into the cold class and a look at its head; back by a copy inside S3 and one read.
ARCHIVE_S3_BYTES (default 16 MiB a file), ARCHIVE_FILES (4) and ROUNDS (3) in the environment change the load.
"""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from archive.models import Holding

REGION, FILES, COLD = "eu-west-1", "bench-files", "bench-cold"
GOAL = 0.8
WAIT_SECONDS = 60


def main() -> dict[str, Any]:
    """Measure in a process of its own, print a table and a line of JSON, and return the figures."""
    from sandbox.amazon.server import amazon_server  # noqa: PLC0415 (moto takes its time)

    with amazon_server() as address:
        environment = {
            **os.environ,
            "AWS_ACCESS_KEY_ID": "bench",
            "AWS_SECRET_ACCESS_KEY": "bench",
            "AWS_ENDPOINT_URL": address,
            "STORAGE_URL": f"s3://{FILES}/site?region={REGION}",
            "VAULT_URL": f"s3-glacier://{COLD}/site?class=GLACIER&region={REGION}",
            "ARCHIVE_BYTES": os.environ.get("ARCHIVE_S3_BYTES", str(16 * 2**20)),
        }
        command = [sys.executable, "-m", "bench.archive_s3"]
        done = subprocess.run(command, env=environment, check=True, stdout=subprocess.PIPE, text=True)
    figures: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    print_table(figures)
    print(json.dumps({"archive_s3": figures}))
    return figures


def measure() -> dict[str, Any]:
    """Run the rounds and return medians and ratios."""
    from bench import archive  # noqa: PLC0415 (it reads the load from the environment)
    from gas_site import aws  # noqa: PLC0415

    with tempfile.TemporaryDirectory(prefix="gas-bench-") as scratch:
        archive.start_django(Path(scratch))
        for bucket in (FILES, COLD):
            aws.s3(REGION).create_bucket(Bucket=bucket, CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
        rounds = [_round(Path(scratch), number) for number in range(archive.ROUNDS)]
    return {
        "megabytes": archive.FILES * archive.FILE_BYTES / 2**20,
        "rounds": archive.ROUNDS,
        "seconds": {name: statistics.median(row[name] for row in rounds) for name in rounds[0]},
        "archive_over_bare": statistics.median(row["bare_archive"] / row["archive"] for row in rounds),
        "restore_over_bare": statistics.median(row["bare_restore"] / row["restore"] for row in rounds),
    }


def _round(scratch: Path, number: int) -> dict[str, float]:
    from accounts.models import Plan  # noqa: PLC0415 (Django is set up by now)
    from accounts.plans import set_plan  # noqa: PLC0415
    from archive.tending import tend  # noqa: PLC0415
    from bench.archive import completed_job, expect, seconds  # noqa: PLC0415

    holding = completed_job(number)
    keys = [f"site/{file.key}" for file in holding.files.all()]
    bare = {"bare_archive": seconds(lambda: _bare_archive(keys, scratch / "copy"))}
    _wait_for([f"bare/{key}" for key in keys])
    bare["bare_restore"] = seconds(lambda: _bare_restore(keys))
    archived = seconds(lambda: tend(holding.pk))
    expect(holding, "archived")
    set_plan(holding.owner, Plan.objects.get(pk=Plan.PREMIUM), reason="bench")
    tend(holding.pk)  # asks
    _wait_for([f"site/archives/{file.archive_id}.data" for file in holding.files.all()])
    restored = seconds(lambda: _thaw(holding))
    expect(holding, "available")
    return {**bare, "archive": archived, "restore": restored}


def _thaw(holding: Holding) -> None:
    from archive.models import Holding  # noqa: PLC0415 (Django is set up by now)
    from archive.tending import tend  # noqa: PLC0415

    Holding.objects.filter(pk=holding.pk).update(expected_at=None)  # the vault's wait is not what is measured
    tend(holding.pk)


def _bare_archive(keys: list[str], scratch: Path) -> None:
    client: Any = _client()
    for key in keys:
        client.download_file(FILES, key, str(scratch))
        client.upload_file(str(scratch), COLD, f"bare/{key}", ExtraArgs={"StorageClass": "GLACIER"})
        client.head_object(Bucket=COLD, Key=f"bare/{key}")


def _bare_restore(keys: list[str]) -> None:
    client: Any = _client()
    for key in keys:
        client.copy({"Bucket": COLD, "Key": f"bare/{key}"}, FILES, key, ExtraArgs={"StorageClass": "STANDARD"})
        for _ in client.get_object(Bucket=FILES, Key=key)["Body"].iter_chunks(2**20):
            pass
        client.delete_object(Bucket=COLD, Key=f"bare/{key}")


def _wait_for(keys: list[str]) -> None:
    """Ask for restores, unless the service has, and wait until all are done; the stand-in takes seconds."""
    client: Any = _client()
    for key in keys:
        if "Restore" not in client.head_object(Bucket=COLD, Key=key):
            wanted = {"Days": 1, "GlacierJobParameters": {"Tier": "Expedited"}}
            client.restore_object(Bucket=COLD, Key=key, RestoreRequest=wanted)
    deadline = time.monotonic() + WAIT_SECONDS
    while not all('"false"' in client.head_object(Bucket=COLD, Key=key)["Restore"] for key in keys):
        if time.monotonic() > deadline:
            raise RuntimeError("the stand-in restores nothing")
        time.sleep(0.2)


def _client() -> Any:
    from gas_site import aws  # noqa: PLC0415 (Django is set up by now)

    return aws.s3(REGION)


def print_table(figures: dict[str, Any]) -> None:
    """Print the figures for people."""
    took = figures["seconds"]
    print(f"\nS3 (moto), {figures['megabytes']:,.0f} MiB, median of {figures['rounds']} rounds\n")
    rows = [
        ("bare boto3: down, up, look", f"{took['bare_archive']:.2f} s", ""),
        ("archive (store, compare, remove)", f"{took['archive']:.2f} s", ""),
        ("bare boto3: copy back, read, remove", f"{took['bare_restore']:.2f} s", ""),
        ("restore (copy back, compare, remove)", f"{took['restore']:.2f} s", ""),
        ("bare boto3 / archive", f"{figures['archive_over_bare']:.2f}", f">= {GOAL}"),
        ("bare boto3 / restore", f"{figures['restore_over_bare']:.2f}", f">= {GOAL}"),
    ]
    for name, value, goal in rows:
        print(f"  {name:<46} {value:>14}  {goal}")
    print()


if __name__ == "__main__":
    print(json.dumps(measure()))
