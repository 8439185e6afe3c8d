"""The file store on disk: what only a disk has, permissions, links and file systems. The rest is in its contract."""

from __future__ import annotations

import errno
import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.core.exceptions import SuspiciousFileOperation

from gas_site import storage
from gas_site.storage import file_store
from tests.site.factories import stored


@pytest.fixture
def upload(tmp_path: Path) -> Path:
    path = tmp_path / "upload"
    path.write_bytes(b"genome")
    return path


def read(key: str) -> bytes:
    with file_store().read(key) as file:
        return file.read()


def test_adopting_a_file_moves_it_under_its_key(upload: Path, files: Path) -> None:
    file_store().adopt(upload, "uploads/1/input")
    assert read("uploads/1/input") == b"genome"
    assert not upload.exists()
    assert (files / "uploads/1/input").stat().st_mode & 0o777 == 0o600


def test_adopting_across_file_systems_copies_and_removes_the_source(
    upload: Path, files: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rename = Path.rename

    def across(self: Path, target: Path) -> Path:
        if self == upload:
            raise OSError(18, "Invalid cross-device link")
        return rename(self, target)

    monkeypatch.setattr(Path, "rename", across)
    file_store().adopt(upload, "uploads/1/input")
    assert read("uploads/1/input") == b"genome"
    assert not upload.exists()
    assert stored(files) == ["uploads/1/input"]


def test_receiving_a_stream_returns_its_size(files: Path) -> None:
    assert file_store().receive(iter([b"gen", b"", b"ome"]), "uploads/1/input") == 6
    assert read("uploads/1/input") == b"genome"
    assert stored(files) == ["uploads/1/input"]


def test_a_copy_is_kept_aside_from_the_file_and_from_those_of_others_until_it_goes(files: Path) -> None:
    store = file_store()
    store.receive(iter([b"genome"]), "results/1/a")
    copies = [store.aside(key, owner) for key in ("results/1/a", "results/1/ab") for owner in ("1", "2")]
    for key in copies:
        store.receive(iter([b"rot"]), key)
    assert (len(set(copies)), read("results/1/a")) == (4, b"genome")
    store.clear_aside(["results/1/a"])
    assert stored(files) == sorted(["results/1/a", *copies[2:]])


def test_a_stream_that_breaks_leaves_nothing(files: Path) -> None:
    def broken() -> Iterator[bytes]:
        yield b"gen"
        raise ConnectionError

    with pytest.raises(ConnectionError):
        file_store().receive(broken(), "uploads/1/input")
    assert stored(files) == []


def test_a_duplicate_is_copied_where_links_cannot_be_made(monkeypatch: pytest.MonkeyPatch) -> None:
    def no_link(source: str, target: str) -> None:
        raise PermissionError

    file_store().receive(iter([b"genome"]), "one")
    monkeypatch.setattr(os, "link", no_link)
    file_store().duplicate("one", "two")
    assert read("two") == b"genome"


@pytest.mark.parametrize("key", ["../outside", "uploads/../../outside", "/etc/passwd", "uploads/../../files-2/x"])
def test_a_key_that_leaves_the_store_is_refused(key: str, tmp_path: Path) -> None:
    store = file_store()
    with pytest.raises(SuspiciousFileOperation):
        store.receive(iter([b"x"]), key)
    with pytest.raises(SuspiciousFileOperation):
        store.read(key)
    with pytest.raises(SuspiciousFileOperation):
        store.remove_tree(key)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["files"]


@pytest.mark.parametrize("prefix", ["", ".", "uploads/.."])
def test_the_whole_store_is_never_removed(files: Path, prefix: str) -> None:
    file_store().receive(iter([b"x"]), "uploads/1/input")
    with pytest.raises(SuspiciousFileOperation):
        file_store().remove_tree(prefix)
    assert stored(files) == ["uploads/1/input"]


def test_a_directory_that_somebody_still_writes_into_is_removed_all_the_same(
    files: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file_store().receive(iter([b"x"]), "uploads/1/input")
    rmdir, late = os.rmdir, [files / f"uploads/1/{number}" for number in range(3)]

    def another_file_first(path: str, **options: int) -> None:
        if late:
            late.pop().touch()
        rmdir(path, **options)

    monkeypatch.setattr(os, "rmdir", another_file_first)
    file_store().remove_tree("uploads/1")
    assert (stored(files), late, list(files.glob("uploads/*"))) == ([], [], [])


def test_a_directory_that_does_not_empty_is_given_up_in_the_end(files: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file_store().receive(iter([b"genome"]), "uploads/1/input")
    tries: list[Path] = []

    def never_empty(path: Path) -> None:
        tries.append(path)
        raise OSError(errno.ENOTEMPTY, "Directory not empty")

    monkeypatch.setattr(storage, "REMOVAL_PAUSE", 0.0)
    monkeypatch.setattr(shutil, "rmtree", never_empty)
    with pytest.raises(OSError, match="not empty"):
        file_store().remove_tree("uploads/1")
    assert tries == [files / "uploads/1"] * storage.REMOVALS
