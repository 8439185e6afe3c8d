"""What takes long to make and is only read: one process of a run of the tests makes it, the others wait for it."""

from __future__ import annotations

import fcntl
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

from bench.site import ROOT
from tests.stack.genome import install_genome
from tests.stack.stacks import Stack


def made_once(path: Path, make: Callable[[Path], object]) -> Path:
    """Return ``path``; whoever asks for it first makes it, under another name until it is whole."""
    with path.with_name(f"{path.name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not path.exists():
            making = path.with_name(f"{path.name}.making")
            _remove(making)  # half of one, where making it has failed
            make(making)
            making.rename(path)
    return path


def prepare(directory: Path, genome_files: Path) -> None:
    """Make a data directory with the generated genome beside the bundled reference."""
    environment = Stack(directory).environment
    subprocess.run([sys.executable, str(ROOT / "manage.py"), "prepare"], env=environment, check=True)
    install_genome(genome_files, environment)


def _remove(path: Path) -> None:
    if path.is_dir():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)
