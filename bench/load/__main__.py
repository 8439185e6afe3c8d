"""`make load`: a stack of its own, USERS people (200) for LOAD_SECONDS (180), and what each page took.

The people arrive within the first third of it. Everything runs on this machine: the stack, the annotators and the
people share its processors, so the figures say what one small machine stands.
"""

from __future__ import annotations

import csv
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

from bench.site import ROOT, Site, running_site

USERS = int(os.environ.get("USERS", "200"))
SECONDS = int(os.environ.get("LOAD_SECONDS", "180"))
PASSWORD = "a-long-load-password"  # noqa: S105 (of people who live for three minutes)
EXAMPLE = ROOT / "annotations" / "references" / "rCRS" / "example.vcf"


def main() -> None:
    """Run and print a Markdown table; the exit code is 1 when any request or any job failed."""
    before = os.getloadavg()[0]
    with tempfile.TemporaryDirectory(prefix="gas-load-") as scratch:
        directory = Path(scratch)
        settings = {"EMAIL_URL": f"file:{directory / 'mail'}", "TRUSTED_PROXIES": "1", "LOG_LEVEL": "WARNING"}
        with running_site(directory / "data", **settings) as site:
            make_people(site)
            send_people(site, directory)
            jobs = jobs_by_status(site)
        pages, failures = (read(directory / f"load_{name}.csv") for name in ("stats", "failures"))
        if not pages:
            sys.exit((directory / "locust.log").read_text())
    print(f"{USERS} people, {SECONDS} s, {os.cpu_count()} processors, load before {before:.1f}")
    print(f"Jobs: {', '.join(f'{count} {status}' for status, count in sorted(jobs.items()))}\n")
    print("| page | requests | failed | p50 | p95 | longest |")
    print("|---|---|---|---|---|---|")
    for row in sorted(pages, key=lambda row: row["Name"] == "Aggregated"):
        name = "all" if row["Name"] == "Aggregated" else row["Name"]
        times = [f"{float(row[column] or 0):,.0f} ms" for column in ("50%", "95%", "100%")]
        print(f"| {' | '.join([name, row['Request Count'], row['Failure Count'], *times])} |")
    for row in failures:
        print(f"\nFailed {row['Occurrences']} times: {row['Method']} {row['Name']}: {row['Error']}")
    sys.exit(1 if failures or jobs.get("failed") else 0)


def read(path: Path) -> list[dict[str, str]]:
    """Return the rows of one of Locust's tables, or none where it did not come so far."""
    return list(csv.DictReader(path.open())) if path.exists() else []


def jobs_by_status(site: Site) -> dict[str, int]:
    """Return how many jobs stand in each status at the end."""
    code = "import json; from annotations.models import Job; print(json.dumps(Job.objects.counts_by_status()))"
    found: dict[str, int] = json.loads(site.manage("shell", "-v", "0", "-c", code).strip().splitlines()[-1])
    return found


def make_people(site: Site) -> None:
    """Make the accounts, all with one password hashed once: that is not what is measured."""
    code = (
        "from accounts.models import User, Plan;"
        "from django.contrib.auth.hashers import make_password;"
        f"hashed = make_password({PASSWORD!r}); plan = Plan.objects.get(pk='premium');"
        f"User.objects.bulk_create(User(email=f'load{{n}}@example.org', password=hashed, plan=plan)"
        f" for n in range({USERS}))"
    )
    site.manage("shell", "-c", code)


def send_people(site: Site, directory: Path) -> None:
    """Let the people come."""
    command = [sys.executable, "-m", "locust", "-f", str(Path(__file__).with_name("locustfile.py")), "--headless"]
    command += ["--host", site.address, "--users", str(USERS), "--spawn-rate", str(max(USERS / (SECONDS / 3), 1))]
    command += ["--run-time", f"{SECONDS}s", "--stop-timeout", "30", "--only-summary", "--csv", str(directory / "load")]
    environment = {**os.environ, "LOAD_EXAMPLE": str(EXAMPLE), "LOAD_PASSWORD": PASSWORD}
    with (directory / "locust.log").open("wb") as log:
        subprocess.run(command, check=False, env=environment, stdout=log, stderr=log)


if __name__ == "__main__":
    main()
