"""NAME.vcf.count.log: the result in numbers for a person to read, in the manner of AnnTools' log."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from annotations.engine.reference import Reference, Source
from annotations.engine.results.alleles import REASONS
from annotations.engine.results.doings import counted
from annotations.engine.task import OutputFile

_LISTED_GENES = 50


def text_log(summary: Mapping[str, Any], reference: Reference, files: Sequence[OutputFile]) -> str:
    """The whole log, ending with a line end."""
    lines = [
        f"Annotation of {summary['input']['name']} against {reference.title}, {reference.assembly}",
        *([reference.note] if reference.note else []),
        "",
        *_counts(summary),
        *_section("What was done to the file", summary["done"] or ["Nothing: the records are as they were."]),
        *_section("Warnings", summary["warnings"]),
        *_section("Versions", [f"{name} {version}" for name, version in summary["versions"].items()]),
        *_section("Checksums (SHA-256)", [f"{file.sha256}  {file.path.name}" for file in files]),
        *_section("Sources", [_source(source) for source in reference.sources]),
        *_section("Citations", _citations(reference)),
    ]
    return "\n".join(lines).rstrip() + "\n"


def _counts(summary: Mapping[str, Any]) -> list[str]:
    total = summary["total"]
    rows = [
        ("Records in the input", summary["input"]["records"], None),
        ("Variants (one per alternate allele)", total, None),
        ("Annotated", summary["annotated"], total),
        ("In known-variant sources", summary["known"], total),
        ("Confirmed pathogenic according to them", summary["confirmed"], total),
    ]
    lines = _table(rows)
    lines += _counted("Not annotated", {REASONS[k]: n for k, n in summary["not_annotated"].items()}, total)
    lines += _counted("By source", summary["by_source"], total)
    lines += _counted("By region", summary["by_region"], total)
    lines += _counted("By consequence (most severe of each variant)", summary["by_consequence"], total)
    lines += _counted("By impact", summary["by_impact"], total)
    lines += _counted("By class", {name: n for name, n in summary["by_class"].items() if n}, total)
    changes = {"transitions": summary["transitions"], "transversions": summary["transversions"]}
    lines += _counted("Single-nucleotide changes", changes if any(changes.values()) else {}, total)
    lines += _counted("By contig", summary["by_contig"], total)
    genes = dict(list(summary["by_gene"].items())[:_LISTED_GENES])
    left = len(summary["by_gene"]) - len(genes)
    lines += _counted(
        "By gene" + (f" (the first {_LISTED_GENES} of {left + len(genes):,})" if left else ""), genes, total
    )
    if frequency := summary["frequency"]:
        bins = {one["label"]: one["count"] for one in frequency["bins"]} | {"no frequency given": frequency["not_seen"]}
        lines += _counted(f"By frequency ({frequency['field']})", bins, total)
    return lines


def _counted(title: str, counts: Mapping[str, int], total: int) -> list[str]:
    return ["", title, *_table([(f"  {name}", count, total) for name, count in counts.items()])] if counts else []


def _table(rows: Iterable[tuple[str, int, int | None]]) -> list[str]:
    """Names, counts and, where a total is given, their share of it."""
    rows = list(rows)
    width = max(len(name) for name, _, _ in rows)
    digits = max(len(f"{count:,}") for _, count, _ in rows)
    return [
        f"{name:<{width}}  {count:>{digits},}" + (f"  ({count / total:.2%})" if total else "")
        for name, count, total in rows
    ]


def _section(title: str, lines: Sequence[str]) -> list[str]:
    return ["", title, *(f"  {line}" for line in lines)] if lines else []


def _source(source: Source) -> str:
    about = f"{source.name}, version {source.version}, {counted(source.records, source.unit)}"
    if source.match != "allele":
        about += f", matched by {source.match}"
    return ", ".join(part for part in (about, source.licence, f"SHA-256 {source.sha256}") if part)


def _citations(reference: Reference) -> list[str]:
    named = [*reference.citations, *(source.citation for source in reference.sources)]
    named.append(
        "Danecek P, McCarthy SA. BCFtools/csq: haplotype-aware variant consequences. Bioinformatics 2017;33:2037-2039."
    )
    return list(dict.fromkeys(line for line in named if line))
