"""moto's server in a process of its own: tests and benches speak HTTP to it, as the code speaks to Amazon.

It is no proof of what Amazon does. Where it is known to be lax, the test that stands in for Amazon says so.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import IO, cast

_RUNNING = re.compile(r"Running on (http://127\.0\.0\.1:\d+)")


@contextmanager
def amazon_server() -> Iterator[str]:
    """Run a server on a free port of this machine; give its address."""
    command = [sys.executable, "-m", "sandbox.amazon", "-p", "0"]
    environ = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
    process = subprocess.Popen(command, env=environ, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
    output = cast(IO[str], process.stderr)
    try:
        lines: list[str] = []
        for line in output:
            lines.append(line)
            if found := _RUNNING.search(line):
                break
        else:
            raise RuntimeError("moto's server did not start: " + "".join(lines))
        # One line a request would fill the pipe, and then the server would wait for a reader.
        threading.Thread(target=output.read, daemon=True).start()
        yield found[1]
    finally:
        # It keeps nothing, and its own handler of SIGTERM raises SystemExit, which Python drops in a finalizer.
        process.kill()
        process.wait()
