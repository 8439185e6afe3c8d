"""The child that runs one command of pysam's bcftools on its own stdin and stdout: ``COMMAND ARGUMENTS…``.

A job has several at once, each for as long as the file takes: what is imported here counts in every job's memory.
"""

from __future__ import annotations

import signal
import sys
from importlib.machinery import PathFinder
from types import ModuleType


def main(arguments: list[str]) -> int:
    """Run the command; answers bcftools' exit code."""
    # Python ignores SIGPIPE; a pipe's stage dies of it, which tells its death from a root cause.
    signal.signal(signal.SIGPIPE, signal.SIG_DFL)
    _leave_out_the_rest_of_pysam()
    from pysam.libcutils import _pysam_dispatch  # noqa: PLC0415

    code, complaints, _ = _pysam_dispatch("bcftools", arguments[0], tuple(arguments[1:]), catch_stdout=None)  # type: ignore[arg-type]
    sys.stderr.write(complaints if isinstance(complaints, str) else complaints.decode("utf-8", "replace"))
    sys.stderr.flush()
    return int(code)


def _leave_out_the_rest_of_pysam() -> None:
    """Have an empty package of its name stand for pysam, whose own loads all its readers: 2 MiB and 12 ms a child."""
    found = PathFinder.find_spec("pysam")
    if found is not None and found.submodule_search_locations is not None:
        package = sys.modules["pysam"] = ModuleType("pysam")
        package.__path__ = list(found.submodule_search_locations)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
