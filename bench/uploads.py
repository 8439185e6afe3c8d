"""`python -m bench.uploads`: a large file into the disk store, against curl sending the same file to a plain receiver.

The receiver is as plain as can be: it reads a socket and writes a file. The site takes the same bytes twice: by curl's
form, in one POST, as a browser without script sends it, and in parts with their SHA-256, as the page sends a large
file. Each round does all of it, one after the other. Seconds end with the site's last answer: by then the file is
durable under its name and looked at, and the plain copy is not even on the disk; so a second figure lets the receiver
sync its file.
UPLOAD_BYTES (default 1 GiB) and ROUNDS (3) in the environment change the load; BENCH_DIR says where.
"""

from __future__ import annotations

import hashlib
import http.client
import json
import math
import os
import queue
import re
import statistics
import subprocess
import sys
import tempfile
import threading
import time
import urllib.parse
from base64 import b64encode
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from bench.plain_receiver import PlainReceiver
from bench.site import Site, running_site

SIZE = int(os.environ.get("UPLOAD_BYTES", str(1024**3)))
ROUNDS = int(os.environ.get("ROUNDS", "3"))
GOAL = 0.5
LANES = 2
SAMPLE_SECONDS = 0.1
HEADER = b"##fileformat=VCFv4.2\n##contig=<ID=MT,length=16569>\n#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO\n"


def main() -> dict[str, Any]:
    """Measure, print a table and a line of JSON, and return the figures."""
    with tempfile.TemporaryDirectory(prefix="gas-bench-", dir=os.environ.get("BENCH_DIR")) as scratch:
        file = make_file(Path(scratch) / "large.vcf", SIZE)
        with running_site(Path(scratch) / "data") as site:
            site.sign_in()
            figures = measure(site, file, Path(scratch))
    print_table(figures)
    print(json.dumps(figures))
    return figures


def make_file(path: Path, size: int) -> Path:
    """Write a VCF of so many bytes or some more: the same records again and again, sorted within a block."""
    block = b"".join(b"MT\t%d\t.\tN\tA\t.\t.\tNOTE=%032d\n" % (at, at) for at in range(1, 16_000))
    with path.open("wb") as file:
        file.write(HEADER)
        while file.tell() < size:
            file.write(block)
    return path


def measure(site: Site, file: Path, scratch: Path) -> dict[str, Any]:
    """Send the file in each way in turn, so that a ratio compares neighbours in time."""
    rounds: list[dict[str, float]] = []
    memory: dict[str, list[int]] = {"post": [], "parts": []}
    verdict = None
    for _ in range(ROUNDS):
        row = {name: plain(file, scratch / "copy", durable=name == "synced") for name in ("curl", "synced")}
        for name, deed in (("post", post), ("parts", parts)):
            with web_memory(site) as grown:
                started = time.monotonic()
                last = deed(site, file)
                row[name] = time.monotonic() - started
                verdict = last or verdict
            memory[name].append(grown())
            drop_all(site)
        rounds.append(row)
    megabytes = file.stat().st_size / 1e6
    ratios = {
        f"{name}_over_{base}": statistics.median(row[base] / row[name] for row in rounds)
        for name in ("post", "parts")
        for base in ("curl", "synced")
    }
    speeds = {name: megabytes / statistics.median(row[name] for row in rounds) for name in rounds[0]}
    return {
        "megabytes": megabytes,
        "rounds": ROUNDS,
        "load": os.getloadavg()[0],
        "megabytes_per_second": speeds,
        "verdict_seconds": verdict,
        "web_process_grew_by": {name: max(values) for name, values in memory.items()},
        **ratios,
    }


def plain(file: Path, copy: Path, *, durable: bool) -> float:
    """Let curl PUT the file to a receiver that writes it; return the seconds until it is answered."""
    receiver = PlainReceiver(copy, durable=durable)
    took = seconds(lambda: curl("--upload-file", str(file), receiver.address))
    receiver.end()
    if copy.stat().st_size != file.stat().st_size:
        raise RuntimeError("the receiver has not the whole file")
    copy.unlink()
    return took


# The site --------------------------------------------------------------------------------------------------


def post(site: Site, file: Path) -> None:
    """Send the file as a form, by curl."""
    token = csrf(site)
    fields = {"csrfmiddlewaretoken": token, "reference": "rCRS", "check": "1"}
    form = [word for name, value in fields.items() for word in ("--form", f"{name}={value}")]
    answer = curl(
        *["--cookie", cookies(site), "--header", f"Referer: {site.address}/annotate/", "--header", "HX-Request: true"],
        *[*form, "--form", f"vcf_file=@{file}", site.address + "/annotate/"],
    )
    expect_checked(answer)


class Connection:
    """One connection to the site, signed in, and a place for one part."""

    def __init__(self, site: Site, part_bytes: int = 0) -> None:
        host = urllib.parse.urlsplit(site.address)
        self.http = http.client.HTTPConnection(host.hostname or "", host.port)
        self.headers = {"Cookie": cookies(site), "X-CSRFToken": csrf(site), "HX-Request": "true"}
        self.headers["Referer"] = site.address
        self.place = bytearray(part_bytes)

    def ask(self, method: str, path: str, body: Any, headers: dict[str, str]) -> tuple[int, bytes]:
        """Send a request and return status and text."""
        self.http.request(method, path, body, {**self.headers, **headers})
        answer = self.http.getresponse()
        return answer.status, answer.read()

    def post(self, path: str, fields: dict[str, str]) -> bytes:
        """Send a form."""
        form = {"Content-Type": "application/x-www-form-urlencoded"}
        return self.ask("POST", path, urllib.parse.urlencode(fields), form)[1]

    def put(self, path: str, file: Path, start: int) -> str:
        """Read, hash and send one part of a file; return its SHA-256. Raises RuntimeError where it is not taken."""
        with file.open("rb", buffering=0) as source:
            source.seek(start)
            part = memoryview(self.place)[: source.readinto(self.place)]
        checksum = b64encode(hashlib.sha256(part).digest()).decode()
        status, text = self.ask("PUT", path, part, {"Content-Digest": f"sha-256=:{checksum}:"})
        if status != 204:
            raise RuntimeError(f"{path}: {status} {text[:200]!r}")
        return checksum


def parts(site: Site, file: Path) -> float:
    """Send the file in parts, as static/js/direct_upload.js does: two at a time, each read and hashed before it goes.

    Returns the seconds of the last answer: the file is synced, renamed and looked at.
    """
    first = Connection(site)
    size = file.stat().st_size
    announcement = {"name": file.name, "size": str(size), "reference": "rCRS", "sha256": ""}
    plan = json.loads(first.post("/annotate/upload/", announcement))
    length = plan["part_bytes"]
    free: queue.SimpleQueue[Connection] = queue.SimpleQueue()
    for _ in range(LANES):
        free.put(Connection(site, length))

    def send(number: int) -> str:
        connection = free.get()
        checksum = connection.put(f"{plan['resume']}{number}/", file, (number - 1) * length)
        free.put(connection)
        return checksum

    with ThreadPoolExecutor(LANES) as lanes:
        checksums = list(lanes.map(send, range(1, math.ceil(size / length) + 1)))
    started = time.monotonic()
    expect_checked(first.post(plan["finish"], {"sha256": ",".join(checksums)}).decode())
    return time.monotonic() - started


def expect_checked(page: str) -> None:
    """Raise RuntimeError where the file was not taken."""
    if "Annotate this file" not in page:
        raise RuntimeError(f"the upload was not accepted: {page[:2000]}")


def drop_all(site: Site) -> None:
    """Remove what was sent: the next round is to find the same disk."""
    code = (
        "from annotations import intake; from annotations.models import Job;"
        "[intake.withdraw(job) for job in Job.objects.filter(status='uploading')]"
    )
    site.manage("shell", "-v", "0", "-c", code)


def csrf(site: Site) -> str:
    """Return the token of the form."""
    site.get("/annotate/")
    return next(cookie.value or "" for cookie in site.cookies if cookie.name == "csrftoken")


def cookies(site: Site) -> str:
    """Return the cookies as a header."""
    return "; ".join(f"{cookie.name}={cookie.value}" for cookie in site.cookies)


def curl(*arguments: str) -> str:
    """Run curl and return what was answered. Raises CalledProcessError."""
    command = ["curl", "--silent", "--show-error", "--noproxy", "*", "--max-time", "3600", *arguments]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


def seconds(deed: Callable[[], object]) -> float:
    """Return how long something takes."""
    started = time.monotonic()
    deed()
    return time.monotonic() - started


@contextmanager
def web_memory(site: Site) -> Iterator[Callable[[], int]]:
    """Watch the website's processes; gives how many bytes the one that grew most has grown by."""
    web = web_processes(site)
    before = {pid: resident(pid) for pid in web}
    grown, done = [0], threading.Event()

    def watch() -> None:
        while not done.wait(SAMPLE_SECONDS):
            grown.append(max(resident(pid) - before[pid] for pid in web))

    watching = threading.Thread(target=watch)
    watching.start()
    try:
        yield lambda: max(grown)
    finally:
        done.set()
        watching.join()


def web_processes(site: Site) -> list[int]:
    """Return the processes that answer requests on the site's port."""
    wanted = f":{urllib.parse.urlsplit(site.address).port}\0"
    found = []
    for entry in Path("/proc").iterdir():
        with suppress(OSError):
            if (
                entry.name.isdigit()
                and "gunicorn" in (command := (entry / "cmdline").read_text())
                and wanted in command
            ):
                found.append(int(entry.name))
    return found


def resident(pid: int) -> int:
    """Return the bytes of a process that are its own and in memory; files in the page cache are not."""
    found = re.search(r"RssAnon:\s+(\d+)", Path(f"/proc/{pid}/status").read_text())
    return int(found[1]) * 1024 if found else 0


def print_table(figures: dict[str, Any]) -> None:
    """Print the figures for people."""
    speed, memory = figures["megabytes_per_second"], figures["web_process_grew_by"]
    print(f"\n{figures['megabytes']:,.0f} MB, median of {figures['rounds']} rounds, load {figures['load']:.1f}\n")
    rows = [
        ("curl to a plain receiver", f"{speed['curl']:,.0f} MB/s", ""),
        ("the same, its file synced", f"{speed['synced']:,.0f} MB/s", ""),
        ("the site, one POST by curl", f"{speed['post']:,.0f} MB/s", ""),
        ("the site, in parts with SHA-256", f"{speed['parts']:,.0f} MB/s", ""),
        ("in parts, from the last part to the verdict", f"{figures['verdict_seconds']:.1f} s", ""),
        ("one POST / curl", f"{figures['post_over_curl']:.2f}", f">= {GOAL}"),
        ("parts / curl", f"{figures['parts_over_curl']:.2f}", f">= {GOAL}"),
        ("one POST / curl with sync", f"{figures['post_over_synced']:.2f}", ""),
        ("parts / curl with sync", f"{figures['parts_over_synced']:.2f}", ""),
        ("a web process grew by, one POST", f"{memory['post'] / 2**20:.0f} MiB", ""),
        ("a web process grew by, parts", f"{memory['parts'] / 2**20:.0f} MiB", ""),
    ]
    for name, value, goal in rows:
        print(f"  {name:<46} {value:>14}  {goal}")
    print()


if __name__ == "__main__":
    sys.exit(0 if main() else 1)
