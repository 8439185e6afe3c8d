"""`manage.py annotate`, as people and scripts call it: exit codes, what is printed, what is left in the folder."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError

from annotations.engine.reference import load_reference
from tests.engine.annotating import RCRS, vcf

MANAGE = Path(__file__).resolve().parents[2] / "manage.py"
EXAMPLE = RCRS / "example.vcf"
NAMES = {f"example.{end}" for end in ("annot.vcf.gz", "annot.vcf.gz.tbi", "variants.parquet", "summary.json")}
NAMES |= {"example.vcf.count.log"}


def command(*arguments: object) -> list[str]:
    return [sys.executable, str(MANAGE), "annotate", *map(str, arguments)]


def run(*arguments: object) -> tuple[int, str, str]:
    ran = subprocess.run(command(*arguments), capture_output=True, text=True, timeout=180, check=False)
    return ran.returncode, ran.stdout, ran.stderr


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Give an empty folder: the site's file store of the tests lies beside it."""
    path = tmp_path / "folder"
    path.mkdir()
    return path


def test_a_file_is_annotated_and_its_summary_printed_with_the_files(folder: Path) -> None:
    code, out, err = run(EXAMPLE, "--output-dir", folder)
    assert (code, err) == (0, "")
    assert out.splitlines()[:2] == [
        "60 variants, 60 annotated, 60 known to the sources",
        "by impact: HIGH 0, MODERATE 11, LOW 16, MODIFIER 33",
    ]
    assert {Path(line.strip()) for line in out.splitlines() if line.startswith("  ")} == {folder / n for n in NAMES}
    assert {path.name for path in folder.iterdir()} == NAMES


def test_json_is_the_summary_with_the_files_and_results_go_beside_the_input(folder: Path) -> None:
    source = folder / "-dash.vcf"
    source.write_text(vcf("MT 3460 . G A . . ."))
    code, out, _ = run("--json", source)
    said = json.loads(out)
    assert (code, said["total"], said["by_gene"]) == (0, 1, {"MT-ND1": 1})
    assert {Path(one["path"]).parent for one in said["files"]} == {folder}
    assert all(Path(one["path"]).stat().st_size == one["size"] for one in said["files"])


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["nothing.vcf"], "There is no file nothing.vcf."),
        ([EXAMPLE.parent], f"{EXAMPLE.parent} is a folder. Name a file."),
        (["/dev/null"], "/dev/null can be read only once. Save it as a file first."),
        ([EXAMPLE, "--reference", "hg99"], "The reference hg99 is not installed. There is: rCRS."),
        ([EXAMPLE, "--workers", "0"], "Error: argument --workers: takes a number from 1 to 256"),
        ([EXAMPLE, "--workers", "many"], "Error: argument --workers: takes a number from 1 to 256"),
    ],
)
def test_what_is_no_file_or_no_reference_is_refused_before_anything_starts(
    arguments: list[object], sentence: str
) -> None:
    with pytest.raises(CommandError) as caught:
        call_command("annotate", *map(str, arguments))
    assert str(caught.value) == sentence


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        ([EXAMPLE, "--output-dir", MANAGE], f"The results cannot be written to {MANAGE}: File exists."),
        (
            [MANAGE],
            "Line 1: This is not a VCF: the first line is not ##fileformat=VCFv4.x. Send a VCF (plain, gzip or ",
        ),
    ],
)
def test_what_cannot_be_annotated_ends_in_one_sentence_and_exit_code_1(
    arguments: list[object], sentence: str, folder: Path
) -> None:
    place = [] if "--output-dir" in arguments else ["--output-dir", folder / "results"]
    code, out, err = run(*arguments, *place)
    assert (code, out) == (1, "")
    assert err.startswith(f"CommandError: {sentence}")
    assert err.count("\n") == 1
    assert list(folder.iterdir()) == []


def test_a_reader_that_goes_away_is_no_error(folder: Path) -> None:
    reading, writing = os.pipe()
    os.close(reading)
    ran = subprocess.run(
        command(EXAMPLE, "--output-dir", folder), stdout=writing, stderr=subprocess.PIPE, timeout=180, check=False
    )
    os.close(writing)
    assert (ran.returncode, ran.stderr) == (0, b"")
    assert {path.name for path in folder.iterdir()} == NAMES


def test_ctrl_c_leaves_nothing_behind(folder: Path) -> None:
    source, results = folder / "many.vcf", folder / "results"
    bases = load_reference(RCRS).sequence("MT").fetch(0, 16_569).decode()
    source.write_text(vcf(*(f"MT {at} . {base} <X> . . ." for at, base in enumerate(bases, 1) for _ in range(12))))
    child = subprocess.Popen(
        command(source, "--output-dir", results), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    deadline = time.monotonic() + 120
    while not list(results.glob(".*/*")):
        assert time.monotonic() < deadline, "it did not begin"
        assert child.poll() is None
        time.sleep(0.02)
    child.send_signal(signal.SIGINT)
    out, err = child.communicate(timeout=120)
    assert (child.returncode, out, err) == (1, "", "CommandError: The annotation was stopped.\n")
    assert list(folder.iterdir()) == [source]


def test_the_command_starts_without_the_site(folder: Path) -> None:
    script = "import runpy, sys; sys.argv = sys.argv[1:]\ntry: runpy.run_path(sys.argv[0], run_name='__main__')\n"
    script += "except SystemExit: pass\nprint(*sys.modules)"
    arguments = [*command(EXAMPLE, "--output-dir", folder)[1:]]
    ran = subprocess.run([sys.executable, "-c", script, *arguments], capture_output=True, text=True, check=True)
    loaded = set(ran.stdout.splitlines()[-1].split())
    assert "annotations.engine.child" in loaded
    assert not loaded & {"annotations.models", "stripe", "allauth", "django.contrib.admin", "numpy"}
    assert {path.name for path in folder.iterdir()} == NAMES
