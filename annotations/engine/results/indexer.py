"""The index of a result that has parts made by an earlier GAS, which tell nothing of their records' places."""

from __future__ import annotations

import subprocess
from pathlib import Path

from annotations.engine import bcftools
from annotations.engine.errors import StageFailed


def index_by_reading(vcf: Path, index: Path) -> None:
    """Have ``bcftools index`` read the whole file. Raises StageFailed when the index could not be made."""
    argv = bcftools.command("index", "--force", f"--{index.suffix[1:]}", "--output", str(index), str(vcf))
    if subprocess.run(argv, stdin=subprocess.DEVNULL, check=False).returncode != 0:
        raise StageFailed("The index of the result could not be made.")
