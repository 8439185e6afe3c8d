"""What a BCSQ value means for a record, worked out once for all records that carry the same value."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from annotations.engine.results.consequence import Consequence, worst_consequence

#: Kept values; one longer than MAX_KEPT_BYTES (a frameshift with its whole protein) is read anew each time.
MAX_ENTRIES = 4_000
MAX_KEPT_BYTES = 2_000

OWN_FIELDS = (
    ("GAS_GENE", "Gene of the transcript with the most severe consequence"),
    ("GAS_TRANSCRIPT", "Transcript with the most severe consequence"),
    ("GAS_CONSEQUENCE", "Sequence Ontology terms of the most severe consequence, joined by &, most severe first"),
    ("GAS_IMPACT", "HIGH, MODERATE, LOW or MODIFIER, as Ensembl VEP assigns it to the most severe term"),
    ("GAS_PROTEIN", "Change of the protein by that consequence in one-letter amino acids, such as A52T"),
    ("GAS_NOT_ANNOTATED", "Why this allele could not be annotated"),
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


class EntryCache:
    """Entries by BCSQ value; ``unfinished`` are the genes of GeneEnds."""

    def __init__(self, unfinished: Mapping[str, str]) -> None:
        self._unfinished = unfinished
        #: For a loop that cannot afford a call; ``read`` fills and empties it.
        self.kept: dict[bytes, Entry] = {}
        self._reasons: dict[str, Entry] = {}

    def read(self, bcsq: bytes) -> Entry:
        """The entry of an INFO text ``BCSQ=…``; ``b""`` stands for a record outside genes."""
        entry = self.kept.get(bcsq)
        if entry is None:
            found = worst_consequence(bcsq[len("BCSQ=") :].decode("utf-8", "replace"), self._unfinished)
            entry = Entry(_own_fields(found), found)
            if len(bcsq) <= MAX_KEPT_BYTES:
                if len(self.kept) >= MAX_ENTRIES:
                    self.kept.clear()
                self.kept[bcsq] = entry
        return entry

    def not_annotated(self, reason: str) -> Entry:
        """The entry of records that have no consequence for this reason."""
        entry = self._reasons.get(reason)
        if entry is None:
            entry = self._reasons[reason] = Entry(b"GAS_NOT_ANNOTATED=" + reason.encode(), None, reason)
        return entry


def _own_fields(found: Consequence) -> bytes:
    gene = f"GAS_GENE={found.gene};" if found.gene else ""
    transcript = f"GAS_TRANSCRIPT={found.transcript};" if found.transcript else ""
    protein = f";GAS_PROTEIN={found.protein}" if found.protein else ""
    return f"{gene}{transcript}GAS_CONSEQUENCE={found.terms};GAS_IMPACT={found.impact}{protein}".encode()
