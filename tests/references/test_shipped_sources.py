"""Every declaration in the catalogue, on lines as its publisher writes them."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from django.test import Client
from django.urls import reverse
from pytest_django import Settings

from annotations.engine.install.catalogue import find_catalogued
from annotations.engine.install.installer import About, install_reference
from annotations.engine.install.requests import SourceRequest
from annotations.engine.reference import Reference
from tests.engine import toy
from tests.engine.annotating import annotated, vcf

CLINVAR = (
    "##fileformat=VCFv4.1\n##fileDate=2026-11-15\n"
    + "".join(f'##INFO=<ID={i},Number=.,Type=String,Description="x">\n' for i in ("CLNDN", "CLNREVSTAT", "CLNSIG"))
    + "#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO\n"
    "1\t12\t11\tT\tC\t.\t.\tCLNDN=A,_familial|not_provided;CLNREVSTAT=practice_guideline;CLNSIG=Likely_pathogenic\n"
)
DBSNP = (
    "##fileformat=VCFv4.2\n##fileDate=20260101\n##dbSNP_BUILD_ID=157\n"
    '##INFO=<ID=RS,Number=1,Type=Integer,Description="dbSNP ID">\n'
    "#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO\n"
    "{contig}\t12\trs42\tT\tA,C\t.\t.\tRS=42;dbSNPBuildID=100;SSR=0;VC=SNV\nNT_113793.3\t1\trs1\tA\tG\t.\t.\tRS=1\n"
)


def gnomad(request: SourceRequest, contig: str) -> str:
    columns = [field.column for field in request.fields]
    infos = "".join(f'##INFO=<ID={c},Number=A,Type=Float,Description="Allele frequency">\n' for c in columns)
    values = ";".join(f"{column}=0.{number:03d}" for number, column in enumerate(columns, start=1))
    return (
        f"##fileformat=VCFv4.2\n{infos}#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO\n"
        f"{contig}\t12\t.\tT\tC\t9\tPASS\tAC=1;{values};vep=C|missense\n{contig}\t12\t.\tT\tA\t9\tAC0\t{values}\n"
    )


#: Lines of UCSC's table dumps (the columns of hg19's and hg38's .sql files), and one of hg19's own chrM each.
UCSC = {
    "cytoBand.txt.gz": "chr1\t0\t45\tp36.33\tgneg\n",
    "genomicSuperDups.txt.gz": "585\tchr1\t9\t30\tchr2:500\t0\t+\tchr2\t500\t520\t20\t7\t1000\tN/A\tN/A\tN/A\tN/A\t"
    "align_both/0000/both0000001\t21\t0\t0\t21\t20\t1\t1\t0\t0.952381\t0.952381\t0.049\t0.050\n",
    "gwasCatalog.txt.gz": "585\tchr1\t11\t12\trs42\t19079261\tX Y\t2008-12-07\tNat Genet\tT\tHeight, adult\t1 person\t"
    "NR\t1p36\tTOY\trs42-C\t0.2\t2E-9\t\t.24\t[NR]\tIllumina\tN\n",
    "tfbsConsSites.txt.gz": "585\tchr1\t8\t20\tV$ARP1_01\t818\t-\t2.01\n585\tchr1\t10\t14\tV$YY1_02\t790\t-\t1.93\n",
}


def text_of(request: SourceRequest, file: str, name: str) -> str:
    """A small file of the publisher's form."""
    accession, contig = {"GRCh38": ("NC_000001.11", "chr1"), "GRCh37": ("NC_000001.10", "1")}[name]
    if file in UCSC:
        line = UCSC[file]
        # hg19's chrM is another genome than MT.
        return line + (line.splitlines()[0].replace("chr1", "chrM", 1) + "\n" if name == "GRCh37" else "")
    texts = {"ClinVar": CLINVAR, "dbSNP": DBSNP.format(contig=accession), "gnomAD exomes": gnomad(request, contig)}
    return texts[request.name]


@pytest.fixture(params=["GRCh38", "GRCh37"])
def reference(request: pytest.FixtureRequest, tmp_path: Path) -> Reference:
    """The toy genome under the catalogue's names, with all sources of a catalogued reference."""
    wanted = find_catalogued(request.param)
    sources = []
    for declared in wanted.sources:
        file = declared.remote[0].name
        path = toy.write(tmp_path, file.removesuffix(".gz"), text_of(declared.request, file, request.param))
        sources.append(replace(declared.request, paths=(path,)))
    return install_reference(
        "toy",
        toy.write(tmp_path, "toy.fa", toy.FASTA.replace(">chr1", ">1")),
        toy.write(tmp_path, "toy.gff", toy.GFF.replace("chr1\t", "1\t")),
        directory=tmp_path / "references",
        sources=sources,
        about=About(assembly=request.param, aliases={"1": wanted.about.aliases["1"]}),
    )


def test_every_source_of_the_catalogue_annotates_from_its_publishers_form(
    reference: Reference, tmp_path: Path, client: Client, settings: Settings
) -> None:
    text = vcf("chr1 12 . T C . . .", "MT 5 . C A . . .", header="##fileformat=VCFv4.2\n")
    found = annotated(text, tmp_path, reference=reference.directory)
    [row, mt] = [{k: v for k, v in one.items() if v is not None} for one in found.rows]
    assert (row["CLINVAR_SIGNIFICANCE"], row["CLINVAR_STARS"], row["CLINVAR_ID"]) == ("Likely_pathogenic", 4, "11")
    assert (row["CLINVAR_CONDITION"], row["DBSNP_ID"]) == ("A,_familial|not_provided", "rs42")
    frequencies = [value for key, value in row.items() if key.startswith("GNOMAD_AF")]
    assert frequencies == [number / 1000 for number in range(1, len(frequencies) + 1)]
    assert {"GNOMAD_AF", "GNOMAD_AF_afr", "GNOMAD_AF_nfe"} <= row.keys()
    assert (row["CYTOBAND"], row["SEGDUP"], row["SEGDUP_IDENTITY"]) == ("p36.33", "chr2:500", 0.952381)
    assert (row["GWAS_TRAIT"], row["GWAS_SNP"], row["GWAS_RISK_ALLELE"]) == ("Height, adult", "rs42", "rs42-C")
    if reference.assembly == "GRCh37":
        assert (row["TFBS"], row["TFBS_ZSCORE"]) == ("V$ARP1_01,V$YY1_02", 2.01)
    assert not {key for key in mt if key.startswith(("CYTOBAND", "SEGDUP", "GWAS", "TFBS"))}
    assert found.summary["known"] == 1

    settings.REFERENCE_DIRS = [reference.directory.parent]
    page = client.get(reverse("sources")).content.decode()
    for sentence in ("Matched by allele, after", "Matched by position, whatever", "Matched by overlap with the bases"):
        assert sentence in page
    assert "1 interval" in page
