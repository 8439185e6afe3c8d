"""How much of a hostile or broken upload the reader looks at before it gives up. Sizes are bytes."""

from __future__ import annotations

from dataclasses import dataclass

KIB = 1024
MIB = 1024 * KIB
GIB = 1024 * MIB

#: What a ``.tbi`` index can hold: positions 1 to 2^29 (htslib's message: "cannot be stored in a tbi index").
MAX_POSITION = 1 << 29


@dataclass(frozen=True)
class Limits:
    """Caps on one input file.

    Deflate never compresses better than 1032:1; genotypes of a big cohort reach some 60:1 (1000 Genomes phase 3,
    chromosome 22), so ``max_ratio`` lies between. It counts once ``ratio_grace_bytes`` have come out.
    """

    max_expanded_bytes: int = 100 * GIB
    max_ratio: int = 250
    ratio_grace_bytes: int = 16 * MIB
    max_line_bytes: int = 32 * MIB
    max_header_bytes: int = 64 * MIB
    max_samples: int = 1_000_000
    max_contigs: int = 200_000
    max_alleles: int = 1_000
    max_alleles_at_position: int = 5_000
    """Alternate alleles of all records at one position: 12 µs each for every 1,000 there (decision 50)."""
    max_split_bytes_at_position: int = 512 * MIB
    max_split_ratio: int = 50
    """How much larger one record an allele may make the text; counts once ``split_grace_bytes`` have been made."""
    split_grace_bytes: int = 256 * MIB
    chunk_bytes: int = MIB // 2
    look_packed_bytes: int = 48 * MIB
    """A look before the job ends behind so many bytes of the file: one in a bucket is fetched to its 64th MiB only."""
    look_text_bytes: int = 256 * MIB
    """And behind so much text, which is a second or two: somebody waits for it."""
    verify_packed_bytes: int = GIB
    """How much of a packed file is read on from a garbled record, to see whether the packing is damaged."""
