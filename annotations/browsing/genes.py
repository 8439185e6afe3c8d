"""A contig's genes as igv.js names them: by ``Name``, which our transcripts lack; it showed their IDs."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

_NAME = re.compile(rb"(?:^|;)Name=([^;\n]*)")
_ID = re.compile(rb"(?:^|;)ID=gene:([^;\n]*)")
_TRANSCRIPT = re.compile(rb"(?:^|;)ID=transcript:([^;\n]*)")
_GENE = re.compile(rb"(?:^|;)Parent=gene:([^;\n]*)")


def named(lines: Iterable[bytes], *, translated: bool = True) -> Iterator[bytes]:
    r"""Give each transcript of a GFF3 that has no name its gene's, and its own ID where that says more.

    Without ``translated`` its coding parts are left out, over which igv.js would write amino acids.

    >>> lines = [b"MT\t.\tgene\t1\t9\t.\t+\t.\tID=gene:G1;Name=ND4\n"]
    >>> lines += [b"MT\t.\tmRNA\t1\t9\t.\t+\t.\tID=transcript:ND4-T;Parent=gene:G1\n"]
    >>> list(named(lines))[1].split(b"\t")[8]
    b'ID=transcript:ND4-T;Parent=gene:G1;Name=ND4\n'
    """
    genes: dict[bytes, bytes] = {}
    for line in lines:
        attributes = line.rpartition(b"\t")[2]
        name = _NAME.search(attributes)
        if name and (gene := _ID.search(attributes)):
            genes[gene[1]] = name[1]
        transcript = _TRANSCRIPT.search(attributes)
        if not translated and b"\tCDS\t" in line:
            continue
        if transcript and not name:
            parent = _GENE.search(attributes)
            yield _with_name(line, transcript[1], genes.get(parent[1], b"") if parent else b"")
        else:
            yield line


def _with_name(line: bytes, transcript: bytes, gene: bytes) -> bytes:
    # "MT-ND4-T" says no more than "MT-ND4"; "ENST00000357654" says which of the gene's.
    said = gene if gene and transcript.startswith(gene) else b" ".join(filter(None, (gene, transcript)))
    return line.rstrip(b"\n") + b";Name=" + said + b"\n"
