"""The genes that a reference has, by name: a symbol without a variant in a result is not for that unknown."""

from __future__ import annotations

from functools import lru_cache

from annotations.engine.reference import Reference


@lru_cache(maxsize=4)
def reference_genes(reference: Reference) -> frozenset[str]:
    """Return the names of all genes of a reference in capitals. The first time it reads all gene models' lines."""
    return frozenset(gene.name.upper() for contig in reference.contigs for gene in reference.genes(contig.name))


def has_gene(reference: Reference, symbol: str) -> bool:
    """Say whether a reference has a gene of this symbol, whatever its case and with or without ``MT-``."""
    names = reference_genes(reference)
    return symbol.upper() in names or f"MT-{symbol.upper()}" in names
