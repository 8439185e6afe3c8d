"""One bcftools command as a child process: the bundled bcftools of pysam, or an installed one.

In-process bcftools can segfault the interpreter, holds the GIL and mixes its output with ours, so it always runs
as ``python -m annotations.engine.bcftools COMMAND ARGUMENTS…``, whose stdin, stdout and exit code are bcftools'.
"""

from __future__ import annotations

import functools
import os
import re
import signal
import subprocess
import sys
from importlib.metadata import distribution as package_distribution
from pathlib import Path

from annotations.engine.errors import StageFailed

#: The first bcftools whose csq takes a genetic code (-C).
MINIMUM_VERSION = (1, 22)


def command(*arguments: str) -> list[str]:
    """The argv of a bcftools child. Raises StageFailed when the binary named by BCFTOOLS cannot be used."""
    binary = os.environ.get("BCFTOOLS", "")
    if binary:
        installed_version(binary)
        return [binary, *arguments]
    return [sys.executable, "-m", "annotations.engine.bcftools", *arguments]


@functools.cache
def installed_version(binary: str) -> str:
    """The version of an installed bcftools, as "1.24"; raises StageFailed when it is too old or does not run."""
    try:
        ran = subprocess.run([binary, "--version"], capture_output=True, text=True, timeout=30, check=False)
        said = ran.stdout
    except (OSError, subprocess.TimeoutExpired):
        said = ""
    found = re.match(r"bcftools (\d+)\.(\d+)", said)
    if not found:
        raise StageFailed("The bcftools named by the BCFTOOLS setting does not run.")
    if (int(found[1]), int(found[2])) < MINIMUM_VERSION:
        wanted = ".".join(map(str, MINIMUM_VERSION))
        raise StageFailed(f"The bcftools named by the BCFTOOLS setting is {found[1]}.{found[2]}; {wanted} is needed.")
    return f"{found[1]}.{found[2]}"


def version() -> str:
    """The version of the bcftools in use."""
    binary = os.environ.get("BCFTOOLS", "")
    if binary:
        return installed_version(binary)
    # Read and not imported: pysam loads htslib, and this process has no other use for it.
    text = Path(str(package_distribution("pysam").locate_file("pysam/version.py"))).read_text(encoding="utf-8")
    found = re.search(r'__bcftools_version__ = "([^"]+)"', text)
    return found[1] if found else "bundled"


def main(arguments: list[str]) -> int:
    """Run one command of the bundled bcftools on this process's own stdin and stdout."""
    from pysam.libcutils import _pysam_dispatch  # noqa: PLC0415  (the parent builds argv without loading htslib)

    # Python ignores SIGPIPE; a pipe's stage dies of it, which tells its death from a root cause.
    signal.signal(signal.SIGPIPE, signal.SIG_DFL)
    code, complaints, _ = _pysam_dispatch("bcftools", arguments[0], tuple(arguments[1:]), catch_stdout=None)  # type: ignore[arg-type]
    sys.stderr.write(complaints if isinstance(complaints, str) else complaints.decode("utf-8", "replace"))
    sys.stderr.flush()
    return int(code)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
