"""A genome of six million letters for large jobs: the benchmark's, made smaller, installed by the command."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from bench import genome
from bench.site import ROOT

NAME = "SMALL"
SIZE = {"LENGTH": 6_000_000, "TRANSCRIPTS": 400, "SOURCE_ALLELES": 40_000}


@contextmanager
def _small() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        for name, value in SIZE.items():
            patch.setattr(genome, name, value)
        yield


def make_variants(path: Path, records: int) -> Path:
    """Write a VCF of ``records`` records on the genome, unless it is there."""
    with _small():
        return genome.make_variants(path, records)


def install_genome(directory: Path, environment: dict[str, str]) -> None:
    """Make the genome in ``directory`` and install it for the stack with these settings, as users would."""
    with _small():
        made = genome.make_genome(directory)
    command = [sys.executable, str(ROOT / "manage.py"), "install_reference", "--name", NAME]
    command += ["--fasta", str(made.fasta), "--gff", str(made.gff), "--source", f"FREQ={made.sources[0]}:AF"]
    subprocess.run(command, env=environment, check=True, capture_output=True)
