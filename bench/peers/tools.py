"""The other programs: where they are, what they are prepared with, and the command that annotates a file.

snpEff and vcfanno come from Debian (`apt-get install snpeff vcfanno`); neither is needed for anything else here.
"""

from __future__ import annotations

import re
import shlex
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

import pysam

from bench.genome import Genome

SNPEFF_JAR = Path("/usr/share/java/snpeff.jar")
SNPEFF_CONFIG = Path("/etc/snpeff/snpEff.config")
# What Debian's /usr/bin/snpEff gives the JVM; the program itself prints its arguments among the records.
SNPEFF_HEAP = ("-Xms1g", "-Xmx8g")
# As little as snpEff can do with, in favour of its memory: twice as much is no faster here.
SNPEFF_LEAST_HEAP = ("-Xmx512m",)
SOURCES = (("FREQ_AF", "AF"), ("CALLS_CALL", "CALL"))


@dataclass(frozen=True)
class Tool:
    """A program ready to run: its name with its version, and the command for a file and its output."""

    name: str
    version: str
    command: str
    """With {variants} and {output}, both quoted for the shell."""

    def on(self, variants: Path, output: Path) -> str:
        """Return the command that annotates ``variants``."""
        return self.command.format(variants=shlex.quote(str(variants)), output=shlex.quote(str(output)))


def snpeff(genome: Genome, directory: Path, heap: tuple[str, ...] = SNPEFF_HEAP, name: str = "snpEff") -> Tool | None:
    """Build snpEff's database from the same FASTA and GFF3, once; None where snpEff is not installed."""
    if not (shutil.which("java") and SNPEFF_JAR.is_file()):
        return None
    config = directory / "snpEff.config"
    program = ["java", *heap, "-jar", str(SNPEFF_JAR)]
    if not config.is_file():
        data = directory / "data" / "bench"
        data.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(genome.fasta, data / "sequences.fa")
        shutil.copyfile(genome.gff, data / "genes.gff")
        text = re.sub(r"(?m)^data\.dir\s*=.*$", f"data.dir = {directory / 'data'}", SNPEFF_CONFIG.read_text())
        partial = config.with_suffix(".partial")
        partial.write_text(f"{text}\nbench.genome : Bench\n")
        build = [*program, "build", "-gff3", "-noCheckCds", "-noCheckProtein", "-c", str(partial), "bench"]
        subprocess.run(build, check=True, capture_output=True)
        partial.rename(config)
    words = [*program, "ann", "-noStats", "-noLog", "-c", str(config), "bench"]
    version = _said([*program, "-version"])
    return Tool(name, version, f"{shlex.join(words)} {{variants}} > {{output}}")


def vcfanno(genome: Genome, directory: Path, threads: int) -> Tool | None:
    """Compress and index the two sources for vcfanno; None where it is not installed."""
    program = shutil.which("vcfanno")
    if program is None:
        return None
    directory.mkdir(parents=True, exist_ok=True)
    config = directory / "sources.toml"
    blocks = []
    for path, (name, field) in zip(genome.sources, SOURCES, strict=True):
        packed = directory / f"{path.name}.gz"
        if not packed.with_name(f"{packed.name}.tbi").is_file():
            pysam.tabix_compress(str(path), str(packed), force=True)
            pysam.tabix_index(str(packed), preset="vcf", force=True)
        blocks.append(f'[[annotation]]\nfile="{packed}"\nfields=["{field}"]\nops=["self"]\nnames=["{name}"]\n')
    config.write_text("\n".join(blocks))
    said = subprocess.run([program], capture_output=True, text=True, check=False)
    version = re.search(r"version (\S+)", said.stdout + said.stderr)
    command = f"{program} -p {threads} {shlex.quote(str(config))} {{variants}} > {{output}}"
    return Tool("vcfanno", version[1] if version else "", command)


def java_version() -> str:
    """Return the first line that Java says of itself."""
    return _said(["java", "-version"])


def _said(command: list[str]) -> str:
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    lines = (done.stdout + done.stderr).splitlines()
    return lines[0].replace("\t", " ") if lines else ""
