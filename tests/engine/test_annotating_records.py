"""What happens to each kind of record between the user's file and the result."""

from __future__ import annotations

from pathlib import Path

import pysam
import pytest

from annotations.engine.errors import InputRefused
from annotations.engine.limits import Limits
from annotations.engine.reading.diagnosis import find_contigs
from annotations.engine.reference import load_reference
from tests.engine.annotating import HEADER, RCRS, Annotated, annotated, vcf

FORMATS = HEADER + (
    '##INFO=<ID=DP,Number=1,Type=Integer,Description="Depth">\n'
    '##FORMAT=<ID=GT,Number=1,Type=String,Description="Genotype">\n'
    '##FORMAT=<ID=AD,Number=R,Type=Integer,Description="Reads">\n'
)
SAMPLES = "\tFORMAT\tONE\tTWO"


def test_a_multi_allelic_record_is_split_with_its_genotypes(tmp_path: Path) -> None:
    text = vcf("MT 3460 . G A,C 50 PASS DP=9 GT:AD 1/2:0,5,4 0/2:6,0,3", header=FORMATS, samples=SAMPLES)
    got = annotated(text, tmp_path)
    assert [(r["POS"], r["REF"], r["ALT"]) for r in got.records] == [("3460", "G", "A"), ("3460", "G", "C")]
    assert got.samples == [["1/0:0,5", "0/0:6,0"], ["0/1:0,4", "0/1:6,3"]]
    assert [info["GAS_PROTEIN"] for info in got.info] == ["A52T", "A52P"]
    assert got.summary["input"]["records"] == 1
    assert got.summary["total"] == 2
    assert "1 record with several alternate alleles split, one allele a record." in got.summary["done"]


NUMBERS = FORMATS + (
    '##INFO=<ID=AF,Number=A,Type=Float,Description="Frequency">\n'
    '##INFO=<ID=NOTE,Number=A,Type=String,Description="A word an allele">\n'
    '##INFO=<ID=PAIR,Number=R,Type=String,Description="A word an allele, REF first">\n'
)


def test_what_info_held_stays_as_it_was_written(tmp_path: Path) -> None:
    infos = ("DP=99999999999;AF=0.12345678901", "DP=many;AF=1e-400", "DP=7.50;AF=.", "AF;DP=1;DP=2")
    got = annotated(vcf(*(f"MT 3460 . G A . . {info}" for info in infos), header=NUMBERS), tmp_path)
    assert [record["INFO"].partition(";BCSQ=")[0] for record in got.records] == list(infos)
    assert set(NUMBERS.splitlines()) <= {*got.header, HEADER.splitlines()[1]}
    assert "GAS_TYPE" not in "".join(got.header)


def test_lists_of_info_are_split_with_their_record(tmp_path: Path) -> None:
    record = "MT 3460 . G A,C . . AF=0.10,0.020;NOTE=.;PAIR=g,a,c"
    got = annotated(vcf(record, header=NUMBERS), tmp_path)
    assert [(info["AF"], info["NOTE"], info["PAIR"]) for info in got.info] == [
        ("0.10", ".", "g,a"),
        ("0.020", ".", "g,c"),
    ]


def test_a_list_of_words_that_does_not_fit_its_alleles_stays_whole_and_it_is_said(tmp_path: Path) -> None:
    records = (
        "MT 3460 . G A,C . . NOTE=x,y,z;PAIR=g,a,c",
        "MT 3461 . C A,T . . DP=3;NOTE=x",
        "MT 3462 . C A . . NOTE=x,y",
    )
    got = annotated(vcf(*records, header=NUMBERS), tmp_path)
    assert [info["NOTE"] for info in got.info] == ["x,y,z", "x,y,z", "x", "x", "x,y"]
    assert [info.get("PAIR") for info in got.info] == ["g,a", "g,c", None, None, None]
    assert "GAS_AS_IS_" not in "".join(got.header)
    assert (
        "Lists in INFO that do not have one value an allele were kept whole with each allele, not split: NOTE (2)."
        in got.summary["done"]
    )


def test_a_list_of_words_in_format_that_does_not_fit_is_refused_and_one_that_fits_is_split(tmp_path: Path) -> None:
    header = FORMATS + '##FORMAT=<ID=WHO,Number=R,Type=String,Description="A word an allele, REF first">\n'
    record = "MT 3460 . G A,C . . . GT:WHO 1/2:r,a,c ./.:."
    got = annotated(vcf(record, header=header, samples=SAMPLES), tmp_path)
    assert got.samples == [["1/0:r,a", "./.:."], ["0/1:r,c", "./.:."]]
    with pytest.raises(InputRefused) as caught:
        annotated(vcf(record.replace("r,a,c", "r,a"), header=header, samples=SAMPLES), tmp_path)
    assert str(caught.value) == (
        "Line 8, ONE: WHO has 2 values, but the record's 2 alternate alleles need 3. "
        "Correct the list or the Number of the field in the header."
    )


MASKED = (
    "MT 3460 . G A,<FOO> . . DP=1",
    "MT 4000 . C G . . DP=2",  # the reference has A there
    "MT 8993 . T G . . DP=4",
    "MT 11778 . G * . . DP=5",
    "MT 12000 . C . . . DP=6",
    "MT 16569 . GATTT G . . DP=7",
)


@pytest.fixture(scope="module")
def masked(tmp_path_factory: pytest.TempPathFactory) -> Annotated:
    many = [f"MT {pos} . {ref} {alt} . . DP=8" for pos, ref, alt in _plain()]
    text = vcf(*sorted([*MASKED, *many], key=lambda record: int(record.split()[1])), header=FORMATS)
    return annotated(text, tmp_path_factory.mktemp("masked"))


def _plain() -> list[tuple[int, str, str]]:
    """Enough right REFs, so that one wrong one does not look like another assembly."""
    text = "73AG 263AG 750AG 1438AG 2706AG 4769AG 7028CT 8860AG 11719GA 14766CT 15326AG 16519TC"
    return [(int(allele[:-2]), allele[-2], allele[-1]) for allele in text.split()]


def test_records_that_cannot_be_annotated_stay_and_are_counted_by_reason(masked: Annotated) -> None:
    assert masked.summary["not_annotated"] == {
        "symbolic_allele": 1,
        "ref_mismatch": 1,
        "spanning_deletion": 1,
        "no_alternate_allele": 1,
        "beyond_contig": 1,
    }
    assert masked.summary["total"] == 19
    assert masked.summary["annotated"] + sum(masked.summary["not_annotated"].values()) == 19
    assert len(masked.records) == 19


def test_an_alternate_allele_that_is_the_reference_is_no_variant_and_gets_no_consequence(tmp_path: Path) -> None:
    got = annotated(vcf("MT 3460 . G G . . .", "MT 3460 . G A,G . . ."), tmp_path)
    reason = {"GAS_NOT_ANNOTATED": "same_as_reference"}
    assert [got.info[0], got.info[2]] == [reason, reason]
    assert got.info[1]["GAS_PROTEIN"] == "A52T"
    assert got.summary["not_annotated"] == {"same_as_reference": 2}
    assert got.summary["by_consequence"] == {"missense_variant": 1}
    assert (got.summary["by_class"]["SNV"], got.summary["by_class"]["other"]) == (1, 2)
    assert "ALT is the same as REF" in got.log


@pytest.mark.parametrize(
    ("record", "words"),
    [
        ("MT 3460 . GC A . . END=3470", "END lies beyond REF"),
        ("MT 3460 . R A . . .", "REF holds letters that stand for several bases"),
        ("MT 3460 . G R . . .", "ALT holds letters that stand for several bases"),
    ],
)
def test_the_log_says_in_words_why_a_record_was_not_annotated(tmp_path: Path, record: str, words: str) -> None:
    assert f"  {words}  1  (100.00%)" in annotated(vcf(record), tmp_path).log


def test_a_masked_record_keeps_its_allele_and_its_info(masked: Annotated) -> None:
    assert masked.one(4000, "G") == {"DP": "2", "GAS_NOT_ANNOTATED": "ref_mismatch"}
    assert masked.one(16569, "G") == {"DP": "7", "GAS_NOT_ANNOTATED": "beyond_contig"}
    assert masked.one(3460, "<FOO>") == {"DP": "1", "GAS_NOT_ANNOTATED": "symbolic_allele"}
    assert masked.one(11778, "*") == {"DP": "5", "GAS_NOT_ANNOTATED": "spanning_deletion"}
    assert masked.one(12000, ".") == {"DP": "6", "GAS_NOT_ANNOTATED": "no_alternate_allele"}


def test_a_plain_allele_beside_a_masked_one_is_annotated(masked: Annotated) -> None:
    info = masked.one(3460, "A")
    assert (info["DP"], info["GAS_PROTEIN"]) == ("1", "A52T")
    assert "GAS_NOT_ANNOTATED" not in info
    assert "GAS_ALT" not in info


def test_the_header_declares_every_field_with_its_version(masked: Annotated) -> None:
    declared = {line.split("ID=")[1].split(",")[0] for line in masked.header if line.startswith("##INFO")}
    used = {key for info in masked.info for key in info}
    assert used <= declared
    assert "GAS_ALT" not in declared
    frequency = next(line for line in masked.header if "ID=MITOMAP_AF," in line)
    assert 'Version="2025-02-13"' in frequency
    with pysam.VariantFile(str(masked.path("vcf"))) as file:
        assert sum(1 for _ in file) == 19


def test_a_header_without_records_is_a_valid_result(tmp_path: Path) -> None:
    got = annotated(vcf(), tmp_path)
    assert (got.summary["total"], got.summary["annotated"], got.summary["known"]) == (0, 0, 0)
    assert got.records == []
    assert got.rows == []
    assert got.summary["marks"] == []
    assert got.path("index").stat().st_size > 0


def test_unsorted_records_come_out_sorted_and_it_is_said(tmp_path: Path) -> None:
    got = annotated(vcf("MT 8993 . T G . . .", "MT 73 . A G . . .", "MT 3460 . G A . . ."), tmp_path)
    assert [record["POS"] for record in got.records] == ["73", "3460", "8993"]
    assert "The records were sorted by position: line 5 was the first out of order." in got.summary["done"]


def test_records_of_an_unknown_contig_come_last_and_are_counted(tmp_path: Path) -> None:
    header = "##fileformat=VCFv4.2\n##contig=<ID=21,length=46709983>\n##contig=<ID=MT,length=16569>\n"
    got = annotated(vcf("21 100 . A G,T . . .", "MT 3460 . G A . . .", header=header), tmp_path)
    assert [(r["CHROM"], r["POS"], r["ALT"]) for r in got.records] == [
        ("MT", "3460", "A"),
        ("21", "100", "G"),
        ("21", "100", "T"),
    ]
    assert got.summary["not_annotated"] == {"unknown_contig": 2}
    assert got.summary["by_contig"] == {"MT": 1, "21": 2}
    assert got.summary["warnings"] == [
        "1 record on contigs that the reference rCRS lacks: 21 (1). "
        "They stand at the end of the output without annotation."
    ]


def test_contigs_that_first_appear_late_are_declared_as_well(tmp_path: Path) -> None:
    """Late: behind the first chunk, which is what the header is made of."""
    long = "x" * 2_000
    many = [f"MT 3460 . G A . . LATER={long}"] * (Limits().chunk_bytes // 1_900)
    got = annotated(vcf(*many, "X 3 . A G . . LATE", "Y 5 . A G . . .", header=FORMATS), tmp_path)
    assert [line for line in got.header if line.startswith("##contig")] == [
        "##contig=<ID=MT,length=16569>",
        "##contig=<ID=X>",
        "##contig=<ID=Y>",
    ]
    assert got.summary["total"] == len(many) + 2
    assert [record["CHROM"] for record in got.records[-3:]] == ["MT", "X", "Y"]


def test_more_late_contigs_than_a_header_may_declare_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "many"
    path.write_text(vcf("X 3 . A G . . .", "Y 5 . A G . . .", "Z 5 . A G . . ."))
    with pytest.raises(InputRefused, match="The records lie on more than 2 contigs"):
        find_contigs(path, load_reference(RCRS), Limits(max_contigs=2, chunk_bytes=64))


def test_unsorted_records_of_unknown_contigs_are_sorted_too(tmp_path: Path) -> None:
    records = ("X 9 . A G . . .", "Y 5 . A G . . .", "X 3 . A G . . .", "MT 3460 . G A . . .", "MT 73 . A G . . .")
    got = annotated(vcf(*records), tmp_path)
    assert [(r["CHROM"], r["POS"]) for r in got.records][:2] == [("MT", "73"), ("MT", "3460")]
    assert sorted((r["CHROM"], r["POS"]) for r in got.records[2:]) == [("X", "3"), ("X", "9"), ("Y", "5")]
    assert got.summary["not_annotated"] == {"unknown_contig": 3}


def test_ids_the_header_does_not_declare_are_declared_wherever_they_turn_up(tmp_path: Path) -> None:
    bases = load_reference(RCRS).sequence("MT").fetch(0, 3_000).decode()
    early = [
        f"MT {pos} . {bases[pos - 1]} {'A' if bases[pos - 1] != 'A' else 'G'} . . X{pos % 3}=1" for pos in (3, 4, 5)
    ]
    # So many that the reader's first look at the file ends before the last record.
    filler = [
        f"MT {pos} . {base} {'A' if base != 'A' else 'G'} . . DP=1;{'F' * 40}"
        for pos, base in enumerate(bases, start=1)
        if pos > 5
        for _ in range(4)
    ]
    got = annotated(vcf(*early, *filler, "MT 3460 . G A . strange LATE=7;FLAG", header=FORMATS), tmp_path)
    last = got.info[-1]
    assert (last["LATE"], last["GAS_PROTEIN"]) == ("7", "A52T")
    assert "FLAG" in last
    assert any(line.startswith("##INFO=<ID=LATE,") for line in got.header)
    assert any(line.startswith("##FILTER=<ID=strange,") for line in got.header)
    assert any(line.startswith("##INFO=<ID=X2,") for line in got.header)
    assert got.summary["total"] == 3 + 4 * 2_995 + 1


def test_what_the_users_file_had_stays_and_clashing_names_are_renamed(tmp_path: Path) -> None:
    header = HEADER + (
        '##INFO=<ID=BCSQ,Number=.,Type=String,Description="theirs">\n'
        '##INFO=<ID=MITOMAP_AF,Number=1,Type=Float,Description="theirs">\n'
        '##INFO=<ID=XBCSQ,Number=1,Type=String,Description="theirs">\n'
        '##INFO=<ID=T,Number=1,Type=String,Description="theirs">\n'
    )
    record = "MT 3460 rs1 G A 12.5 q10 BCSQ=mine;MITOMAP_AF=0.5;XBCSQ=a;T=MITOMAP_AC=9,BCSQ=z"
    got = annotated(vcf(record, header=header), tmp_path)
    info = got.info[0]
    assert (info["INPUT_BCSQ"], info["INPUT_MITOMAP_AF"], info["XBCSQ"]) == ("mine", "0.5", "a")
    assert info["T"] == "MITOMAP_AC=9,BCSQ=z"
    assert info["BCSQ"].startswith("missense|MT-ND1")
    assert float(info["MITOMAP_AF"]) < 0.01
    assert (got.records[0]["ID"], got.records[0]["QUAL"], got.records[0]["FILTER"]) == ("rs1", "12.5", "q10")
    assert got.rows[0]["MITOMAP_AC"] == int(info["MITOMAP_AC"]) != 9


def test_a_hundred_bare_sites_without_info_are_annotated(tmp_path: Path) -> None:
    bases = load_reference(RCRS).sequence("MT").fetch(0, 100).decode()
    records = [f"MT {pos} . {base} {'A' if base != 'A' else 'G'} . . ." for pos, base in enumerate(bases, start=1)]
    got = annotated(vcf(*records), tmp_path)
    assert got.summary["total"] == got.summary["annotated"] == 100
    assert not any(record["INFO"].startswith((".", ";")) for record in got.records)


def test_what_bcftools_drops_without_a_word_is_told(tmp_path: Path) -> None:
    formats = "".join(
        f'##FORMAT=<ID={name},Number=1,Type={kind},Description="x">\n'
        for name, kind in (("GT", "String"), ("DP", "Integer"))
    )
    lines = [
        "MT 73 . A G . . =1;NS=5 GT:GT 0/1:1/1",
        "MT 263 . A G . . NS=5;=;=2 GT:DP 0/1:3",
        "MT 310 . T C . . = GT:DP:DP 1:3:4",
    ]
    got = annotated(vcf(*lines, header=HEADER + formats, samples="\tFORMAT\ts"), tmp_path)
    assert got.summary["warnings"] == [
        "3 records have a value without a name in INFO, such as “=1”: it is left out.",
        "2 records name a field of FORMAT twice, such as “GT:GT”: its first value is kept.",
    ]
    assert [one.get("NS") for one in got.info] == ["5", "5", None]
    assert got.samples == [["0/1"], ["0/1:3"], ["1:3"]]
    assert all(warning in got.log for warning in got.summary["warnings"])
