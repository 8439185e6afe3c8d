"""What a structural variant does to the transcripts it overlaps, in the Sequence Ontology's terms.

After Ensembl VEP (https://www.ensembl.org/info/genome/variation/prediction/predicted_data.html): a transcript that a
deletion takes whole is ablated, one that a duplication takes whole is amplified; a deletion or breakend that meets an
exon truncates, a duplication or insertion that meets one elongates; the parts that are met are named besides. Unlike in
VEP, what lies within one intron is an intron variant and no more.
"""

from __future__ import annotations

import re

import numpy as np

from annotations.engine.gene_models import GeneModels
from annotations.engine.results.consequence import IMPACT_BY_TERM, SEVERITY, Consequence

_KIND = re.compile(rb"<(DEL|DUP|INS|INV|CNV|CN\d+)(?:[:][^>]*)?>", re.ASCII)
_END = re.compile(rb"(?:^|;)END=(\d+)(?:;|$)", re.ASCII)
_LENGTH = re.compile(rb"(?:^|;)SVLEN=-?(\d+)(?:[;,]|$)", re.ASCII)
_WHOLE = {"DEL": "transcript_ablation", "DUP": "transcript_amplification"}
_PART = {
    "DEL": "feature_truncation",
    "BND": "feature_truncation",
    "DUP": "feature_elongation",
    "INS": "feature_elongation",
}


def structural_kind(alt: bytes, reason: str) -> str:
    """DEL, DUP, INS, INV, CNV or BND; "" for a symbol that is no structural variant, such as <NON_REF>."""
    if reason == "breakend":
        return "BND"
    found = _KIND.fullmatch(alt)
    return "" if not found else "CNV" if found[1].startswith(b"CN") else found[1].decode()


def structural_span(kind: str, pos: int, info: bytes) -> tuple[int, int]:
    """First and last position it covers, by END or else SVLEN; an insertion and a breakend lie at POS."""
    if kind in ("INS", "BND"):
        return pos, pos + 1 if kind == "INS" else pos
    if end := _END.search(info):
        return pos + 1, max(pos + 1, int(end[1]))
    if length := _LENGTH.search(info):
        return pos + 1, pos + max(1, int(length[1]))
    return pos + 1, pos + 1


def structural_consequence(models: GeneModels, kind: str, first: int, last: int) -> Consequence | None:
    """The most severe over all transcripts, of equals the preferred one's; None where it meets no transcript."""
    numbers = np.flatnonzero((models.starts <= last) & (first <= models.ends)) if len(models) else np.zeros(0, np.int64)
    if not len(numbers):
        return None
    told = {number: _terms(models, number, kind, (first, last)) for number in numbers.tolist()}
    best = min(told, key=lambda number: (SEVERITY[told[number][0]], models.rank[models.transcripts[number]]))
    genes = dict.fromkeys(models.genes[models.gene_of[number]] for number in numbers.tolist())
    worst = told[best][0]
    return Consequence(
        terms="&".join(told[best]),
        worst=worst,
        impact=IMPACT_BY_TERM[worst],
        gene=models.genes[models.gene_of[best]],
        transcript=models.transcripts[best],
        region="intron"
        if worst == "intron_variant"
        else "whole transcript"
        if worst in _WHOLE.values()
        else "several parts",
        genes=",".join(genes),
    )


def _terms(models: GeneModels, number: int, kind: str, span: tuple[int, int]) -> list[str]:
    first, last = span
    if first <= models.starts[number] and models.ends[number] <= last and kind in _WHOLE:
        return [_WHOLE[kind]]
    parts = _parts(models, number, span)
    if kind in _PART and (parts != {"intron_variant"} or kind == "BND"):
        parts.add(_PART[kind])
    return sorted(parts, key=SEVERITY.__getitem__)


def _parts(models: GeneModels, number: int, span: tuple[int, int]) -> set[str]:
    """The terms of the transcript's parts that the span meets."""
    first, last = span
    exons = slice(int(models.exon_from[number]), int(models.exon_from[number + 1]))
    starts, ends = models.exon_starts[exons], models.exon_ends[exons]
    low, high = int(models.coding_first[number]), int(models.coding_last[number])
    parts = set()
    for start, end in zip(starts.tolist(), ends.tolist(), strict=True):
        met = max(first, start), min(last, end)
        if met[0] > met[1]:
            continue
        if low > high:
            parts.add("non_coding_transcript_exon_variant")
            continue
        sides = ("3_prime_UTR_variant", "5_prime_UTR_variant")
        before, behind = sides if models.reverse[number] else sides[::-1]
        parts |= {before} if met[0] < low else set()
        parts |= {behind} if met[1] > high else set()
        parts |= {"coding_sequence_variant"} if met[0] <= high and met[1] >= low else set()
    if ((np.maximum(ends[:-1] + 1, first)) <= np.minimum(starts[1:] - 1, last)).any():
        parts.add("intron_variant")
    return parts
