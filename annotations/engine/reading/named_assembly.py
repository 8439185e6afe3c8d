"""The assembly that a VCF's header names in words: ``##reference=…/hg19.fa``, ``##contig=<…,assembly=b37>``."""

from __future__ import annotations

import re
from collections.abc import Container, Iterable, Iterator, Mapping

from annotations.engine.reading.header import Meta

#: As assembly.assembly_of calls them; the first that is met counts. Those that no length tells are there by name alone.
_NAMES = {
    "NCBI36 (hg18)": r"hg18|ncbi_?(?:build)?_?36|(?<![a-z0-9])b36",
    "NCBI35 (hg17)": r"hg17|ncbi_?(?:build)?_?35|(?<![a-z0-9])b35",
    "GRCh37 (hg19)": r"hg19|grch_?37|hs37d5|(?<![a-z0-9])b37|human_g1k_v37",
    "GRCh38 (hg38)": r"hg38|grch_?38|hs38dh|(?<![a-z0-9])b38",
    "T2T-CHM13v2.0": r"chm13|(?<![a-z0-9])hs1(?![a-z0-9])|t2t",
    "GRCm38 (mm10)": r"mm10|grcm_?38",
    "GRCm39 (mm39)": r"mm39|grcm_?39",
}
_PATTERNS = {name: re.compile(pattern, re.IGNORECASE | re.ASCII) for name, pattern in _NAMES.items()}
_HG19 = re.compile(r"hg19", re.IGNORECASE | re.ASCII)
#: Lines that tell it: any other may quote a path of anything.
_KINDS = frozenset({"reference", "assembly", "contig"})


def named_assembly(metas: Iterable[Meta]) -> str:
    """The assembly, "" when no line names one that is known here."""
    for text in _telling(metas):
        for name, pattern in _PATTERNS.items():
            if pattern.search(text):
                return name
    return ""


def mitochondrion_in_doubt(metas: Iterable[Meta], lengths: Mapping[str, int], contigs: Container[str]) -> str:
    """A sentence where the file's chrM may be another sequence than rCRS and nothing but its bases could tell; else "".

    ``contigs`` are those with records. UCSC's own hg19 has the Yoruba sequence as chrM, where most positions are one or
    two higher than in rCRS, while many who write hg19 have rCRS; so the file is read, and its owner asked to look.
    """
    if "chrM" not in contigs or lengths.get("chrM") or not any(_HG19.search(text) for text in _telling(metas)):
        return ""
    return (
        "The header names hg19 and gives no length for chrM. UCSC's hg19 has another mitochondrial sequence there "
        "(NC_001807, 16,571 bases), in which most positions are one or two higher. The file was read as if its "
        "chrM were rCRS (NC_012920, 16,569 bases): make sure that it is."
    )


def _telling(metas: Iterable[Meta]) -> Iterator[str]:
    for meta in metas:
        if meta.kind in _KINDS:
            yield meta.attributes.get("assembly", "") if meta.kind == "contig" else meta.text
