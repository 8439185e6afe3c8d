"""References in the file store: pushed by one machine, pulled by another; and what the list says of their sources."""

from __future__ import annotations

import io
import json
from datetime import timedelta
from pathlib import Path

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError
from django.utils import timezone
from pytest_django import Settings

from annotations.engine.install.installer import install_reference
from annotations.engine.reference import Reference, load_reference, verify_reference
from annotations.references.make_rcrs import HERE
from gas_site.storage import file_store
from tests.cloud.buckets import make_bucket, store_setting
from tests.engine import toy

SOURCE = """
[[source]]
name = "{name}"
file = "mine.bed"
version = "{version}"
[[source.field]]
column = "name"
info = "X"
"""


@pytest.fixture
def here(settings: Settings, tmp_path: Path) -> Path:
    """A machine's references, with a toy, and a file store that it shares with others."""
    store = {"BACKEND": "gas_site.storage.DiskStore", "OPTIONS": {"location": str(tmp_path / "store")}}
    settings.STORAGES = {**settings.STORAGES, "default": store}
    settings.REFERENCE_DIRS = [HERE.parent, tmp_path / "here"]
    make(tmp_path / "here", tmp_path)
    return tmp_path / "here"


def make(directory: Path, scratch: Path) -> Reference:
    fasta, gff = toy.write(scratch, "toy.fa", toy.FASTA), toy.write(scratch, "toy.gff", toy.GFF)
    return install_reference("toy", fasta, gff, directory=directory)


def run(*arguments: str) -> str:
    out = io.StringIO()
    call_command("references", *arguments, stdout=out)
    return out.getvalue()


def elsewhere(settings: Settings, here: Path) -> Path:
    there = here.parent / "there"
    settings.REFERENCE_DIRS = [HERE.parent, there]
    return there


def add(scratch: Path, name: str, version: str) -> str:
    toy.write(scratch, "mine.bed", "chr1\t0\t9\tleft\n")
    toml = toy.write(scratch, "mine.toml", SOURCE.format(name=name, version=version))
    return run("add", "toy", "--sources", str(toml))


@pytest.mark.parametrize("kind", ["disk", "s3"])
def test_a_fresh_worker_pulls_what_another_pushed(
    request: pytest.FixtureRequest, settings: Settings, here: Path, kind: str
) -> None:
    if kind == "s3":
        request.getfixturevalue("amazon")
        make_bucket("gas")
        settings.STORAGES = {**settings.STORAGES, "default": store_setting("gas", "site/files")}
    assert run("push", "toy").splitlines()[-1].startswith("toy is in the file store as bundle ")
    there = elsewhere(settings, here)
    assert run("pull", "toy").splitlines()[-1] == f"toy is in {there / 'toy'}, every file checked"
    pulled = load_reference(there / "toy")
    assert verify_reference(pulled) == 3
    assert (pulled.directory / "manifest.json").read_bytes() == (here / "toy" / "manifest.json").read_bytes()
    assert [path.name for path in there.iterdir()] == ["toy"]
    before = (there / "toy" / "manifest.json").stat().st_mtime_ns
    run("pull", "toy")  # once more: it is here already
    assert (there / "toy" / "manifest.json").stat().st_mtime_ns == before


def test_a_newer_bundle_takes_the_place_of_the_older_in_store_and_worker(settings: Settings, here: Path) -> None:
    run("push", "toy")
    there = elsewhere(settings, here)
    run("pull", "toy")
    settings.REFERENCE_DIRS = [HERE.parent, here]
    assert add(here.parent, "Mine", "1").splitlines()[-1] == "toy has 1 sources now: Mine"
    run("push", "toy")
    assert len(list((here.parent / "store" / "references" / "toy").iterdir())) == 2
    settings.REFERENCE_DIRS = [HERE.parent, there]
    run("pull", "toy")
    assert [source.name for source in load_reference(there / "toy").sources] == ["Mine"]


@pytest.mark.parametrize(
    ("file", "content", "sentence"),
    [
        ("toy.fa", b">chr1\nA\n", "toy.fa in the file store does not bear its SHA-256. Push the reference again."),
        ("manifest.json", b"{}", "manifest.json in the file store does not bear its SHA-256."),
        ("toy.fa.fai", None, "The file store lacks toy.fa.fai of this reference. Push it again."),
    ],
)
def test_a_damaged_bundle_is_refused_and_nothing_is_put_in_place(
    settings: Settings, here: Path, file: str, content: bytes | None, sentence: str
) -> None:
    run("push", "toy")
    store = file_store()
    with store.read("references/toy/bundle.json") as opened:
        key = f"references/toy/{json.load(opened)['bundle']}/{file}"
    store.remove(key)
    if content is not None:
        store.receive(iter([content]), key)
    there = elsewhere(settings, here)
    with pytest.raises(CommandError) as refused:
        run("pull", "toy")
    assert str(refused.value).startswith(sentence)
    assert list(there.iterdir()) == []


def test_a_damaged_reference_is_not_pushed(here: Path) -> None:
    (here / "toy" / "toy.fa").write_text(">chr1\nA\n")
    with pytest.raises(CommandError, match=r"^The reference toy is damaged: toy\.fa has changed\. Install it again\.$"):
        run("push", "toy")
    with pytest.raises(
        CommandError, match=r"^The file store has no reference toy\. Put it there: manage\.py references"
    ):
        run("pull", "toy")


@pytest.mark.parametrize("name", ["..", "../toy", "nothing"])
def test_a_name_that_is_no_reference_is_refused(here: Path, name: str) -> None:
    with pytest.raises(CommandError, match=r"^The file store has no reference "):
        run("pull", name)


def test_the_list_warns_of_a_clinvar_older_than_a_year(here: Path) -> None:
    today = timezone.now().date()
    add(here.parent, "ClinVar", (today - timedelta(days=365)).isoformat())
    assert "source       ClinVar, " in run()
    assert "365 days old" in run()
    assert "warning" not in run()
    old = (today - timedelta(days=366)).isoformat()
    add(here.parent, "ClinVar", old)
    assert f"  warning      ClinVar is of {old}, more than a year old. Add a newer one." in run()
    [_, facts] = json.loads(run("--json"))
    [clinvar] = facts["sources"]
    assert (clinvar["age_days"], clinvar["stale"], clinvar["match"]) == (366, True, "overlap")
    assert clinvar["size"] == (here / "toy" / "sources" / "ClinVar-2.tsv.gz").stat().st_size


def test_sources_are_not_added_to_what_comes_with_gas(here: Path) -> None:
    toml = toy.write(here.parent, "mine.toml", SOURCE.format(name="Mine", version="1"))
    with pytest.raises(CommandError, match=r"^rCRS comes with GAS and would lose the source with the next version"):
        run("add", "rCRS", "--sources", str(toml))
