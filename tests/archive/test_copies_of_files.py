"""Files that a vault on this machine copies by itself: unread on the way, durable, and told by reading them again."""

from __future__ import annotations

import errno
import hashlib
import io
import itertools
import os
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from archive.vaults.base import Content, no_beat
from archive.vaults.disk import DiskVault
from archive.vaults.disk_files import FilePieces
from archive.vaults.hashing import hashed_file
from gas_site.storage import DiskStore

LABEL = "7f3a21c8-0000-4000-8000-000000000001"
BYTES = os.urandom(100_000) * 200  # several steps of a copy
CONTENT = Content(len(BYTES), hashlib.sha256(BYTES).hexdigest())


@pytest.fixture
def vault(tmp_path: Path) -> DiskVault:
    return DiskVault(str(tmp_path / "vault"), {"expedited": timedelta(0)})


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "result"
    path.write_bytes(BYTES)
    return path


def everything(directory: Path) -> list[Path]:
    return [path for path in directory.rglob("*") if path.is_file()]


def cannot(*_: object) -> int:
    raise OSError(errno.EINVAL, "not here")


def can_now_and_then() -> Callable[..., int]:
    """Return a sendfile that the file system refuses at every other call."""
    turns: Iterator[Callable[..., int]] = itertools.cycle([os.sendfile, cannot])

    def send(*arguments: int) -> int:
        return next(turns)(*arguments)

    return send


@pytest.mark.parametrize("send", [os.sendfile, cannot, can_now_and_then()])
def test_a_file_goes_into_the_vault_and_back_byte_for_byte_whatever_the_kernel_can(
    vault: DiskVault, file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, send: Callable[..., int]
) -> None:
    monkeypatch.setattr(os, "sendfile", send)
    beats: list[int] = []
    archive_id = vault.store(LABEL, FilePieces(file.open("rb"), CONTENT, beats.append)).archive_id
    file.unlink()
    assert (vault.checksum(archive_id), sum(beats), len(beats) > 1) == (CONTENT, len(BYTES), True)
    retrieval = vault.request(archive_id, "expedited")
    store = DiskStore(str(tmp_path / "files"))
    assert vault.thaw_into(archive_id, retrieval.retrieval_id, store, "results/1/a", beats.append)
    assert sum(beats) == 2 * len(BYTES)
    with store.read("results/1/a") as thawed:
        assert thawed.read() == BYTES
    assert [path.stat().st_mode & 0o777 for path in everything(tmp_path / "files")] == [0o600]


def test_what_a_file_is_said_to_hold_is_told_apart_from_what_its_copy_holds(vault: DiskVault, file: Path) -> None:
    file.write_bytes(b"x" + BYTES[1:])
    stored = vault.store(LABEL, FilePieces(file.open("rb"), CONTENT, no_beat))
    assert stored.content == CONTENT
    assert vault.checksum(stored.archive_id) != CONTENT


def test_a_copy_that_breaks_off_leaves_nothing_on_either_side(vault: DiskVault, file: Path, tmp_path: Path) -> None:
    def lost(size: int) -> None:
        raise RuntimeError("the claim is lost")

    with pytest.raises(RuntimeError):
        vault.store(LABEL, FilePieces(file.open("rb"), CONTENT, lost))
    assert everything(tmp_path / "vault") == []
    archive_id = vault.store(LABEL, FilePieces(file.open("rb"), CONTENT, no_beat)).archive_id
    retrieval = vault.request(archive_id, "expedited")
    with pytest.raises(RuntimeError):
        vault.thaw_into(archive_id, retrieval.retrieval_id, DiskStore(str(tmp_path / "files")), "a", lost)
    assert everything(tmp_path / "files") == []


def test_an_archive_is_a_copy_of_its_own(vault: DiskVault, file: Path, tmp_path: Path) -> None:
    archive_id = vault.store(LABEL, FilePieces(file.open("rb"), CONTENT, no_beat)).archive_id
    with file.open("r+b") as source:
        source.write(b"rot")
    assert vault.checksum(archive_id) == CONTENT


def test_copies_are_synced_before_they_have_their_names(
    vault: DiskVault, file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    synced: list[int] = []
    sync, rename = os.fsync, Path.rename

    def note(handle: int) -> None:
        synced.append(os.fstat(handle).st_ino)
        sync(handle)

    def after_its_sync(self: Path, target: Path) -> Path:
        assert self.stat().st_ino in synced
        return rename(self, target)

    monkeypatch.setattr(os, "fsync", note)
    monkeypatch.setattr(Path, "rename", after_its_sync)
    archive_id = vault.store(LABEL, FilePieces(file.open("rb"), CONTENT, no_beat)).archive_id
    retrieval = vault.request(archive_id, "expedited")
    store = DiskStore(str(tmp_path / "files"))
    vault.thaw_into(archive_id, retrieval.retrieval_id, store, "results/1/a")
    assert Path(store.path("results/1")).stat().st_ino in synced


def test_a_vault_that_compresses_and_a_file_of_a_service_go_in_pieces(tmp_path: Path, file: Path) -> None:
    packing = DiskVault(str(tmp_path / "packed"), {"expedited": timedelta(0)}, compress="gzip")
    packed = packing.store(LABEL, FilePieces(file.open("rb"), CONTENT, no_beat))
    assert packed.content == packing.checksum(packed.archive_id) == CONTENT
    retrieval = packing.request(packed.archive_id, "expedited")
    assert not packing.thaw_into(packed.archive_id, retrieval.retrieval_id, DiskStore(str(tmp_path / "files")), "a")
    plain = DiskVault(str(tmp_path / "plain"), {})
    stored = plain.store(LABEL, FilePieces(io.BytesIO(BYTES), Content(0, ""), no_beat))
    assert stored.content == CONTENT, "what has passed is told, not what was said"
    assert hashed_file(io.BytesIO(BYTES), no_beat) == CONTENT
