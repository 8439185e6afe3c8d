"""Names of the mitochondrial genome's alleles against the amino-acid changes that MITOMAP gives."""

from __future__ import annotations

import gzip
import re
from pathlib import Path

import pytest

from annotations.engine.gene_models import read_gene_models
from annotations.engine.hgvs.genetic_code import THREE_LETTERS, genetic_code
from annotations.engine.hgvs.genomic import genomic_name
from annotations.engine.hgvs.names import TranscriptNamer
from annotations.engine.reference import load_reference
from tests.engine.annotating import RCRS

ORIGINALS = RCRS / "originals"
REFERENCE = load_reference(RCRS)
SEQUENCE = REFERENCE.sequence("MT")
MODELS = read_gene_models(REFERENCE.contigs[0].gff)
NAMERS = {
    transcript.gene: (transcript, TranscriptNamer(transcript, SEQUENCE, genetic_code(2)))
    for transcript in map(MODELS.transcript, range(len(MODELS)))
}


def alleles(path: Path, field: str) -> list[tuple[int, str, str, str]]:
    """Position, REF, ALT and what MITOMAP says of the amino acids."""
    found = []
    with gzip.open(path, "rt", encoding="utf-8") as lines:
        for line in lines:
            fields = line.rstrip("\n").split("\t")
            if not line.startswith("#") and (said := re.search(rf"\b{field}=([^;]*)", fields[7])):
                found += [(int(fields[1]), fields[3], alt, said[1]) for alt in fields[4].split(",")]
    return found


def proteins(pos: int, ref: str, alt: str) -> dict[str, str]:
    """The protein's name by gene, where the allele falls in a coding one."""
    found = {}
    for gene, (transcript, namer) in NAMERS.items():
        if transcript.coding and transcript.start <= pos <= transcript.end:
            found[gene] = namer.names(pos, ref, alt).protein
    return found


def hgvs(change: str) -> set[str]:
    """MITOMAP's A52T or W114Term in HGVS' words."""
    found = re.fullmatch(r"(Term|[A-Z])(\d+)(Term|[A-Z])", change)
    assert found, change
    old, number, new = found[1].replace("Term", "*"), found[2], found[3].replace("Term", "*")
    place = f"{THREE_LETTERS[old]}{number}"
    if number == "1":
        return {"p.(Met1?)"} if new != "M" else {"p.(Met1=)"}
    if old == new:
        return {f"p.({place}=)"}
    if old == "*":
        return {f"p.({place}{THREE_LETTERS[new]}extTer?)"}
    return {f"p.({place}{THREE_LETTERS[new]})"}


def test_every_amino_acid_change_of_mitomap_is_the_protein_name_of_its_allele() -> None:
    said = alleles(ORIGINALS / "mitomap_disease.vcf.gz", "aachange")
    said += alleles(ORIGINALS / "mitomap_confirmed_mutations.vcf.gz", "AminoAcidChange")
    compared = 0
    for pos, ref, alt, text in said:
        changes = re.findall(r"\b(?:Term|[A-Z])\d+(?:Term|[A-Z])\b", text)
        if not changes or ref == alt:
            continue
        wanted = set().union(*map(hgvs, changes))
        found = proteins(pos, ref, alt)
        genes = re.findall(r"\bATP[68](?=:)", text)
        assert set(found.values()) <= wanted, (pos, ref, alt, text, found)
        assert {f"MT-{gene}" for gene in genes} <= set(found)
        compared += 1
    # Every one that MITOMAP gives: 511 alleles in its list of diseases, 59 of them again among the confirmed.
    assert compared == 511 + 59


def test_every_frame_shift_of_mitomap_is_one_or_stops_at_once() -> None:
    said = alleles(ORIGINALS / "mitomap_disease.vcf.gz", "aachange")
    names = [proteins(pos, ref, alt) for pos, ref, alt, text in said if "frameshift" in text]
    assert len(names) == 22
    for found in names:
        [name] = found.values()
        assert re.fullmatch(r"p\.\([A-Z][a-z]{2}\d+([A-Z][a-z]{2}fsTer\d+|Ter)\)", name), name


@pytest.mark.parametrize(
    ("allele", "gene", "genomic", "coding", "protein"),
    [
        ("3460 G A", "MT-ND1", "m.3460G>A", "c.154G>A", "p.(Ala52Thr)"),
        ("11778 G A", "MT-ND4", "m.11778G>A", "c.1019G>A", "p.(Arg340His)"),
        ("14484 T C", "MT-ND6", "m.14484T>C", "c.190A>G", "p.(Met64Val)"),
        ("8993 T G", "MT-ATP6", "m.8993T>G", "c.467T>G", "p.(Leu156Arg)"),
        ("7445 A G", "MT-CO1", "m.7445A>G", "c.1542A>G", "p.(Ter514=)"),
        ("7445 A C", "MT-CO1", "m.7445A>C", "c.1542A>C", "p.(Ter514SerextTer?)"),
        ("3308 T C", "MT-ND1", "m.3308T>C", "c.2T>C", "p.(Met1?)"),
        ("3243 A G", "MT-TL1", "m.3243A>G", "n.14A>G", ""),
        ("1555 A G", "MT-RNR1", "m.1555A>G", "n.908A>G", ""),
        ("3902 ACCTTGC GCAAGGT", "MT-ND1", "m.3902_3908inv", "c.596_602inv", "p.(Asp199_Ala201delinsGlyLysVal)"),
        ("9479 TTTTTTCTTCGCAGGA T", "MT-CO3", "m.9487_9501del", "c.281_295del", "p.(Phe94_Phe98del)"),
        ("14535 C CC", "MT-ND6", "m.14535dup", "c.143dup", "p.(Gly49Ter)"),
        ("9204 ATA A", "MT-ATP6", "m.9205_9206del", "c.679_680del", "p.?"),
    ],
)
def test_a_known_allele_has_its_known_names(allele: str, gene: str, genomic: str, coding: str, protein: str) -> None:
    pos, ref, alt = allele.split()
    assert genomic_name(int(pos), ref, alt, SEQUENCE, mitochondrial=True) == genomic
    names = NAMERS[gene][1].names(int(pos), ref, alt)
    assert (names.coding, names.protein) == (coding, protein)
