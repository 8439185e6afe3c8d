"""Links from a variant to the databases that know of it, built from its place and the ids in its values.

Nothing is fetched. A link is made only where its database has the assembly: ClinVar, dbSNP and gnomAD know the human
genome, MITOMAP the human mitochondrial one. Values go into an address percent-encoded.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from annotations.engine.reference import Reference

_RS = re.compile(r"rs\d+")
_PUBMED = re.compile(r"(?:PMID|PubMed)[:_ ]*(\d{4,9})", re.IGNORECASE)
MOST_IDS = 12
#: The vertebrate mitochondrial genome that MITOMAP numbers by, in bases.
RCRS_LENGTH = 16_569


@dataclass(frozen=True)
class Link:
    """A database's name, what it says there, and its address."""

    database: str
    label: str
    url: str


def links_for(
    row: dict[str, Any], reference: Reference | None, sources: Iterable[str], texts: Iterable[str]
) -> list[Link]:
    """Return the links for a row; ``texts`` are the sources' values, which may name publications."""
    pos, ref, alt = row["pos"], row["ref"], row["alt"]
    assembly = (reference.assembly if reference else "").lower()
    contig = reference.contig_names().get(row["contig"]) if reference else None
    human_mt = bool(contig and contig.mitochondrial and contig.length == RCRS_LENGTH)
    build = "38" if any(name in assembly for name in ("grch38", "hg38")) or human_mt else ""
    build = "37" if any(name in assembly for name in ("grch37", "hg19")) else build
    links = []
    if human_mt:
        links.append(
            Link(
                "MITOMAP",
                f"alleles at m.{pos}",
                f"https://www.mitomap.org/cgi-bin/search_allele?variant={quote(f'{pos}{ref}>{alt}')}",
            )
        )
    for rs in _RS.findall(row.get("id") or "")[:MOST_IDS]:
        links.append(Link("dbSNP", rs, f"https://www.ncbi.nlm.nih.gov/snp/{rs}"))
        links.append(Link("Ensembl", rs, f"https://www.ensembl.org/Homo_sapiens/Variation/Explore?v={rs}"))
    if build:
        chromosome = "MT" if human_mt else row["contig"].removeprefix("chr")
        place = quote(f"{chromosome}[chr] AND {pos}[chrpos{build}]")
        links.append(Link("ClinVar", f"at {chromosome}:{pos:,}", f"https://www.ncbi.nlm.nih.gov/clinvar/?term={place}"))
        links.append(_gnomad("M" if human_mt else chromosome, row, build))
    if row.get("gene"):
        links.append(
            Link(
                "Ensembl", row["gene"], f"https://www.ensembl.org/Multi/Search/Results?q={quote(row['gene'], safe='')}"
            )
        )
    ids = dict.fromkeys(found for text in texts for found in _PUBMED.findall(text))
    links += [Link("PubMed", one, f"https://pubmed.ncbi.nlm.nih.gov/{one}/") for one in list(ids)[:MOST_IDS]]
    return links


def _gnomad(chromosome: str, row: dict[str, Any], build: str) -> Link:
    allele = "-".join((chromosome, str(row["pos"]), row["ref"], row["alt"]))
    dataset = "gnomad_r4" if build == "38" else "gnomad_r2_1"
    address = f"https://gnomad.broadinstitute.org/variant/{quote(allele, safe='-')}?dataset={dataset}"
    return Link("gnomAD", f"{chromosome}-{row['pos']}", address)
