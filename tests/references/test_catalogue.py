"""`manage.py install_reference GRCh38`, against a small mirror of the publishers' servers, well and badly behaved."""

from __future__ import annotations

import io
import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from hashlib import md5, sha256
from pathlib import Path

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError
from pytest_django import Settings

from annotations.engine.errors import ReferenceRefused
from annotations.engine.install.catalogue import CATALOGUE, catalogued_names, find_catalogued, read_catalogued
from annotations.engine.install.catalogue_install import install_catalogued
from annotations.engine.install.download import ATTEMPTS, Downloader
from annotations.engine.install.remote import RemoteFile
from annotations.engine.reference import Reference, verify_reference
from annotations.references.make_rcrs import HERE
from tests.engine.annotating import annotated, vcf
from tests.references import mirror as at
from tests.references.mirror import Mirror, served, write_catalogue, write_mirror

ROOT = Path(__file__).resolve().parents[2]
#: Seconds before the first retry, instead of one.
SOON = 0.01
FASTA = RemoteFile(f"https://{at.FASTA}", "ensembl")
CLINVAR = RemoteFile(f"https://{at.CLINVAR}", "md5")


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    return write_mirror(tmp_path_factory.mktemp("mirror"))


@pytest.fixture
def mirror(files: dict[str, bytes]) -> Iterator[Mirror]:
    with served(dict(files)) as running:
        yield running


@pytest.fixture
def toml(tmp_path: Path) -> Path:
    return write_catalogue(tmp_path / "catalogue")


def install(toml: Path, directory: Path, mirror: str, **options: object) -> Reference:
    return install_catalogued(
        read_catalogued(toml),
        directory=directory,
        mirror=mirror,
        first_wait=SOON,
        **options,  # type: ignore[arg-type]
    )


def run(*arguments: str) -> str:
    out = io.StringIO()
    call_command(*arguments, stdout=out)
    return out.getvalue()


def test_the_whole_way_from_the_publishers_servers_to_an_annotation(
    settings: Settings, tmp_path: Path, toml: Path, mirror: Mirror
) -> None:
    settings.REFERENCE_DIRS = [HERE.parent, tmp_path / "references"]
    said = run("install_reference", str(toml), "--mirror", mirror.url, "--with", "gnomAD exomes").splitlines()
    assert said[-1].startswith("Installed GRCh38: 3 contigs, 38 transcripts, 5 sources, in ")
    assert "Trying 1 golden variants" in said
    assert "gnomAD exomes: 1 dropped, did not pass the source's filters" in said
    assert [path.name for path in (tmp_path / "references").iterdir()] == ["GRCh38"]

    [_, found] = json.loads(run("references", "--json"))
    assert [(s["name"], s["version"]) for s in found["sources"]] == [
        ("ClinVar", "2026-11-15"),
        ("Cytogenetic bands", "2026-11-22"),
        ("Segmental duplications", "2026-11-22"),
        ("GWAS Catalog", "2026-11-22"),
        ("gnomAD exomes", "4.1"),
    ]
    assert [c["genetic_code"] for c in found["contigs"]] == [1, 2, 1]
    assert found["contigs"][0]["aliases"] == ["chr1", "NC_000001.11", "CM000663.2"]
    assert found["contigs"][2]["aliases"] == ["chrKI270706.1", "chr1_KI270706v1_random", "NT_187361.1"]
    directory = tmp_path / "references" / "GRCh38"
    origins = json.loads((directory / "manifest.json").read_text())["origins"]
    assert [(o["url"], o["checked"].split()[0]) for o in origins][:3] == [
        (f"https://{at.FASTA}", "ensembl"),
        (f"https://{at.GFF}", "ensembl"),
        (f"https://{at.CLINVAR}", "md5"),
    ]
    assert origins[-1]["checked"].startswith("google ")
    assert all(len(o["sha256"]) == 64 and o["size"] for o in origins)

    text = vcf(
        "chr1 12 . T C . . .", "NC_000001.11 13 . G A . . .", "chrM 11778 . G A . . .", header="##fileformat=VCFv4.2\n"
    )
    [first, second, mt] = annotated(text, tmp_path, reference=directory).rows
    assert (first["CLINVAR_SIGNIFICANCE"], first["CLINVAR_STARS"], first["CLINVAR_ID"]) == ("Pathogenic", 3, "11")
    assert (first["GNOMAD_AF"], first["GNOMAD_AF_afr"], first["GNOMAD_AF_eas"]) == (0.25, 0.5, None)
    assert (first["CYTOBAND"], first["SEGDUP"], first["SEGDUP_IDENTITY"]) == ("p36.33", "chr2:500", 0.97)
    assert (first["GWAS_TRAIT"], second["GWAS_TRAIT"], second["GNOMAD_AF"]) == ("Toy trait", None, None)
    assert (mt["contig"], mt["gene"], mt["protein"], mt["CLINVAR_ID"]) == ("MT", "MT-ND4", "R340H", "9708")


def test_a_directory_serves_as_a_mirror_and_stays_as_it_is(tmp_path: Path) -> None:
    files = write_mirror(tmp_path / "mirror")
    os.utime(tmp_path / "mirror" / at.CLINVAR, (1_700_000_000, 1_700_000_000))
    downloader = Downloader(tmp_path / "downloads", str(tmp_path / "mirror"))
    fetched = [downloader.fetch(file) for file in (FASTA, CLINVAR)]
    assert [one.path for one in fetched] == [tmp_path / "mirror" / at.FASTA, tmp_path / "mirror" / at.CLINVAR]
    assert fetched[1].date == "2023-11-14"
    (tmp_path / "mirror" / at.FASTA).write_bytes(b"x")
    with pytest.raises(ReferenceRefused, match=r"does not bear its publisher's checksum \(.*\)\. Copy it again\.$"):
        downloader.fetch(FASTA)
    files[at.FASTA] = b"x"
    assert all((tmp_path / "mirror" / path).read_bytes() == content for path, content in files.items())


def test_what_broke_off_goes_on_where_it_stopped(tmp_path: Path, mirror: Mirror) -> None:
    mirror.cut = {at.FASTA: 2}
    mirror.statuses = {at.FASTA: [200, 503, 200, 429]}
    fetched = Downloader(tmp_path, mirror.url, first_wait=SOON).fetch(FASTA)
    size = len(mirror.files[at.FASTA])
    half, more = f"bytes={size // 2}-", f"bytes={(size // 2 + size) // 2}-"
    assert mirror.asked_for(at.FASTA) == ["", half, half, more, more]
    assert fetched.path.read_bytes() == mirror.files[at.FASTA]
    assert (fetched.size, fetched.sha256, fetched.date) == (
        size,
        sha256(mirror.files[at.FASTA]).hexdigest(),
        "2026-11-22",
    )


def test_a_server_without_ranges_is_asked_for_the_whole_again(tmp_path: Path, mirror: Mirror) -> None:
    mirror.ranges = False
    mirror.cut = {at.FASTA: 2}
    fetched = Downloader(tmp_path, mirror.url, first_wait=SOON).fetch(FASTA)
    assert fetched.path.read_bytes() == mirror.files[at.FASTA]
    assert len(mirror.asked_for(at.FASTA)) == 3


def test_a_file_that_changed_between_two_tries_is_loaded_anew(tmp_path: Path, mirror: Mirror) -> None:
    mirror.cut = {at.CLINVAR: ATTEMPTS}
    with pytest.raises(
        ReferenceRefused, match=r"clinvar\.vcf\.gz cannot be downloaded: the connection .*\. Run the com"
    ):
        Downloader(tmp_path, mirror.url, first_wait=SOON).fetch(CLINVAR)
    assert (tmp_path / "clinvar.vcf.gz.part").stat().st_size > len(mirror.files[at.CLINVAR]) * 0.9
    mirror.files[at.CLINVAR] = b"another release"
    mirror.files[f"{at.CLINVAR}.md5"] = md5(b"another release", usedforsecurity=False).hexdigest().encode()
    mirror.asked.clear()
    fetched = Downloader(tmp_path, mirror.url, first_wait=SOON).fetch(CLINVAR)
    assert fetched.path.read_bytes() == b"another release"
    [asked] = mirror.asked_for(at.CLINVAR)
    assert asked.startswith("bytes=")


def test_what_is_here_is_not_loaded_again_but_for_another_release(tmp_path: Path, mirror: Mirror) -> None:
    downloader = Downloader(tmp_path, mirror.url, first_wait=SOON)
    downloader.fetch(CLINVAR)
    downloader.fetch(CLINVAR)
    assert mirror.asked_for(at.CLINVAR) == [""]
    mirror.files[at.CLINVAR] = b"another release"
    mirror.files[f"{at.CLINVAR}.md5"] = md5(b"another release", usedforsecurity=False).hexdigest().encode()
    assert downloader.fetch(CLINVAR).path.read_bytes() == b"another release"


@pytest.mark.parametrize(
    ("breakage", "sentence"),
    [
        (
            lambda m: m.files.pop(at.GFF),
            r"Homo_sapiens\.GRCh38\.115\.gff3\.gz answers 404 \(Not Found\)\. Check the ad",
        ),
        (lambda m: m.files.pop(f"{at.CLINVAR}.md5"), r"clinvar\.vcf\.gz\.md5 answers 404"),
        (
            lambda m: m.files.__setitem__(at.FASTA, m.files[at.FASTA][:-9] + b"\0" * 9),
            r"primary_assembly\.fa\.gz does not bear its publisher's checksum \(\d+ 6, where \d+ 6 is published\)",
        ),
        (
            lambda m: m.files.__setitem__(f"{at.CLINVAR}.md5", b"0" * 32),
            r"clinvar\.vcf\.gz does not bear its publisher's checksum",
        ),
        (
            lambda m: m.files.__setitem__(f"{at.CLINVAR}.md5", b"<html>"),
            r"clinvar\.vcf\.gz\.md5 has no checksum of clinvar",
        ),
        (
            lambda m: m.cut.__setitem__(at.FASTA, 99),
            r"fa\.gz cannot be downloaded: the connection broke off\. Run the com",
        ),
        (
            lambda m: m.statuses.__setitem__(at.FASTA, [500] * 99),
            r"cannot be downloaded: it answers 500 \(Internal Serv",
        ),
    ],
)
def test_what_the_servers_get_wrong_is_said_and_nothing_is_installed(
    tmp_path: Path, toml: Path, mirror: Mirror, breakage: object, sentence: str
) -> None:
    breakage(mirror)  # type: ignore[operator]
    with pytest.raises(ReferenceRefused, match=sentence):
        install(toml, tmp_path / "references", mirror.url)
    assert not list((tmp_path / "references").glob("[!.]*"))


def test_killed_in_the_middle_and_started_again_it_goes_on(tmp_path: Path, toml: Path, mirror: Mirror) -> None:
    mirror.held = {at.FASTA: threading.Event()}
    code = (
        "import sys; from pathlib import Path; from annotations.engine.install.catalogue import read_catalogued;"
        "from annotations.engine.install.catalogue_install import install_catalogued as i;"
        "i(read_catalogued(Path(sys.argv[1])), directory=Path(sys.argv[2]), mirror=sys.argv[3],"
        "  on_bytes=lambda *told: print(*told, flush=True))"
    )
    child = subprocess.Popen(
        [sys.executable, "-c", code, str(toml), str(tmp_path / "references"), mirror.url],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        text=True,
    )
    with child:
        assert child.stdout is not None
        said = child.stdout.readline().split()
        os.kill(child.pid, signal.SIGKILL)
    half = len(mirror.files[at.FASTA]) // 2
    assert said[1:] == [str(half), str(2 * half + len(mirror.files[at.FASTA]) % 2)]
    mirror.held[at.FASTA].set()
    left = tmp_path / "references" / ".installing-dead"
    left.mkdir()
    mirror.asked.clear()
    verify_reference(install(toml, tmp_path / "references", mirror.url))
    assert mirror.asked_for(at.FASTA) == [f"bytes={half}-"]
    assert [path.name for path in (tmp_path / "references").iterdir()] == ["GRCh38"]


def test_two_installs_of_one_reference_do_not_meet(tmp_path: Path, toml: Path, mirror: Mirror) -> None:
    mirror.held = {at.FASTA: threading.Event()}
    with ThreadPoolExecutor() as pool:
        first = pool.submit(install, toml, tmp_path, mirror.url)
        assert mirror.reached.wait(30)
        with pytest.raises(ReferenceRefused, match=r"^Another process is installing GRCh38 just now\. Wait for it\.$"):
            install(toml, tmp_path, mirror.url)
        mirror.held[at.FASTA].set()
        assert first.result().name == "GRCh38"


def test_a_golden_variant_that_says_something_else_keeps_the_reference_out(tmp_path: Path, mirror: Mirror) -> None:
    golden = '\n[[golden]]\ncontig = "1"\nposition = 12\nref = "T"\nalt = "C"\nexpect = { GAS_GENE = "NOTOY" }\n'
    toml = write_catalogue(tmp_path / "catalogue", golden=golden)
    with pytest.raises(ReferenceRefused, match=r"variant 1:12 T>C has GAS_GENE TOY on GRCh38, not NOTOY: the files"):
        install(toml, tmp_path / "references", mirror.url)
    assert not (tmp_path / "references" / "GRCh38").exists()


def test_another_mitochondrial_genome_than_rcrs_is_refused(tmp_path: Path, toml: Path, mirror: Mirror) -> None:
    text = toml.read_text()
    toml.write_text(text.replace('rcrs = "MT"', 'rcrs = "KI270706.1"'))
    with pytest.raises(ReferenceRefused, match=r"^KI270706\.1 of GRCh38 is not rCRS \(NC_012920\.1\): it has 20 bases"):
        install(toml, tmp_path / "references", mirror.url)


@pytest.mark.parametrize("name", catalogued_names())
def test_the_shipped_catalogue_is_whole(name: str) -> None:
    shipped = find_catalogued(name)
    assert (shipped.name, shipped.codes, shipped.rcrs, len(shipped.golden)) == (name, {"MT": 2}, "MT", 5)
    files = [shipped.sequence, shipped.genes, *(file for one in shipped.sources for file in one.remote)]
    assert all(file.url.startswith("https://") and file.bytes for file in files)
    assert ("chrM" in shipped.about.aliases["MT"]) is (name == "GRCh38")
    assert all(one.request.citation and one.request.licence for one in shipped.sources)
    infos = [field.info for one in shipped.sources for field in one.request.fields]
    assert len(infos) == len(set(infos))
    skipped = {one.request.name for one in shipped.sources if "chrM" in one.request.skip_contigs}
    tracks = {"Cytogenetic bands", "Segmental duplications", "GWAS Catalog", "Conserved TFBS"}
    assert skipped == (tracks if name == "GRCh37" else set())


@pytest.mark.parametrize(
    ("right", "wrong", "sentence"),
    [
        (
            'checksum = "ensembl"',
            'checksum = "sha1"',
            "line 16: 'sha1' is no checksum. Write one of ensembl, md5, google",
        ),
        ("MT = 2", 'MT = "2"', r"line 25: MT is not a whole number\. Correct it"),
        ("url = ", "uri = ", r"line 15: uri is no key of \[sequence\]\. Write url\."),
        ("position = 11778", 'position = "11778"', "position is not a whole number. Correct it"),
        ("[genes]", "[gene]", r"gene is no key here\. Write genes\."),
    ],
)
def test_a_wrong_manifest_is_refused_with_the_line_and_the_fix(
    toml: Path, right: str, wrong: str, sentence: str
) -> None:
    toml.write_text(toml.read_text().replace(right, wrong, 1))
    with pytest.raises(ReferenceRefused, match=r"^GRCh38\.toml, line \d+: ") as refused:
        read_catalogued(toml)
    assert refused.match(sentence)


def test_names_that_are_not_there_are_answered_with_those_that_are(settings: Settings, tmp_path: Path) -> None:
    settings.REFERENCE_DIRS = [tmp_path]
    assert CATALOGUE.is_dir()
    with pytest.raises(
        CommandError, match=r"^The catalogue has no reference GRCh39\. It has GRCh37, GRCh38; any other"
    ):
        run("install_reference", "GRCh39")
    with pytest.raises(CommandError, match=r"^GRCh38 has no optional source 1000G\. There is: gnomAD exomes, dbSNP\.$"):
        run("install_reference", "GRCh38", "--with", "1000G")
    with pytest.raises(CommandError, match="Give the NAME of a reference in the catalogue, or --name"):
        run("install_reference")
