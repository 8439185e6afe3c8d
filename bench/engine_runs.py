"""The engine on a generated file: installed, run by its command, and the bare pipe of bcftools beside it."""

from __future__ import annotations

import shlex
import shutil
import sys
from pathlib import Path

from annotations.engine.bcftools import command
from bench.genome import Genome
from bench.measure import Cost, run
from bench.site import ROOT

REFERENCE = "BENCH"


def install(genome: Genome, environment: dict[str, str]) -> None:
    """Make a reference of the generated files, with the command that users have."""
    sources = [f"FREQ={genome.sources[0]}:AF", f"CALLS={genome.sources[1]}:CALL"]
    command = [sys.executable, str(ROOT / "manage.py"), "install_reference", "--name", REFERENCE]
    command += ["--fasta", str(genome.fasta), "--gff", str(genome.gff)]
    for source in sources:
        command += ["--source", source]
    run(command, environment=environment)


def annotate(variants: Path, output: Path, environment: dict[str, str], *, workers: int | None = None) -> Cost:
    """Measure `manage.py annotate`; without ``workers`` it takes as many as there are processors."""
    command = [sys.executable, str(ROOT / "manage.py"), "annotate", str(variants), "--reference", REFERENCE]
    command += ["--workers", str(workers)] if workers else []
    try:
        return run([*command, "--output-dir", str(output), "--json"], environment=environment)
    finally:
        shutil.rmtree(output, ignore_errors=True)


def bare_pipe(reference: Path, variants: Path, output: Path) -> Cost:
    """Measure norm | csq | annotate | annotate -Oz with the same bcftools, references and sources; no checks at all."""
    from annotations.engine.reference import load_reference  # noqa: PLC0415 (after the installation)

    loaded = load_reference(reference)
    genes = [str(path) for path in loaded.gff_for([contig.name for contig in loaded.contigs])]
    stages = [
        command("norm", "-m", "-any", "-c", "w", "-f", str(loaded.fasta), "-Ou", str(variants)),
        command("csq", "-l", "-s", "-", "-f", str(loaded.fasta), "-g", genes[0], "-Ou"),
    ]
    return run(" | ".join([*map(shlex.join, stages), *source_stages(reference, output)]), cwd=ROOT)


def source_stages(reference: Path, output: Path, variants: Path | None = None) -> list[str]:
    """Return the shell commands of one `bcftools annotate` a source, BGZF at the end; ``variants`` feeds the first."""
    from annotations.engine.reference import load_reference  # noqa: PLC0415 (after the installation)

    sources = load_reference(reference).sources
    stages = []
    for number, source in enumerate(sources):
        header = output.with_name(f"{number}.hdr")
        lines = (
            f'##INFO=<ID={field.info},Number={field.number},Type={field.type},Description="{field.description}">\n'
            for field in source.fields
        )
        header.write_text("".join(lines))
        columns = "CHROM,POS,REF,ALT," + ",".join(f"INFO/{field.info}" for field in source.fields)
        where = ["-Oz", "-o", str(output)] if number == len(sources) - 1 else ["-Ou"]
        given = [str(variants)] if variants and not number else []
        stage = command("annotate", "-a", str(source.file), "-c", columns, "-h", str(header), *where, *given)
        stages.append(shlex.join(stage))
    return stages
