"""Genes of a GFF3 file, as ``bcftools csq`` sees them. Positions are 1-based, inclusive."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path


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
    """The lines of a GFF3 file that ``bcftools csq`` takes for genes: ``ID=gene:…``, or an ID without a Parent."""
    genes = []
    with gff.open(encoding="utf-8") as lines:
        for line in lines:
            if "Parent=" in line and "ID=gene:" not in line:
                continue  # nearly all lines: told before they are taken apart
            columns = line.rstrip("\r\n").split("\t", 8)
            attributes = gff_attributes(columns[8]) if len(columns) == 9 else {}
            if "ID" not in attributes or ("Parent" in attributes and not attributes["ID"].startswith("gene:")):
                continue
            name = attributes.get("Name") or attributes["ID"].removeprefix("gene:")
            genes.append(Gene(name, columns[0], int(columns[3]), int(columns[4]), columns[6], gff_biotype(attributes)))
    return genes


def gff_attributes(text: str) -> dict[str, str]:
    """Column nine of a GFF3 line. Values stay percent-encoded, as ``bcftools csq`` writes them into BCSQ."""
    pairs = (part.split("=", 1) for part in text.split(";") if "=" in part)
    return {key.strip(): value.strip() for key, value in pairs}


def gff_biotype(attributes: Mapping[str, str]) -> str:
    """The biotype under the names Ensembl, NCBI and GENCODE give it; "" when there is none."""
    return next((attributes[key] for key in ("biotype", "gene_biotype", "gene_type") if key in attributes), "")
