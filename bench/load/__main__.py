"""`make load`: a stack of its own, USERS people (200) for LOAD_SECONDS (180), and what each page took.

The people arrive within the first half minute. Everything runs on this machine: the stack, the annotators and the
people share its processors, so the figures say what one small machine stands.
"""

from __future__ import annotations

import csv
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
    """Run and print a Markdown table; the exit code is 1 when any request failed."""
    with tempfile.TemporaryDirectory(prefix="gas-load-") as scratch:
        directory = Path(scratch)
        settings = {"EMAIL_URL": f"file:{directory / 'mail'}", "TRUSTED_PROXIES": "1", "LOG_LEVEL": "WARNING"}
        with running_site(directory / "data", **settings) as site:
            make_people(site)
            send_people(site, directory)
        rows = list(csv.DictReader((directory / "load_stats.csv").open()))
    print(f"{USERS} people, {SECONDS} s, {os.cpu_count()} processors")
    print("| page | requests | failed | p50 | p95 | longest |")
    print("|---|---|---|---|---|---|")
    for row in rows:
        times = [f"{float(row[column] or 0):,.0f} ms" for column in ("50%", "95%", "100%")]
        print(f"| {' | '.join([row['Name'], row['Request Count'], row['Failure Count'], *times])} |")
    sys.exit(1 if any(int(row["Failure Count"]) for row in rows) else 0)


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
    command += ["--host", site.address, "--users", str(USERS), "--spawn-rate", str(max(USERS / 30, 1))]
    command += ["--run-time", f"{SECONDS}s", "--stop-timeout", "30", "--only-summary", "--csv", str(directory / "load")]
    environment = {**os.environ, "LOAD_EXAMPLE": str(EXAMPLE), "LOAD_PASSWORD": PASSWORD}
    subprocess.run(command, check=False, env=environment, stdout=subprocess.DEVNULL)


if __name__ == "__main__":
    main()
