"""What every vault does, whatever it is made of. A new vault joins ``VAULTS`` and is done when this is green."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from django.utils import timezone

from archive.vaults.base import ArchiveMissing, Content, NotRetrieved, Readiness, Vault
from archive.vaults.disk import DiskVault
from tests.archive.world import Clock
from tests.cloud.vaults import glacier, make_places, s3_glacier

LABEL = "7f3a21c8-0000-4000-8000-000000000001"
OTHER = "7f3a21c8-0000-4000-8000-000000000002"
PIECES = [b"##fileformat=VCFv4.2\n", b"MT\t11778\t.\tG\tA\n" * 5000, b"end"]
CONTENT = Content(sum(map(len, PIECES)), hashlib.sha256(b"".join(PIECES)).hexdigest())
DELAYS = {"expedited": timedelta(seconds=2), "standard": timedelta(seconds=5)}

Maker = Callable[[Path], Vault]
VAULTS: dict[str, Maker] = {
    "disk": lambda directory: DiskVault(str(directory), DELAYS),
    "disk, gzip": lambda directory: DiskVault(str(directory), DELAYS, compress="gzip"),
    "s3-glacier": lambda directory: s3_glacier(f"site/{directory.name}"),
    "glacier": lambda directory: glacier(directory.name),
}
pytestmark = pytest.mark.django_db  # the table of what lies in Glacier


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr(timezone, "now", clock)
    return clock


@pytest.fixture(params=list(VAULTS))
def vault(request: pytest.FixtureRequest, tmp_path: Path, clock: Clock) -> Vault:
    if not request.param.startswith("disk"):
        request.getfixturevalue("amazon")
    vault = VAULTS[request.param](tmp_path / "vault")
    make_places(vault)
    return vault


def test_what_is_stored_has_an_id_and_the_checksum_of_what_went_in(vault: Vault) -> None:
    stored = vault.store(LABEL, iter(PIECES))
    assert stored.content == CONTENT
    assert vault.checksum(stored.archive_id) == CONTENT


def test_a_checksum_takes_no_retrieval_and_tells_how_far_it_is(vault: Vault) -> None:
    stored = vault.store(LABEL, iter(PIECES))
    beats: list[int] = []
    vault.checksum(stored.archive_id, beats.append)
    assert sum(beats) == CONTENT.size
    assert vault.standing(stored.archive_id, "").readiness is Readiness.ABSENT


def test_an_empty_file_is_a_file(vault: Vault) -> None:
    stored = vault.store(LABEL, iter(()))
    assert vault.checksum(stored.archive_id) == Content(0, hashlib.sha256(b"").hexdigest())


def test_it_comes_back_byte_for_byte_once_it_was_asked_for_and_the_time_is_over(vault: Vault, clock: Clock) -> None:
    archive_id = vault.store(LABEL, iter(PIECES)).archive_id
    with pytest.raises(NotRetrieved):
        b"".join(vault.read(archive_id, ""))
    retrieval = vault.request(archive_id, "expedited")
    assert retrieval.tier == "expedited"
    assert vault.standing(archive_id, retrieval.retrieval_id).readiness is Readiness.WAITING
    with pytest.raises(NotRetrieved):
        b"".join(vault.read(archive_id, retrieval.retrieval_id))
    clock.advance(DELAYS["expedited"])
    assert vault.standing(archive_id, retrieval.retrieval_id).readiness is Readiness.READY
    assert b"".join(vault.read(archive_id, retrieval.retrieval_id)) == b"".join(PIECES)
    assert b"".join(vault.read(archive_id, retrieval.retrieval_id)) == b"".join(PIECES), "and again"


def test_asking_again_does_not_begin_the_wait_anew(vault: Vault, clock: Clock) -> None:
    archive_id = vault.store(LABEL, iter(PIECES)).archive_id
    vault.request(archive_id, "standard")
    clock.advance(timedelta(seconds=4))
    retrieval = vault.request(archive_id, "standard")
    clock.advance(timedelta(seconds=1))
    assert vault.standing(archive_id, retrieval.retrieval_id).readiness is Readiness.READY


def test_two_archives_of_one_label_are_two(vault: Vault) -> None:
    first, second = vault.store(LABEL, iter([b"a"])), vault.store(LABEL, iter([b"b"]))
    other = vault.store(OTHER, iter([b"c"]))
    assert sorted(vault.labelled(LABEL)) == sorted([first.archive_id, second.archive_id])
    assert vault.labelled(OTHER) == [other.archive_id]
    vault.remove(first.archive_id)
    assert vault.labelled(LABEL) == [second.archive_id]
    assert vault.checksum(second.archive_id).size == 1


def test_what_is_removed_is_gone_with_its_retrieval_and_removing_it_again_is_no_error(vault: Vault) -> None:
    archive_id = vault.store(LABEL, iter(PIECES)).archive_id
    retrieval = vault.request(archive_id, "standard")
    vault.remove(archive_id)
    vault.remove(archive_id)
    assert vault.labelled(LABEL) == []
    assert vault.standing(archive_id, retrieval.retrieval_id).readiness is Readiness.ABSENT
    for act in (vault.checksum, lambda key: vault.request(key, "standard")):
        with pytest.raises(ArchiveMissing):
            act(archive_id)


def test_a_stream_that_breaks_leaves_no_archive(vault: Vault) -> None:
    def broken() -> Iterator[bytes]:
        yield PIECES[0]
        raise OSError("the file store is away")

    with pytest.raises(OSError, match="away"):
        vault.store(LABEL, broken())
    assert vault.labelled(LABEL) == []


def test_a_label_of_nobody_has_no_archives(vault: Vault) -> None:
    assert vault.labelled(OTHER) == []


def test_its_name_stays_the_same(tmp_path: Path) -> None:
    for maker in VAULTS.values():
        assert maker(tmp_path).name == maker(tmp_path).name != maker(tmp_path / "other").name
