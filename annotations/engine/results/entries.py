"""What a BCSQ value means for a record, worked out once for all records that carry the same value."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType

from annotations.engine.results.consequence import UPSTREAM, Consequence, worst_consequence
from annotations.engine.results.protein import protein_name

#: Kept values: those of a block or two, since each is of a gene or of one allele. One longer than MAX_KEPT_BYTES (a
#: frameshift with its whole protein) is read anew each time.
MAX_ENTRIES = 1_000
MAX_KEPT_BYTES = 2_000

#: What stands in INFO of a consequence, with its number; the type is String.
OWN_FIELDS = (
    ("GAS_GENE", "1", "Gene of the transcript with the most severe consequence"),
    ("GAS_GENES", ".", "All genes that a structural variant meets, where these are several"),
    ("GAS_CONSEQUENCE", "1", "Sequence Ontology terms of the most severe consequence, joined by &, most severe first"),
    ("GAS_IMPACT", "1", "HIGH, MODERATE, LOW or MODIFIER, as Ensembl VEP assigns it to the most severe term"),
    ("GAS_PROTEIN", "1", "Change of the protein by that consequence in one-letter amino acids, such as A52T"),
    ("GAS_NOT_ANNOTATED", "1", "Why this allele could not be annotated"),
)


#: Worst terms of a substitution that leaves the protein alone.
WITHOUT_PROTEIN = frozenset(
    {"intron_variant", "5_prime_UTR_variant", "3_prime_UTR_variant", "non_coding_transcript_exon_variant"}
)


@dataclass(slots=True, eq=False)
class Entry:
    """A consequence, or the reason why there is none, and our INFO fields that say so.

    Compared and hashed by identity (one object stands for one value): comparing texts on every count would cost
    the pipe its pace.
    """

    info: bytes
    consequence: Consequence | None
    reason: str = ""
    #: A substitution's protein name after HGVS, "" where it has none; None where the sequence has to be asked.
    protein: str | None = ""


class EntryCache:
    """Entries by BCSQ value; ``unfinished`` are the genes of GeneEnds."""

    def __init__(
        self,
        unfinished: Mapping[str, str] = MappingProxyType({}),
        rank: Callable[[str], int] = lambda _transcript: 0,
    ) -> None:
        self._unfinished = unfinished
        self._rank = rank
        #: For a loop that cannot afford a call; ``read`` fills and empties it.
        self.kept: dict[bytes, Entry] = {}
        self._reasons: dict[str, Entry] = {}
        self._upstream: dict[str, Entry] = {}
        self._introns: dict[Entry, Entry] = {}

    def read(self, bcsq: bytes) -> Entry:
        """The entry of an INFO text ``BCSQ=…``; ``b""`` stands for a record outside genes."""
        entry = self.kept.get(bcsq)
        if entry is None:
            found = worst_consequence(bcsq[len("BCSQ=") :].decode("utf-8", "replace"), self._unfinished, self._rank)
            entry = Entry(_own_fields(found), found, protein=_protein(found))
            if len(bcsq) <= MAX_KEPT_BYTES:
                if len(self.kept) >= MAX_ENTRIES:
                    self.kept.clear()
                self.kept[bcsq] = entry
        return entry

    def upstream(self, gene: str) -> Entry:
        """The entry of records outside transcripts that lie in a gene's promoter."""
        entry = self._upstream.get(gene)
        if entry is None:
            if len(self._upstream) >= MAX_ENTRIES:
                self._upstream.clear()
            found = replace(UPSTREAM, gene=gene, genes=gene)
            entry = self._upstream[gene] = Entry(_own_fields(found), found)
        return entry

    def structural(self, found: Consequence | None) -> Entry:
        """The entry of a structural variant; None stands for one outside genes.

        No BCSQ lists the genes it meets, so a field of its own does: the file says what the table says.
        """
        if found is None:
            return self.read(b"")
        several = f";GAS_GENES={found.genes}".encode() if "," in found.genes else b""
        return Entry(_own_fields(found) + several, found)

    def intron(self, entry: Entry) -> Entry:
        """The entry for an intron of what csq calls an exon (``placing/chosen.py``)."""
        found = entry.consequence
        assert found is not None  # noqa: S101  (it has a transcript)
        kept = self._introns.get(entry)
        if kept is None:
            if len(self._introns) >= MAX_ENTRIES:
                self._introns.clear()
            terms = found.terms.replace(found.worst, "intron_variant", 1)
            found = replace(found, terms=terms, worst="intron_variant", region="intron")
            kept = self._introns[entry] = Entry(_own_fields(found), found)
        return kept

    def not_annotated(self, reason: str) -> Entry:
        """The entry of records that have no consequence for this reason."""
        entry = self._reasons.get(reason)
        if entry is None:
            entry = self._reasons[reason] = Entry(b"GAS_NOT_ANNOTATED=" + reason.encode(), None, reason)
        return entry


def _own_fields(found: Consequence) -> bytes:
    gene = f"GAS_GENE={found.gene};" if found.gene else ""
    protein = f";GAS_PROTEIN={found.protein}" if found.protein else ""
    return f"{gene}GAS_CONSEQUENCE={found.terms};GAS_IMPACT={found.impact}{protein}".encode()


def _protein(found: Consequence) -> str | None:
    if found.worst in WITHOUT_PROTEIN or (found.worst == "splice_region_variant" and found.amino_acids == ""):
        return ""
    return protein_name(found.amino_acids or "")
