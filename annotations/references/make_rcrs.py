"""Make the bundled reference rCRS out of ``rCRS/originals``: ``python -m annotations.references.make_rcrs DIRECTORY``.

It is installed like any reference, after MITOMAP's exports were turned into three clean VCFs. A test compares what
this makes with what is shipped.
"""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Iterable, Mapping
from pathlib import Path

from annotations.engine.install.entries import info_safe
from annotations.engine.install.installer import About, install_reference
from annotations.engine.install.requests import SourceRequest, WantedField
from annotations.engine.reference import Reference
from annotations.references.mitomap import (
    GENBANK_SEQUENCES,
    Allele,
    Entry,
    read_confirmed,
    read_diseases,
    read_polymorphisms,
)

HERE = Path(__file__).resolve().parent / "rCRS"
ORIGINALS = HERE / "originals"
EXTRAS = ("NOTICE", "example.vcf")
VERSION = "2025-02-13"
LICENCE = "CC BY 3.0"
LOTT = (
    "Lott MT, Leipzig JN, Derbeneva O, Xie HM, Chalkia D, Sarmady M, Procaccio V, Wallace DC. mtDNA variation and "
    "analysis using MITOMAP and MITOMASTER. Curr Protoc Bioinformatics 2013;44(123):1.23.1-26. "
    "doi:10.1002/0471250953.bi0123s44"
)
ANDREWS = (
    "Andrews RM, Kubacka I, Chinnery PF, Lightowlers RN, Turnbull DM, Howell N. Reanalysis and revision of the "
    "Cambridge reference sequence for human mitochondrial DNA. Nat Genet 1999;23:147. doi:10.1038/13779"
)
ABOUT = About(
    assembly="rCRS (NC_012920.1)",
    title="Human mitochondrial genome, revised Cambridge Reference Sequence",
    note="Covers mitochondrial DNA only.",
    citations=(ANDREWS, LOTT),
    aliases={"MT": ("M", "chrM", "chrMT", "NC_012920.1")},
    circular=frozenset({"MT"}),
)
#: INFO id -> Number, Type, Description, role. All of MITOMAP's are one an allele.
FIELDS = {
    "MITOMAP_DISEASE": ("A", "String", "Diseases reported with the allele", "disease"),
    "MITOMAP_STATUS": ("A", "String", "MITOMAP's status of the disease association (Cfrm: confirmed)", "status"),
    "MITOMAP_RATING": (
        "A",
        "String",
        "ClinGen rating of an allele MITOMAP lists as confirmed: P pathogenic, LP likely pathogenic, "
        "VUS* of uncertain significance under ClinGen's rules",
        "rating",
    ),
    "MITOMAP_AC": ("A", "Integer", f"Count among {GENBANK_SEQUENCES} full-length GenBank sequences", "count"),
    "MITOMAP_AF": ("A", "Float", f"Fraction of {GENBANK_SEQUENCES} full-length GenBank sequences", "frequency"),
}

Table = Mapping[Allele, Mapping[str, str]]


def make_rcrs(directory: Path) -> Reference:
    """Build ``directory``/rCRS from the originals."""
    tables = clean_tables(ORIGINALS / "rCRS.fa")
    originals = {f"originals/{path.name}": path for path in sorted(ORIGINALS.iterdir()) if path.suffix != ".fai"}
    extras = {name: HERE / name for name in EXTRAS if (HERE / name).exists()}
    about = About(**{**vars(ABOUT), "extras": originals | extras})
    with tempfile.TemporaryDirectory(prefix="gas-rcrs-") as scratch:
        requests = [_request(name, table, Path(scratch)) for name, table in tables.items()]
        return install_reference(
            "rCRS",
            ORIGINALS / "rCRS.fa",
            ORIGINALS / "rCRS.gff3",
            directory=directory,
            codes={"MT": 2},
            sources=requests,
            about=about,
        )


def clean_tables(fasta: Path) -> dict[str, Table]:
    """The three sources' alleles with their fields, from the exports."""
    with tempfile.TemporaryDirectory(prefix="gas-rcrs-") as scratch:
        # norm writes an index beside the FASTA it is given.
        copy = Path(scratch) / fasta.name
        copy.write_bytes(fasta.read_bytes())
        diseases, _ = read_diseases(ORIGINALS / "mitomap_disease.vcf.gz", copy)
        confirmed, _ = read_confirmed(ORIGINALS / "mitomap_confirmed_mutations.vcf.gz", copy)
        polymorphisms, _ = read_polymorphisms(ORIGINALS / "mitomap_polymorphisms.vcf.gz", copy)
    return {
        "MITOMAP diseases": {
            allele: {"MITOMAP_DISEASE": confirmed.get(allele, entry).disease, "MITOMAP_STATUS": entry.status}
            for allele, entry in diseases.items()
        },
        "MITOMAP confirmed": {
            allele: {"MITOMAP_RATING": entry.status.removeprefix("Cfrm ").strip("[]")}
            for allele, entry in confirmed.items()
        },
        "MITOMAP GenBank frequencies": dict(_frequencies(polymorphisms, diseases)),
    }


def _frequencies(
    polymorphisms: Mapping[Allele, Entry], diseases: Mapping[Allele, Entry]
) -> Iterable[tuple[Allele, Mapping[str, str]]]:
    """Both tables count the same sequences; where they differ, the larger count is the one that missed none."""
    for allele in {**polymorphisms, **diseases}:
        count = max(table[allele].count for table in (polymorphisms, diseases) if allele in table)
        yield allele, {"MITOMAP_AC": str(count), "MITOMAP_AF": f"{count / GENBANK_SEQUENCES:.6f}"}


def _request(name: str, table: Table, scratch: Path) -> SourceRequest:
    infos = list(next(iter(table.values())))
    lines = ["##fileformat=VCFv4.3"]
    for info in infos:
        number, type_, description, _role = FIELDS[info]
        lines.append(f'##INFO=<ID={info},Number={number},Type={type_},Description="{description}">')
    lines.append("#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO")
    for (position, ref, alt), values in sorted(table.items()):
        fields = ";".join(f"{info}={info_safe(value)}" for info, value in values.items())
        lines.append(f"MT\t{position}\t.\t{ref}\t{alt}\t.\t.\t{fields}")
    path = scratch / f"{name}.vcf"
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    wanted = tuple(WantedField(info, info, role=FIELDS[info][3]) for info in infos)
    return SourceRequest(name, (path,), wanted, version=VERSION, citation=LOTT, licence=LICENCE)


if __name__ == "__main__":
    made = make_rcrs(Path(sys.argv[1]))
    sys.stdout.write(f"{made.directory}\n")
