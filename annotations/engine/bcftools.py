"""One bcftools command as a child process: the bundled bcftools of pysam, or an installed one.

In-process bcftools can segfault the interpreter, holds the GIL and mixes its output with ours, so it always runs
as ``python -m annotations.engine.bundled_bcftools COMMAND ARGUMENTS…``, whose stdin, stdout and exit code are
bcftools'.
"""

from __future__ import annotations

import functools
import os
import re
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
    return [sys.executable, "-m", "annotations.engine.bundled_bcftools", *arguments]


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
