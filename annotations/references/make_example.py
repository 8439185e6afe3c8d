"""Make the bundled example: ``python -m annotations.references.make_example FILE``.

A made-up mother and child of haplogroup J1c2, on which the LHON mutations are most often seen: the alleles that
more than half of MITOMAP's J1 sequences have, the control region's hot spots and one rare allele a protein gene at
low heteroplasmy, and two confirmed pathogenic alleles whose share of molecules rises from mother to child.
"""

from __future__ import annotations

import gzip
import random
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from annotations.engine.genes import read_genes

ORIGINALS = Path(__file__).resolve().parent / "rCRS" / "originals"
HAPLOGROUP = "J1"
Allele = tuple[int, str, str]
Site = tuple[int, str, tuple[str, ...]]
Shares = tuple[float, ...]

#: (position, REF, ALT), with its share of molecules in mother and child.
SUBGROUP = (188, "A", "G")  # J1c2, phylotree.org build 17
PATHOGENIC = {(11778, "G", "A"): (0.41, 0.78), (3243, "A", "G"): (0.06, 0.19)}
INDELS = {(315, "C", "CC"): (0.99, 0.99), (521, "ACA", "A"): (0.99, 0.99)}
#: The poly-C tract of HV2 varies in length within a person: 309.1C and 309.2C, in one record.
TRACT: tuple[Site, tuple[Shares, Shares]] = ((309, "C", ("CC", "CCC")), ((0.78, 0.21), (0.82, 0.17)))
#: Without the tract, whose reads no caller places twice alike.
CONTROL_REGION = frozenset([*range(16024, 16570), *range(1, 303), *range(317, 577)])
HOT_SPOTS = 14
RARE_COUNTS = range(20, 101)
SEED = 16569
HEADER = """\
##fileformat=VCFv4.2
##source=GAS annotations/references/make_example.py
##comment=Constructed from alleles of MITOMAP (CC BY 3.0, Lott et al. 2013): a made-up mother and child, no real person
##reference=NC_012920.1
##contig=<ID=MT,length=16569,assembly=NC_012920.1>
##FILTER=<ID=PASS,Description="All filters passed">
##INFO=<ID=DP,Number=1,Type=Integer,Description="Reads of all samples">
##FORMAT=<ID=GT,Number=1,Type=String,Description="Genotype; two alleles where the site is heteroplasmic">
##FORMAT=<ID=AD,Number=R,Type=Integer,Description="Reads of each allele">
##FORMAT=<ID=DP,Number=1,Type=Integer,Description="Reads">
##FORMAT=<ID=HF,Number=A,Type=Float,Description="Heteroplasmy: the allele's fraction of the reads">
#CHROM	POS	ID	REF	ALT	QUAL	FILTER	INFO	FORMAT	MOTHER	CHILD
"""


@dataclass(frozen=True)
class Polymorphism:
    """One allele of MITOMAP's export: GenBank count, and the per cent of HAPLOGROUP's sequences that have it."""

    allele: Allele
    count: int
    in_haplogroup: float
    is_marker: bool

    @property
    def is_transition(self) -> bool:
        """Whether it is A<->G or C<->T, as nearly all of mtDNA's substitutions are."""
        return {self.allele[1], self.allele[2]} in ({"A", "G"}, {"C", "T"})


def make_example() -> str:
    """The VCF's text; the same one every time."""
    dice = random.Random(SEED)  # noqa: S311  (read depths, not secrets)
    sites: dict[Site, tuple[Shares, Shares]] = {
        (position, ref, (alt,)): ((m,), (c,)) for (position, ref, alt), (m, c) in _shares(dice).items()
    }
    sites[TRACT[0]] = TRACT[1]
    lines = [_record(site, shares, dice) for site, shares in sorted(sites.items())]
    return HEADER + "".join(lines)


def _shares(dice: random.Random) -> dict[Allele, tuple[float, float]]:
    """Every allele but the tract's, with its share of molecules in mother and child."""
    table = list(_polymorphisms(ORIGINALS / "mitomap_polymorphisms.vcf.gz"))
    backbone = [p.allele for p in table if p.in_haplogroup > 50]
    taken = {allele[0] for allele in (*backbone, SUBGROUP, *PATHOGENIC, *INDELS, TRACT[0])}
    free = [p for p in table if p.is_transition and p.allele[0] not in taken]
    hot = sorted((p for p in free if p.allele[0] in CONTROL_REGION), key=lambda p: -p.count)[:HOT_SPOTS]
    low = [p.allele for p in (*hot, *_one_a_gene(free))]
    shares = {allele: (dice.uniform(0.985, 1.0), dice.uniform(0.985, 1.0)) for allele in (*backbone, SUBGROUP)}
    shares |= {allele: (dice.uniform(0.0, 0.12), dice.uniform(0.02, 0.15)) for allele in low}
    return shares | INDELS | PATHOGENIC


def _one_a_gene(free: list[Polymorphism]) -> Iterator[Polymorphism]:
    """For each protein gene the rare allele, no haplogroup's marker, that is nearest its middle."""
    rare = [p for p in free if p.count in RARE_COUNTS and not p.is_marker]
    for gene in read_genes(ORIGINALS / "rCRS.gff3"):
        if gene.biotype == "protein_coding":
            middle = (gene.start + gene.end) // 2
            yield min(rare, key=lambda p: abs(p.allele[0] - middle))


def _polymorphisms(path: Path) -> Iterator[Polymorphism]:
    with gzip.open(path, "rt", encoding="utf-8") as lines:
        for line in lines:
            if line.startswith("#"):
                continue
            _, position, _, ref, alts, _, _, info = line.rstrip("\n").split("\t")
            values = dict(part.split("=", 1) for part in info.split(";"))
            alleles = alts.split(",")
            haplogroups = values.get("HGFL", ",".join("." for _ in alleles)).split(",")
            for alt, count, listed in zip(alleles, values["AC"].split(","), haplogroups, strict=True):
                shares = dict(entry.split(":") for entry in listed.split("|") if ":" in entry)
                percent = float(shares.get(HAPLOGROUP, "0/0").split("/")[1])
                yield Polymorphism((int(position), ref, alt), int(count), percent, bool(shares))


def _record(site: Site, shares: tuple[Shares, Shares], dice: random.Random) -> str:
    position, ref, alts = site
    samples, total = [], 0
    for sample in shares:
        depth = round(dice.gauss(2400, 250))
        reads = [round(depth * share) for share in sample]
        total += depth
        fractions = ",".join(f"{count / depth:.3f}" for count in reads)
        counts = ",".join(map(str, [depth - sum(reads), *reads]))
        samples.append(f"{_genotype([depth - sum(reads), *reads], depth)}:{counts}:{depth}:{fractions}")
    quality = 3000 if shares[0][0] > 0.5 else 1200
    columns = ["MT", str(position), ".", ref, ",".join(alts), str(quality), "PASS", f"DP={total}", "GT:AD:DP:HF"]
    return "\t".join([*columns, *samples]) + "\n"


def _genotype(reads: list[int], depth: int) -> str:
    """The alleles with at least two per cent of the reads; one alone is written haploid."""
    return "/".join(str(i) for i, count in enumerate(reads) if count >= 0.02 * depth)


if __name__ == "__main__":
    Path(sys.argv[1]).write_text(make_example(), encoding="utf-8")
