"""`python -m bench.web_server`: how many processes and threads the website is given, and how it ends, measured.

One website for each row, over one database; many people ask for a page again and again for some seconds. Then SIGTERM
while all of them wait for an answer: how long the end takes, and how many of the requests broke.
PEOPLE (32) and SECONDS (8) in the environment.
"""

from __future__ import annotations

import os
import signal
import statistics
import subprocess
import sys
import tempfile
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from pathlib import Path

from bench.site import ROOT, Site, free_port

PEOPLE = int(os.environ.get("PEOPLE", "32"))
SECONDS = float(os.environ.get("SECONDS", "8"))
SHAPES = [(1, 8), (2, 1), (2, 8), (4, 8)]
GRACE = "4s"
# What `manage.py join web` becomes, once the queue is there, which no page of these needs.
WEB = "import os; from gas_site.supervisor import web_command as c; w = c('127.0.0.1'); os.execv(w[0], w)"


def main() -> None:
    """Print a row for each shape."""
    with tempfile.TemporaryDirectory(prefix="gas-web-") as directory:
        environment = {**os.environ, "DATA_DIR": directory, "WEB_GRACE": GRACE, "LOG_LEVEL": "WARNING", "SANDBOX": "no"}
        subprocess.run([sys.executable, str(ROOT / "manage.py"), "prepare"], env=environment, check=True)
        head = "| processes | threads | requests/s | p50 | p95 | memory | end after SIGTERM | broken |"
        sys.stdout.write(f"{head}\n|---|---|---|---|---|---|---|---|\n")
        for processes, threads in SHAPES:
            shape = {"WEB_WORKERS": str(processes), "WEB_THREADS": str(threads), "PORT": str(free_port())}
            sys.stdout.write(f"| {processes} | {threads} | {row({**environment, **shape}, Path(directory))} |\n")
            sys.stdout.flush()


def row(environment: dict[str, str], directory: Path) -> str:
    """Start a website of one shape, ask it, end it."""
    address = f"http://127.0.0.1:{environment['PORT']}"
    command = [sys.executable, str(ROOT / "manage.py"), "shell", "-v", "0", "-c", WEB]
    with (directory / "web.log").open("ab") as log:
        web = subprocess.Popen(command, env=environment, cwd=ROOT, stdout=log, stderr=log)
    until_it_answers(address)
    took = ask(address, SECONDS, lambda: None)[0]
    memory = sum(resident(pid) for pid in [web.pid, *children(web.pid)])
    ended: list[float] = []

    def end() -> None:
        began = time.monotonic()
        web.send_signal(signal.SIGTERM)
        web.wait(60)
        ended.append(time.monotonic() - began)

    _, broken = ask(address, 1.0, end)
    times = sorted(took)
    slow = times[int(len(times) * 0.95)]
    numbers = f"{len(took) / SECONDS:,.0f} | {statistics.median(times):.0f} ms | {slow:.0f} ms"
    return f"{numbers} | {memory / 1e6:,.0f} MB | {ended[0]:.1f} s | {broken}"


def until_it_answers(address: str) -> None:
    """Wait for the website. Raises TimeoutError."""
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        try:
            Site(address, {}).get("/healthz")
        except OSError:
            time.sleep(0.1)
        else:
            return
    raise TimeoutError("the website does not answer")


def ask(address: str, seconds: float, afterwards: Callable[[], None]) -> tuple[list[float], int]:
    """Let everybody ask for so long, then do something while they ask on; return milliseconds and broken requests.

    A request that nobody took any more is not broken: the balancer sends it elsewhere.
    """
    took: list[float] = []
    broken: list[str] = []
    done = threading.Event()

    def person() -> None:
        while not done.is_set():
            began = time.monotonic()
            try:
                with urllib.request.urlopen(f"{address}/help/", timeout=60) as answer:
                    answer.read()
            except urllib.error.URLError as error:
                if isinstance(error.reason, ConnectionRefusedError):
                    return
                broken.append(type(error.reason).__name__)
            except OSError as error:
                broken.append(type(error).__name__)
            else:
                took.append((time.monotonic() - began) * 1_000)

    people = [threading.Thread(target=person) for _ in range(PEOPLE)]
    for one in people:
        one.start()
    time.sleep(seconds)
    afterwards()
    done.set()
    for one in people:
        one.join()
    return took, len(broken)


def children(pid: int) -> list[int]:
    """Return the processes that a process started."""
    return [int(word) for word in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def resident(pid: int) -> int:
    """Return the bytes that a process has for itself; what it shares with its parent is not counted twice."""
    lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    return sum(int(line.split()[1]) * 1024 for line in lines if line.startswith("Pss:"))


if __name__ == "__main__":
    main()
