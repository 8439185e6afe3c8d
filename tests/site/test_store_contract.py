"""What every file store does, on a disk or in a bucket: whole files or none, and nothing outside its place."""

from __future__ import annotations

import errno
import hashlib
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.core.exceptions import SuspiciousFileOperation
from django.test import RequestFactory
from pytest_django import Settings

from gas_site.s3_store import S3Store
from gas_site.storage import FileStore, file_store
from tests.cloud.buckets import make_bucket, store_setting

GENOME = (6, hashlib.sha256(b"genome").hexdigest())


@pytest.fixture(params=["disk", "s3"], autouse=True)
def store(request: pytest.FixtureRequest, settings: Settings, files: Path) -> FileStore:
    """Put the store in place; that in S3 shares its bucket with others, whose objects nobody touches."""
    if request.param == "s3":
        request.getfixturevalue("amazon")
        make_bucket("gas")
        settings.STORAGES = {**settings.STORAGES, "default": store_setting("gas", "site/files")}
    return file_store()


@pytest.fixture
def upload(tmp_path: Path) -> Path:
    path = tmp_path / "upload"
    path.write_bytes(b"genome")
    return path


def read(key: str) -> bytes:
    with file_store().read(key) as file:
        return file.read()


def broken() -> Iterator[bytes]:
    yield b"gen"
    raise ConnectionError


def test_adopting_a_file_moves_it_under_its_key(store: FileStore, upload: Path) -> None:
    store.adopt(upload, "uploads/1/input")
    assert read("uploads/1/input") == b"genome"
    assert not upload.exists()


def test_adopting_from_another_file_system_tells_of_each_piece(
    store: FileStore, upload: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rename = Path.rename

    def within_one(path: Path, target: Path) -> Path:
        if path == upload:
            raise OSError(errno.EXDEV, "another file system")
        return rename(path, target)

    monkeypatch.setattr(Path, "rename", within_one)
    pieces: list[int] = []
    store.adopt(upload, "uploads/1/input", pieces.append)
    assert (sum(pieces), read("uploads/1/input"), upload.exists()) == (6, b"genome", False)


def test_adopting_a_file_that_is_not_there_leaves_nothing(store: FileStore, tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        store.adopt(tmp_path / "absent", "uploads/1/input")
    assert not store.has("uploads/1/input")


def test_receiving_a_stream_returns_its_size(store: FileStore) -> None:
    assert store.receive(iter([b"gen", b"", b"ome"]), "uploads/1/input") == 6
    assert store.receive(iter([]), "uploads/1/empty") == 0
    assert (read("uploads/1/input"), read("uploads/1/empty")) == (b"genome", b"")


def test_a_stream_that_breaks_leaves_nothing_or_the_former_content(store: FileStore) -> None:
    with pytest.raises(ConnectionError):
        store.receive(broken(), "key")
    assert not store.has("key")
    store.receive(iter([b"old"]), "key")
    with pytest.raises(ConnectionError):
        store.receive(broken(), "key")
    assert read("key") == b"old"


def test_nothing_is_seen_under_the_key_until_the_stream_has_ended(store: FileStore) -> None:
    def looking() -> Iterator[bytes]:
        yield b"gen"
        assert not store.has("key")
        yield b"ome"

    store.receive(looking(), "key")
    assert store.has("key")


def test_a_copy_that_was_kept_aside_takes_the_place_of_what_lies_there(store: FileStore) -> None:
    store.receive(iter([b"old"]), "results/1/a")
    copy = store.aside("results/1/a", "7")
    store.receive(iter([b"genome"]), copy)
    assert read("results/1/a") == b"old"
    store.put_in_place(copy, "results/1/a", *GENOME)
    assert (read("results/1/a"), store.has(copy)) == (b"genome", False)
    with pytest.raises(FileNotFoundError):
        store.put_in_place(copy, "results/1/a", *GENOME)
    assert read("results/1/a") == b"genome"


def test_what_is_kept_aside_for_one_key_goes_whoever_keeps_it_and_nothing_else_does(store: FileStore) -> None:
    store.receive(iter([b"genome"]), "results/1/a")
    copies = [store.aside(key, owner) for key in ("results/1/a", "results/1/ab") for owner in ("1", "12")]
    for key in copies:
        store.receive(iter([b"rot"]), key)
    store.clear_aside(["results/1/a", "results/2/never"])
    assert [store.has(key) for key in ("results/1/a", *copies)] == [True, False, False, True, True]
    store.remove_tree("results/1")
    assert [key for key in copies if store.has(key)] == [], "it goes with its job"


def test_a_duplicate_outlives_the_original(store: FileStore) -> None:
    store.receive(iter([b"genome"]), "uploads/1/input")
    store.duplicate("uploads/1/input", "uploads/2/input")
    store.remove_tree("uploads/1")
    assert read("uploads/2/input") == b"genome"


def test_what_is_not_there_is_not_found(store: FileStore) -> None:
    with pytest.raises(FileNotFoundError):
        store.read("absent")
    with pytest.raises(FileNotFoundError):
        store.duplicate("absent", "two")
    for way in (store.local, store.glimpse):
        with pytest.raises(FileNotFoundError), way("absent") as path:
            path.read_bytes()
    assert not store.has("absent")
    assert not store.has("two")
    store.remove("absent")


def test_the_local_path_holds_the_content_and_so_does_a_glimpse_of_a_small_file(store: FileStore) -> None:
    store.receive(iter([b"genome"]), "key")
    for way in (store.local, store.glimpse):
        with way("key") as path:
            assert path.read_bytes() == b"genome"


def test_a_file_is_read_in_pieces_and_to_its_end(store: FileStore) -> None:
    content = bytes(range(256)) * 20_000
    store.receive(iter([content]), "key")
    with store.read("key") as file:
        pieces = list(iter(lambda: file.read(1_000_000), b""))
    assert [len(piece) for piece in pieces] == [1_000_000] * 5 + [120_000]
    assert b"".join(pieces) == content


@pytest.mark.parametrize("key", ["../outside", "uploads/../../outside", "/etc/passwd", "uploads/../../files-2/x"])
def test_a_key_that_leaves_the_store_is_refused(store: FileStore, key: str) -> None:
    for act in (store.read, store.remove_tree, store.remove, store.has):
        with pytest.raises(SuspiciousFileOperation):
            act(key)
    with pytest.raises(SuspiciousFileOperation):
        store.receive(iter([b"x"]), key)


def test_removing_a_tree_twice_is_as_good_as_once_and_takes_no_neighbour(store: FileStore) -> None:
    for key in ("results/1/1/a", "results/1/2/b", "results/11/1/c"):
        store.receive(iter([b"x"]), key)
    store.remove_tree("results/1")
    store.remove_tree("results/1")
    assert [store.has(key) for key in ("results/1/1/a", "results/1/2/b", "results/11/1/c")] == [False, False, True]


def test_two_who_remove_the_same_tree_at_once_both_finish(store: FileStore) -> None:
    for number in range(20 if isinstance(store, S3Store) else 300):
        store.receive(iter([b"x"]), f"results/1/{number}/a")
    errors: list[BaseException] = []

    def remove() -> None:
        try:
            store.remove_tree("results/1")
            assert not store.has("results/1/0/a")
        except BaseException as error:  # noqa: BLE001 (carried to the test's own thread)
            errors.append(error)

    threads = [threading.Thread(target=remove) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert errors == []


@pytest.mark.parametrize("prefix", ["", ".", "uploads/.."])
def test_the_whole_store_is_never_removed(store: FileStore, prefix: str) -> None:
    store.receive(iter([b"x"]), "uploads/1/input")
    with pytest.raises(SuspiciousFileOperation):
        store.remove_tree(prefix)
    assert store.has("uploads/1/input")


@pytest.mark.parametrize(
    ("asked", "status", "content", "span"),
    [
        ("bytes=2-3", 206, b"no", "bytes 2-3/6"),
        ("bytes=4-", 206, b"me", "bytes 4-5/6"),
        ("bytes=-3", 206, b"ome", "bytes 3-5/6"),
        ("bytes=0-99", 206, b"genome", "bytes 0-5/6"),
        ("", 200, b"genome", None),
        ("lines=1-2", 200, b"genome", None),
    ],
)
def test_scripts_read_ranges_from_this_site_whatever_the_store(
    store: FileStore, asked: str, status: int, content: bytes, span: str | None
) -> None:
    store.receive(iter([b"genome"]), "results/1/a.vcf.gz")
    request = RequestFactory().get("/", headers={"Range": asked} if asked else {})
    response = store.serve_here(request, "results/1/a.vcf.gz", "ÅÄÖ.vcf.gz", "application/gzip")
    assert (response.status_code, b"".join(response)) == (status, content)
    assert response.headers.get("Content-Range") == span
    assert response["Content-Length"] == str(len(content))
    assert response["Content-Type"] == "application/gzip"
    assert response["Content-Disposition"].startswith("attachment; filename")


def test_a_range_outside_and_a_file_that_is_not_there_are_told_apart(store: FileStore) -> None:
    store.receive(iter([b"genome"]), "key")
    outside = RequestFactory().get("/", headers={"Range": "bytes=6-9"})
    assert store.serve_here(outside, "key", "a", "text/plain").status_code == 416
    head = store.serve_here(RequestFactory().head("/"), "key", "a", "text/plain")
    assert (head.status_code, head["Content-Length"]) == (200, "6")
    with pytest.raises(FileNotFoundError):
        store.serve_here(RequestFactory().get("/"), "absent", "a", "text/plain")
