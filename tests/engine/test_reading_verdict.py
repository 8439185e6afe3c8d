"""The verdict on an upload, the diagnosis after bcftools stopped, and memory that does not grow with the file."""

from __future__ import annotations

import gzip
import os
import subprocess
import sys
from pathlib import Path

import pytest

from annotations.engine.bcftools import command
from annotations.engine.errors import InputRefused
from annotations.engine.limits import Limits
from annotations.engine.reading import compression
from annotations.engine.reading.diagnosis import diagnose, find_undeclared
from annotations.engine.reading.preflight import ContigVerdict, Fit, Verdict, preflight
from annotations.engine.reading.reader import VcfReader
from tests.engine.small_vcf import META, RCRS, RECORDS, put, rcrs, read_all, vcf

REFERENCE = rcrs()
ROOT = RCRS.parents[2]
SLOW = "MT 3460 . G A,<DEL> . . . GT 0/1"


def norm(path: Path) -> subprocess.CompletedProcess[bytes]:
    """What bcftools norm says of the file as the reader hands it on."""
    with VcfReader(path, REFERENCE) as reader:
        text = reader.header_lines + b"".join(batch.lines for batch in reader.batches())
    arguments = command("norm", "-m", "-any", "-c", "w", "-f", str(REFERENCE.fasta), "-Ou")
    return subprocess.run(arguments, input=text, capture_output=True, check=False)


def test_the_verdict_tells_what_a_person_wants_to_know(tmp_path: Path) -> None:
    records = (
        RECORDS[1],
        RECORDS[0].replace(" G A ", " A G "),
        "chr1 5 . A T . . . GT 0/1",
        "chr2 5 . A T . . . GT 0/1",
    )
    content = vcf(*records, meta=(*META, '##INFO=<ID=BCSQ,Number=1,Type=Strng,Description="">')).replace(b"MT", b"chrM")
    verdict = preflight(put(tmp_path, content), REFERENCE, name="mine.vcf")
    assert verdict == Verdict(
        name="mine.vcf",
        reference="rCRS",
        format="VCFv4.2",
        compression="plain",
        sample_count=1,
        samples=("S1",),
        records=4,
        complete=True,
        by_class={"SNV": 5},
        contigs=(
            ContigVerdict("chrM", "MT", 2, known=True),
            ContigVerdict("chr1", "", 1, known=False),
            ContigVerdict("chr2", "", 1, known=False),
        ),
        sorted=False,
        assembly="",
        fit=Fit(known=2, unknown=2, checked=2, mismatched=1),
        warnings=(
            "Line 9 of the header: INFO BCSQ has an unknown Type, read as String.",
            "The records are not sorted (line 12); they will be.",
            "2 of 4 records lie on contigs that rCRS does not have (chr1, chr2); they stay in the result, "
            "not annotated.",
            "1 of 2 checked REF alleles is not what the reference has there (in line 12: REF is A, the reference has "
            "G); this record stays in the result, not annotated.",
            "INFO fields of the file have names that the annotation uses: BCSQ becomes INPUT_BCSQ.",
        ),
    )
    assert Verdict.from_json(verdict.to_json()) == verdict


def test_the_bundled_sources_are_whole_and_fit(tmp_path: Path) -> None:
    verdict = preflight(RCRS / "example.vcf", REFERENCE, name="example.vcf")
    assert (verdict.complete, verdict.sorted, verdict.warnings, verdict.fit.mismatched) == (True, True, (), 0)
    assert verdict.fit.checked == verdict.records == verdict.fit.known


def test_a_large_file_is_looked_at_only_in_part(tmp_path: Path) -> None:
    path = put(tmp_path, vcf(*[RECORDS[0]] * 60_000))
    verdict = preflight(path, REFERENCE, name="large")
    assert not verdict.complete
    assert 20_000 <= verdict.records < 50_000
    assert preflight(path, REFERENCE, name="large", max_records=60_000).complete


def with_a_hole(tmp_path: Path, *records: str) -> Path:
    """Write a gzip with these records first, and nothing but zeros behind its 100,000th byte, as out of a bucket."""
    rest = (f"MT 8993 . T G . . NOTE={os.urandom(50).hex()} GT 0/1" for _ in range(4_000))
    packed = gzip.compress(vcf(*records, *rest), mtime=0)
    return put(tmp_path, packed[:100_000] + bytes(len(packed) - 100_000))


def test_a_look_ends_before_the_part_of_a_large_file_that_was_not_fetched(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(compression, "_READ_BYTES", 1_000)
    monkeypatch.setattr(compression, "_BLOCK_BYTES", 1_000)
    small = Limits(chunk_bytes=1_000, look_packed_bytes=60_000)
    verdict = preflight(with_a_hole(tmp_path, RECORDS[0]), REFERENCE, name="large", limits=small)
    assert not verdict.complete
    assert 500 < verdict.records < 1_500
    with pytest.raises(InputRefused, match=r"truncated|damaged"):
        preflight(with_a_hole(tmp_path, RECORDS[0]), REFERENCE, name="large", limits=Limits(chunk_bytes=1_000))
    with pytest.raises(InputRefused, match=r"^Line 11, REF"):  # and not: the file is damaged
        preflight(with_a_hole(tmp_path, RECORDS[0], "MT 8993 . Q G . . . GT 0/1"), REFERENCE, name="x", limits=small)


def test_a_look_at_a_cohort_ends_after_so_much_text_however_few_its_records_are(tmp_path: Path) -> None:
    samples = [f"S{number}" for number in range(1_000)]
    records = ["MT 8993 . T G . . . GT " + " ".join(["0/1"] * 1_000)] * 500
    path = put(tmp_path, vcf(*records, samples=samples))
    verdict = preflight(path, REFERENCE, name="cohort", limits=Limits(chunk_bytes=100_000, look_text_bytes=400_000))
    assert not verdict.complete
    assert 100 <= verdict.records < 400


def test_a_header_alone_is_said_to_hold_no_variants(tmp_path: Path) -> None:
    verdict = preflight(put(tmp_path, vcf()), REFERENCE, name="empty")
    assert (verdict.records, verdict.complete) == (0, True)
    assert verdict.warnings == ("The file holds no variants: only a header.",)


@pytest.mark.parametrize(
    ("record", "sentence"),
    [
        (
            "MT 8993 . T G . . . GT:DP 0/1:abc",
            "S1: DP is 'abc', not a whole number. Correct the value or its Type in the header.",
        ),
        (
            "MT 8993 . T G,C . . . GT:AD 0/1:1,2",
            "S1: AD has 2 values, but the record's 2 alternate alleles need 3. Correct "
            "the list or the Number of the field in the header.",
        ),
    ],
)
def test_what_only_bcftools_refuses_is_diagnosed_by_line_and_column(tmp_path: Path, record: str, sentence: str) -> None:
    path = put(tmp_path, vcf(RECORDS[0], record))
    assert norm(path).returncode != 0
    assert str(diagnose(path, REFERENCE)) == f"Line 11, {sentence}"


def test_a_name_that_cannot_be_declared_is_diagnosed(tmp_path: Path) -> None:
    path = put(tmp_path, vcf(RECORDS[0], "MT 8993 . T G . . A<B=1 GT 0/1"))
    assert str(diagnose(path, REFERENCE)) == (
        "Line 11, INFO: 'A<B' is not a name that a header can declare. Names have no , ; < > = or quotes."
    )
    with pytest.raises(InputRefused, match=r"^Line 11, INFO: 'A<B' is not a name"):
        read_all(path, REFERENCE, declare=[("INFO", "A<B")])


def test_undeclared_names_are_found_far_into_a_file(tmp_path: Path) -> None:
    path = put(tmp_path, vcf(*[RECORDS[0]] * 200, "MT 8993 . T G . late NEW=1;FLAG GT:XY 0/1:2"))
    small = Limits(chunk_bytes=1_000)
    assert find_undeclared(path, REFERENCE, small) == [
        ("INFO", "NEW"),
        ("INFO", "FLAG"),
        ("FILTER", "late"),
        ("FORMAT", "XY"),
    ]


@pytest.mark.parametrize(
    "record",
    [
        RECORDS[1],
        "MT 8993 . T G,C . . AF=. GT:AD 0/1:1",
        "MT 8993 . T G,C . . WORDS=a GT:AD:DP .:.:.",
        "MT 8993 . T G . . AF=0.1,0.2 GT:AD 0/1:1,2,3",
    ],
)
def test_what_bcftools_takes_is_not_blamed(tmp_path: Path, record: str) -> None:
    meta = (*META, '##INFO=<ID=WORDS,Number=A,Type=String,Description="">')
    path = put(tmp_path, vcf(record, meta=meta))
    assert norm(path).returncode == 0
    assert diagnose(path, REFERENCE) is None


# ru_maxrss of a child begins with what its parent had; the high-water mark of /proc begins with the program.
_READ = """
import sys
from pathlib import Path
from annotations.engine.reading.reader import VcfReader
from annotations.engine.reference import load_reference
with VcfReader(Path(sys.argv[1]), load_reference(Path(sys.argv[2]))) as reader:
    records = sum(batch.records for batch in reader.batches())
peak = next(line for line in Path("/proc/self/status").read_text().splitlines() if line.startswith("VmHWM"))
print(records, peak.split()[1])
"""


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="peak memory is read from Linux's /proc")
@pytest.mark.parametrize(("record", "few", "many"), [(RECORDS[0], 30_000, 300_000), (SLOW, 60_000, 240_000)])
def test_memory_does_not_grow_with_the_file(tmp_path: Path, record: str, few: int, many: int) -> None:
    peaks = []
    for count in (few, many):
        path = put(tmp_path, vcf(*[record] * count))
        ran = subprocess.run(
            [sys.executable, "-c", _READ, str(path), str(RCRS)], capture_output=True, check=True, cwd=ROOT
        )
        records, peak = ran.stdout.split()
        assert int(records) == count
        peaks.append(int(peak))
    assert peaks[1] < peaks[0] * 1.05
