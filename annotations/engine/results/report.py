"""What a finished result says of itself: ``NAME.summary.json`` and ``NAME.vcf.count.log``."""

from __future__ import annotations

import json
import platform
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.metadata import version as package_version
from typing import Any

from annotations.engine import bcftools
from annotations.engine.reading.read_counts import Reading
from annotations.engine.reference import Reference
from annotations.engine.results.doings import done_to_the_file, warnings
from annotations.engine.results.outputs import OutputNames, described
from annotations.engine.results.text_log import text_log
from annotations.engine.task import OutputFile
from annotations.engine.version import VERSION

SUMMARY_FORMAT = 1


@dataclass(frozen=True)
class Work:
    """What was read and done; ``name`` is the user's file name, ``norm`` counts what norm did (Pipeline.done)."""

    name: str
    reading: Reading
    norm: Mapping[str, int]
    haplotype_aware: bool


def report(
    names: OutputNames, work: Work, reference: Reference, counts: Mapping[str, Any]
) -> tuple[tuple[OutputFile, ...], dict[str, Any]]:
    """Write the summary and the log beside the finished files; answers all five and the summary."""
    found = _summary(work, reference, counts)
    names.summary.write_text(json.dumps(found, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    files = described(names, ("vcf", "index", "table", "summary"))
    names.log.write_text(text_log(found, reference, files), encoding="utf-8")
    return (*files, *described(names, ("log",))), found


def _summary(work: Work, reference: Reference, counts: Mapping[str, Any]) -> dict[str, Any]:
    reading = work.reading
    return {
        "format": SUMMARY_FORMAT,
        "reference": {"name": reference.name, "assembly": reference.assembly},
        "input": {
            "name": work.name,
            "format": reading.format,
            "compression": reading.compression,
            "records": reading.counts.records,
            "sample_count": len(reading.samples),
        },
        **counts,
        "warnings": warnings(reading, reference),
        "done": done_to_the_file(reading, work.norm, haplotype_aware=work.haplotype_aware),
        "versions": _versions(reference),
    }


def _versions(reference: Reference) -> dict[str, str]:
    return {
        "GAS": VERSION,
        "bcftools": bcftools.version(),
        "pysam": package_version("pysam"),
        "pyarrow": package_version("pyarrow"),
        "Python": platform.python_version(),
        **{source.name: source.version for source in reference.sources},
    }
