"""MITOMAP's VCF exports, read for the bundled rCRS.

What the exports do that VCF does not: AF is a percentage, blanks in texts are hyphens, ``|`` stands for a comma
and ``+`` with a blank behind it for one too, lists have one entry an allele whatever Number says, and a few rows
have REF equal to ALT.
"""

from __future__ import annotations

import gzip
import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path
from urllib.parse import unquote

from annotations.engine.install.entries import info_safe
from annotations.engine.install.normalise import normalised

#: Full-length GenBank sequences behind AC and AF in the exports of 2025-02-13.
GENBANK_SEQUENCES = 61_883

Allele = tuple[int, str, str]

#: Where a hyphen of the export is a hyphen: behind these words, before these, and within these.
_BEHIND = frozenset(
    [
        "alpers",
        "anti",
        "charcot",
        "early",
        "end",
        "kearns",
        "late",
        "marie",
        "multi",
        "non",
        "prader",
        "septo",
        "tubulo",
    ]
)
_BEFORE = frozenset(["associated", "cosegregating", "dependent", "induced", "like", "onset", "plus", "retroviral"])
_ADVERBS = frozenset(["of", "possibly", "weakly"])
_PAIRS = frozenset(["chorea-ballism", "merrf-melas", "lhon-ms", "lhon-pd", "pd-melas", "1-hcm", "3-mga", "15-bp"])


@dataclass(frozen=True)
class Entry:
    """One allele of a table, left-aligned; texts are readable, ``count`` is out of GENBANK_SEQUENCES."""

    allele: Allele
    count: int = 0
    disease: str = ""
    status: str = ""


def read_polymorphisms(path: Path, fasta: Path) -> tuple[dict[Allele, Entry], Counter[str]]:
    """All alleles seen, with their counts, and how many were dropped, by reason.

    Two spellings of an allele add up: each GenBank sequence was aligned one way and counted under one of them.
    """
    return _entries(path, fasta, {"AC": "count"})


def read_diseases(path: Path, fasta: Path) -> tuple[dict[Allele, Entry], Counter[str]]:
    """The alleles with reported diseases, and how many were dropped, by reason."""
    return _entries(path, fasta, {"AC": "count", "Disease": "disease", "DiseaseStatus": "status"})


def read_confirmed(path: Path, fasta: Path) -> tuple[dict[Allele, Entry], Counter[str]]:
    """The confirmed alleles; this export has blanks and commas in its texts, so they are taken as they are."""
    return _entries(path, fasta, {"AssociatedDisease": "disease", "StatusMitomapClinGen": "status"}, clean=True)


def readable(text: str) -> str:
    """An export's text with its blanks and commas back; hyphens stay where compounds are known to have them."""
    text = text.replace("-+-", " + ").replace("|", ",").replace("+-", ",-")
    words = re.split(r"-+", text)
    marks = re.findall(r"-+", text)
    joined = words[0]
    for mark, behind in zip(marks, words[1:], strict=True):
        joined += _mark(joined, mark, behind) + behind
    return re.sub(r" {2,}", " ", joined).strip()


def _mark(before: str, mark: str, behind: str) -> str:
    if len(mark) > 1:
        return " - "
    left = re.sub(r".*[^A-Za-z0-9]", "", before).lower()
    right = re.split(r"[^A-Za-z0-9]", behind, maxsplit=1)[0].lower()
    compound = left in _BEHIND or (right in _BEFORE and left not in _ADVERBS) or f"{left}-{right}" in _PAIRS
    if behind.startswith("]") or (left and right and compound):  # [VUS-] is a grade of its own
        return "-"
    return " "


def _entries(
    path: Path, fasta: Path, wanted: dict[str, str], *, clean: bool = False
) -> tuple[dict[Allele, Entry], Counter[str]]:
    dropped: Counter[str] = Counter()
    with gzip.open(path, "rt", encoding="utf-8") as lines:
        records = [_record(line, list(wanted), clean=clean) for line in lines if not line.startswith("#")]
    rows = normalised(records, ["A"] * len(wanted), fasta, ["MT"], name=path.name, dropped=dropped)
    entries = {}
    for (_, *place), group in groupby(rows, key=lambda row: row[:4]):
        allele = (int(place[0]), str(place[1]), str(place[2]))
        spellings = [dict(zip(wanted.values(), row[4], strict=True)) for row in group]
        dropped["another spelling of an allele"] += len(spellings) - 1
        entries[allele] = Entry(
            allele,
            sum(int(spelling.get("count", 0)) for spelling in spellings),
            _listed(spelling.get("disease", ".") for spelling in spellings),
            _listed(spelling.get("status", ".") for spelling in spellings),
        )
    return entries, dropped


def _record(line: str, wanted: Sequence[str], *, clean: bool) -> str:
    contig, position, _, ref, alts, _, _, info = line.rstrip("\n").split("\t")[:8]
    values = dict(part.split("=", 1) for part in info.split(";"))
    alleles = alts.split(",")
    fields = []
    for i, name in enumerate(wanted):
        texts = [values[name]] if clean else [readable(text) for text in values[name].split(",")]
        if len(texts) != len(alleles):
            raise ValueError(f"{contig}:{position} has {len(alleles)} alleles and {len(texts)} values of {name}")
        fields.append(f"F{i}=" + ",".join(info_safe(re.sub(r" {2,}", " ", text)) for text in texts))
    return f"{contig}\t{position}\t.\t{ref}\t{alts}\t.\t.\t{';'.join(fields)}\n"


def _listed(texts: Iterable[str]) -> str:
    return " / ".join(sorted({unquote(text) for text in texts if text != "."}))
