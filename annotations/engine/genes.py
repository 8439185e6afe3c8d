"""Genes of a GFF3 file, as ``bcftools csq`` sees them. Positions are 1-based, inclusive."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import unquote


@dataclass(frozen=True)
class Gene:
    """A gene as the GFF has it, 1-based and inclusive; ``strand`` is "+", "-" or "."."""

    name: str
    contig: str
    start: int
    end: int
    strand: str
    biotype: str


def read_genes(gff: Path) -> list[Gene]:
    """The lines of a GFF3 file that ``bcftools csq`` takes for genes (``ID=gene:…``)."""
    genes = []
    with gff.open(encoding="utf-8") as lines:
        for line in lines:
            columns = line.rstrip("\r\n").split("\t", 8)
            if len(columns) < 9 or line.startswith("#") or "ID=gene:" not in columns[8]:
                continue
            attributes = gff_attributes(columns[8])
            name = attributes.get("Name") or attributes["ID"].removeprefix("gene:")
            genes.append(Gene(name, columns[0], int(columns[3]), int(columns[4]), columns[6], gff_biotype(attributes)))
    return genes


def gff_attributes(text: str) -> dict[str, str]:
    """Column nine of a GFF3 line, percent-decoded."""
    pairs = (part.split("=", 1) for part in text.split(";") if "=" in part)
    return {key.strip(): unquote(value) for key, value in pairs}


def gff_biotype(attributes: Mapping[str, str]) -> str:
    """The biotype under the names Ensembl, NCBI and GENCODE give it; "" when there is none."""
    return next((attributes[key] for key in ("biotype", "gene_biotype", "gene_type") if key in attributes), "")
