"""The same variants give the same records, however the file is written; and what is done to a record is exact."""

from __future__ import annotations

import gzip
import subprocess
from pathlib import Path

import pysam
import pytest

from annotations.engine.bcftools import command
from annotations.engine.errors import InputRefused, Unsorted
from annotations.engine.limits import Limits
from annotations.engine.reading import compression
from annotations.engine.reading.reader import VcfReader
from tests.engine.small_vcf import META, RECORDS, put, rcrs, read_all, tabs, vcf

REFERENCE = rcrs()
GOOD = vcf(*RECORDS)
LINES = "".join(tabs(record) + "\n" for record in RECORDS).encode()


def header_of(directory: Path, content: bytes, **options: object) -> list[str]:
    with VcfReader(put(directory, content), REFERENCE, **options) as reader:  # type: ignore[arg-type]
        return reader.header_lines.decode().splitlines()


def records_of(directory: Path, *records: str, samples: tuple[str, ...] = ()) -> list[str]:
    content = vcf(*records, samples=samples)
    return read_all(put(directory, content), REFERENCE).decode().replace("\t", " ").splitlines()


def test_plain_text_passes_through_untouched(tmp_path: Path) -> None:
    with VcfReader(put(tmp_path, GOOD), REFERENCE) as reader:
        assert (reader.format, reader.compression, reader.samples) == ("VCFv4.2", "plain", ("S1",))
        assert b"".join(batch.lines for batch in reader.batches()) == LINES
        assert (reader.counts.records, reader.counts.refs_checked, reader.counts.refs_mismatched) == (3, 3, 0)
        assert reader.fraction == 1


@pytest.mark.parametrize(
    "rewrite",
    [
        lambda text: text[:-1],
        lambda text: text.replace(b"\n", b"\r\n"),
        lambda text: text.replace(b"\n", b"\r\n")[:-1],
        lambda text: text + b"\n \n\n",
        lambda text: b"\xef\xbb\xbf" + text,
        gzip.compress,
        lambda text: gzip.compress(text[:400]) + gzip.compress(text[400:]),
    ],
    ids=["no final newline", "CRLF", "CR at the end", "blank lines", "byte order mark", "gzip", "gzip members"],
)
def test_the_same_variants_written_otherwise_give_the_same_records(tmp_path: Path, rewrite: object) -> None:
    assert callable(rewrite)
    assert read_all(put(tmp_path, rewrite(GOOD)), REFERENCE) == LINES


@pytest.mark.parametrize("version", ["VCFv4.0", "VCFv4.1", "VCFv4.2", "VCFv4.3", "VCFv4.4", "VCFv4.5"])
def test_every_version_is_read_and_keeps_its_name(tmp_path: Path, version: str) -> None:
    content = GOOD.replace(b"VCFv4.2", version.encode())
    assert header_of(tmp_path, content)[0] == f"##fileformat={version}"
    assert read_all(put(tmp_path, content), REFERENCE) == LINES


def test_bgzf_is_told_from_gzip_and_named_so(tmp_path: Path) -> None:
    path = tmp_path / "packed"
    pysam.tabix_compress(str(put(tmp_path, GOOD)), str(path))
    with VcfReader(path, REFERENCE) as reader:
        assert reader.compression == "bgzf"
        assert b"".join(batch.lines for batch in reader.batches()) == LINES
        assert reader.fraction == 1


@pytest.mark.parametrize("mode", ["-Ob", "-Ou"])
def test_bcf_gives_the_same_records_as_the_text_it_was_made_from(tmp_path: Path, mode: str) -> None:
    contig = "##contig=<ID=MT,length=16569>"
    source = put(tmp_path, vcf(*RECORDS, meta=(*META, contig)), "input.vcf")
    path = tmp_path / "packed"
    subprocess.run(command("view", mode, "-o", str(path), str(source)), check=True)
    with VcfReader(path, REFERENCE) as reader:
        assert reader.compression == "bcf"
        assert b"".join(batch.lines for batch in reader.batches()) == LINES
        assert (reader.counts.records, reader.fraction) == (3, 1)


@pytest.mark.parametrize("packed", [False, True])
def test_a_bcf_cut_inside_a_record_is_refused(tmp_path: Path, *, packed: bool) -> None:
    contig = "##contig=<ID=MT,length=16569>"
    source = put(tmp_path, vcf(*[RECORDS[0]] * 500, meta=(*META, contig)), "input.vcf")
    path = tmp_path / "packed"
    subprocess.run(command("view", "-Ou", "-o", str(path), str(source)), check=True)
    cut = gzip.decompress(path.read_bytes())[:-7]
    path.write_bytes(gzip.compress(cut) if packed else cut)
    with pytest.raises(InputRefused, match=r"^The BCF file is damaged: bcftools cannot read it to its end\."):
        read_all(path, REFERENCE)


def test_a_bcf_whose_packing_is_damaged_is_refused_for_that(tmp_path: Path) -> None:
    contig = "##contig=<ID=MT,length=16569>"
    source = put(tmp_path, vcf(*[RECORDS[0]] * 20_000, meta=(*META, contig)), "input.vcf")
    path = tmp_path / "packed"
    subprocess.run(command("view", "-Ou", "-o", str(path), str(source)), check=True)
    path.write_bytes(gzip.compress(gzip.decompress(path.read_bytes()))[:-5])
    with pytest.raises(InputRefused, match=r"^The compressed file ends too early: it is truncated\."):
        read_all(path, REFERENCE)


def test_a_bcf_left_half_read_ends_its_child(tmp_path: Path) -> None:
    contig = "##contig=<ID=MT,length=16569>"
    source = put(tmp_path, vcf(*[RECORDS[0]] * 60_000, meta=(*META, contig)), "input.vcf")
    path = tmp_path / "packed"
    subprocess.run(command("view", "-Ob", "-o", str(path), str(source)), check=True)
    with VcfReader(path, REFERENCE) as reader:
        next(reader.batches())
    assert reader._bcf is not None
    assert reader._bcf._child.returncode is not None


def test_a_header_alone_is_a_file_of_no_records(tmp_path: Path) -> None:
    with VcfReader(put(tmp_path, vcf(samples=())), REFERENCE) as reader:
        assert list(reader.batches()) == []
        assert (reader.counts.records, reader.samples) == (0, ())


def test_vcf_3_3_is_brought_to_4_2(tmp_path: Path) -> None:
    old = "\n".join(
        [
            "##fileformat=VCFv3.3",
            '##INFO=DP,1,Integer,"Total Depth"',
            '##FORMAT=GQ,1,Integer,"Genotype \\"Quality\\""',
            '##FORMAT=HQ,2,Integer,"Haplotype Quality"',
            '##FILTER=q10,"Quality below 10"',
            *map(tabs, ("#CHROM POS ID REF ALT QUAL FILTER INFO FORMAT S1 S2",)),
            tabs("MT 3460 rs1 G A 50 0 DP=10 GT:GQ:HQ 0\\1:48:-1,5 1/1:-1:3,4"),
            tabs("MT 8993 . T IGA,C -1 q10 DP=12 GT 1/2 ./."),
            tabs("MT 11777 . C D2,T,IA 7 0 DP=9 GT 0/1 2|3"),
        ]
    )
    path = put(tmp_path, old.encode())
    assert read_all(path, REFERENCE).decode().replace("\t", " ").splitlines() == [
        "MT 3460 rs1 G A 50 PASS DP=10 GT:GQ:HQ 0|1:48:.,5 1/1:.:3,4",
        "MT 8993 . T TGA,C . q10 DP=12 GT 1/2 ./.",
        # rCRS reads C G C from 11,777 on: D2 takes GC away, and the other alleles keep it.
        "MT 11777 . CGC C,TGC,CAGC 7 PASS DP=9 GT 0/1 2|3",
    ]
    with VcfReader(path, REFERENCE) as reader:
        assert reader.format == "VCFv3.3"
        assert reader.header_lines.decode().splitlines()[:5] == [
            "##fileformat=VCFv4.2",
            '##INFO=<ID=DP,Number=1,Type=String,GAS_TYPE=Integer,Description="Total Depth">',
            '##FORMAT=<ID=GQ,Number=1,Type=Integer,Description="Genotype \\\\\\"Quality\\\\\\"">',
            '##FORMAT=<ID=HQ,Number=2,Type=Integer,Description="Haplotype Quality">',
            '##FILTER=<ID=q10,Description="Quality below 10">',
        ]


@pytest.mark.parametrize("name", ["M", "chrM", "NC_012920.1", "chrMT"])
def test_contig_names_are_brought_to_the_references_own(tmp_path: Path, name: str) -> None:
    content = GOOD.replace(b"MT\t", name.encode() + b"\t")
    with VcfReader(put(tmp_path, content), REFERENCE) as reader:
        assert b"".join(batch.lines for batch in reader.batches()) == LINES
        assert reader.counts.renamed == {name: "MT"}
        assert reader.counts.by_contig == {name: 3}


def test_records_of_unknown_contigs_go_aside_untouched_and_counted(tmp_path: Path) -> None:
    aside = ("chr1 55 . g <DEL> . . END=99 GT .", "chr1 56 . A T . . . GT 1", "HLA-A*01:01 1 . A T . . . GT 0")
    content = vcf(RECORDS[0], *aside)
    with VcfReader(put(tmp_path, content), REFERENCE) as reader:
        batches = list(reader.batches())
        told = [(batch.contig, batch.aside, batch.records) for batch in batches]
        assert told == [("MT", False, 1), ("chr1", True, 2), ("HLA-A*01:01", True, 1)]
        assert [tabs(record) for record in aside] == b"".join(
            batch.lines for batch in batches[1:]
        ).decode().splitlines()
        assert reader.counts.unknown_contigs == {"chr1": 2, "HLA-A*01:01": 1}
        assert "##contig=<ID=chr1>" in reader.header_lines.decode().splitlines()


@pytest.mark.parametrize(
    ("record", "result", "reason"),
    [
        (
            "MT 3460 . A G . . DP=1",
            "MT 3460 . A <GAS0> . . GAS_ALT=G;GAS_NOT_ANNOTATED=ref_mismatch;DP=1",
            "ref_mismatch",
        ),
        (
            "MT 3460 . A G,* . . .",
            "MT 3460 . A <GAS0>,<GAS1> . . GAS_ALT=G,*;GAS_NOT_ANNOTATED=ref_mismatch",
            "ref_mismatch",
        ),
        (
            "MT 16569 . GAT G . . .",
            "MT 16569 . GAT <GAS0> . . GAS_ALT=G;GAS_NOT_ANNOTATED=beyond_contig",
            "beyond_contig",
        ),
        ("MT 20000 . G A . . .", "MT 20000 . G <GAS0> . . GAS_ALT=A;GAS_NOT_ANNOTATED=beyond_contig", "beyond_contig"),
        ("MT 0 . N A . . .", "MT 0 . N <GAS0> . . GAS_ALT=A;GAS_NOT_ANNOTATED=beyond_contig", "beyond_contig"),
        (
            "MT 3460 . G A . . END=20000",
            "MT 3460 . G <GAS0> . . GAS_ALT=A;GAS_NOT_ANNOTATED=beyond_contig;END=20000",
            "beyond_contig",
        ),
        (
            "MT 3460 . GC A . . END=3470",
            "MT 3460 . GC <GAS0> . . GAS_ALT=A;GAS_NOT_ANNOTATED=end_beyond_ref;END=3470",
            "end_beyond_ref",
        ),
        ("MT 3460 . GC A . . END=3461", "MT 3460 . GC A . . END=3461", ""),
        ("MT 3460 . G <NON_REF> . . END=3470", "MT 3460 . G <NON_REF> . . END=3470", ""),
        ("MT 3460 . G <NON_REF> . . END=20000", "MT 3460 . G <NON_REF> . . END=20000", ""),
        (
            "MT 3460 . R A . . .",
            "MT 3460 . R <GAS0> . . GAS_ALT=A;GAS_NOT_ANNOTATED=ambiguous_reference",
            "ambiguous_reference",
        ),
        (
            "MT 3107 . C A . . .",
            "MT 3107 . C <GAS0> . . GAS_ALT=A;GAS_NOT_ANNOTATED=ambiguous_reference",
            "ambiguous_reference",
        ),
        (
            "MT 3106 . CN N . . .",
            "MT 3106 . CN <GAS0> . . GAS_ALT=N;GAS_NOT_ANNOTATED=ambiguous_reference",
            "ambiguous_reference",
        ),
        (
            "MT 3460 . G <DEL> . . END=3500",
            "MT 3460 . G <GAS0> . . GAS_ALT=<DEL>;GAS_NOT_ANNOTATED=symbolic_allele;END=3500",
            "",
        ),
        ("MT 3460 . G A,<DEL> . . .", "MT 3460 . G A,<GAS1> . . GAS_ALT=A,<DEL>;GAS_NOT_ANNOTATED=symbolic_allele", ""),
        ("MT 3460 . G G]MT:100] . . .", "MT 3460 . G <GAS0> . . GAS_ALT=G]MT:100];GAS_NOT_ANNOTATED=breakend", ""),
        ("MT 3460 . G R . . .", "MT 3460 . G <GAS0> . . GAS_ALT=R;GAS_NOT_ANNOTATED=ambiguous_allele", ""),
        ("MT 3460 . g a,t . . .", "MT 3460 . G A,T . . .", ""),
        ("MT 3460 . A . . . .", "MT 3460 . A . . . .", ""),
        ("MT 3460 . G A,<NON_REF> . . END=3460", "MT 3460 . G A,<NON_REF> . . END=3460", ""),
        ("MT 3460 . G *,A . . .", "MT 3460 . G *,A . . .", ""),
        ("MT 3460 . G A,C . . AF=.;DP=.", "MT 3460 . G A,C . . AF=.;DP=.", ""),
        ("MT 3460 . G A . . AF=.;DP=.", "MT 3460 . G A . . AF=.;DP=.", ""),
        ("MT 3106 . CN C . . .", "MT 3106 . CN C . . .", ""),
    ],
)
def test_what_the_annotators_would_choke_on_is_masked(tmp_path: Path, record: str, result: str, reason: str) -> None:
    with VcfReader(put(tmp_path, vcf(record, samples=())), REFERENCE) as reader:
        lines = b"".join(batch.lines for batch in reader.batches()).decode()
        assert lines.replace("\t", " ") == result + "\n"
        assert dict(reader.counts.reasons) == ({reason: 1} if reason else {})


def test_what_the_header_lacks_is_declared(tmp_path: Path) -> None:
    content = vcf("MT 3460 . G A . lowq SVTYPE=X;END=3470;FLAG GT:XX 0/1:5", meta=META[:1], samples=("S1",))
    header = header_of(tmp_path, content, declare=[("INFO", "LATE"), ("FILTER", "late")])
    said = 'Description="Not declared in the header of the input">'
    assert header == [
        "##fileformat=VCFv4.2",
        "##contig=<ID=MT,length=16569>",
        f"##INFO=<ID=SVTYPE,Number=.,Type=String,{said}",
        f"##INFO=<ID=END,Number=1,Type=Integer,{said}",
        f"##INFO=<ID=FLAG,Number=0,Type=Flag,{said}",
        f"##FILTER=<ID=lowq,{said}",
        f"##FORMAT=<ID=GT,Number=1,Type=String,{said}",
        f"##FORMAT=<ID=XX,Number=.,Type=String,{said}",
        f"##INFO=<ID=LATE,Number=.,Type=String,{said}",
        f"##FILTER=<ID=late,{said}",
        '##INFO=<ID=GAS_ALT,Number=.,Type=String,Description="Alternate alleles of the input, hidden from annotators">',
        '##INFO=<ID=GAS_NOT_ANNOTATED,Number=.,Type=String,Description="Why the record could not be annotated">',
        tabs("#CHROM POS ID REF ALT QUAL FILTER INFO FORMAT S1"),
    ]


def test_bcfs_own_numbering_is_taken_out_of_the_header(tmp_path: Path) -> None:
    line = '##INFO=<ID=X,Number=1,Type=String,Description="x",IDX=99999999>'
    assert header_of(tmp_path, vcf(meta=(*META, line)))[8] == line.replace(",IDX=99999999", "")


def test_contig_lines_get_the_references_name_and_keep_what_else_they_say(tmp_path: Path) -> None:
    meta = (META[0], "##contig=<ID=chr1,length=5>", "##contig=<ID=chrM,length=16569,assembly=hg38>")
    assert header_of(tmp_path, vcf(meta=meta))[1:3] == [
        "##contig=<ID=MT,length=16569,assembly=hg38>",
        "##contig=<ID=chr1,length=5>",
    ]


def test_info_fields_with_our_names_are_renamed_in_header_and_records(tmp_path: Path) -> None:
    meta = (META[0], '##INFO=<ID=BCSQ,Number=.,Type=String,Description="old">')
    record = "MT 3460 . G A . . BCSQ=x;MITOMAP_AF=1;GAS_GENE=y;NOT_BCSQ=z"
    path = put(tmp_path, vcf(record, meta=meta, samples=()))
    with VcfReader(path, REFERENCE) as reader:
        assert reader.renamed_info == {
            "BCSQ": "INPUT_BCSQ",
            "GAS_GENE": "INPUT_GAS_GENE",
            "MITOMAP_AF": "INPUT_MITOMAP_AF",
        }
        assert '##INFO=<ID=INPUT_BCSQ,Number=.,Type=String,Description="old">' in reader.header_lines.decode().split(
            "\n"
        )
        lines = b"".join(batch.lines for batch in reader.batches())
    assert (
        lines == tabs("MT 3460 . G A . . INPUT_BCSQ=x;INPUT_MITOMAP_AF=1;INPUT_GAS_GENE=y;NOT_BCSQ=z").encode() + b"\n"
    )


def test_disorder_is_told_with_its_line_and_can_be_left_to_the_caller(tmp_path: Path) -> None:
    falling = vcf(RECORDS[1], RECORDS[0])
    coming_back = vcf(RECORDS[0], "chr1 5 . A T . . . GT 0/1", "MT 3461 . C T . . . GT 0/1")
    for content, line in ((falling, 11), (coming_back, 12)):
        path = put(tmp_path, content)
        with pytest.raises(Unsorted) as caught:
            read_all(path, REFERENCE)
        assert caught.value.line == line
        with VcfReader(path, REFERENCE, sort_later=True) as reader:
            assert sum(batch.records for batch in reader.batches()) == content.count(b"\n") - 9
            assert reader.counts.first_unsorted_line == line


def test_phase_prefixes_of_4_4_are_read_there(tmp_path: Path) -> None:
    content = vcf(RECORDS[0].replace("0/1", "/0|1"), RECORDS[2].replace("GT 1", "GT |1")).replace(
        b"VCFv4.2", b"VCFv4.4"
    )
    assert read_all(put(tmp_path, content), REFERENCE).count(b"\n") == 2


def test_chunks_cut_at_every_byte_give_the_same_records_and_counts(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    strange = ("MT 12000 . A <DEL> . . . GT .", "chr1 5 . A T . . . GT 0/1", "chr1 7 . A T . . . GT 0/1")
    content = vcf(*RECORDS, *strange).replace(b"MT\t", b"chrM\t").replace(b"\n", b"\r\n")
    path = put(tmp_path, content)
    monkeypatch.setattr(compression, "HEAD_BYTES", 20)
    results = set()
    for size in range(1, len(content) + 1):
        monkeypatch.setattr(compression, "_READ_BYTES", size)
        with VcfReader(path, REFERENCE, Limits(chunk_bytes=size)) as reader:
            lines = b"".join(batch.lines for batch in reader.batches())
            results.add((lines, str(reader.counts), reader._source.line))
    assert len(results) == 1
    lines, _, line = results.pop()
    assert lines.startswith(LINES)
    assert (lines.count(b"\n"), line) == (6, 16)
