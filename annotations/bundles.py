"""Installed references in the file store, so that a fresh worker gets one by a command instead of an installation.

references/NAME/bundle.json     which bundle is the reference now; written last, so that a bundle is whole or not there
references/NAME/ID/...          its files; ID begins the SHA-256 of its manifest
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, BinaryIO

from annotations.engine.errors import ReferenceBroken, ReferenceRefused
from annotations.engine.install.building import building_directory, locked
from annotations.engine.install.installer import NAME
from annotations.engine.reference import MANIFEST, Reference, load_reference, sha256_of, verify_reference
from gas_site.storage import FileStore, file_store

POINTER = "bundle.json"
BUNDLE_FORMAT = 1
#: Bytes of a pointer or a manifest; one with 200,000 contigs has some 40 MB.
MAX_JSON_BYTES = 256 << 20
_CHUNK = 1 << 20

#: Name of the file, and of how many bytes it is.
OnFile = Callable[[str, int], None]


def push(reference: Reference, on_file: OnFile = lambda *_: None) -> str:
    """Put a reference into the file store, and answer the bundle's id; the bundle before it goes.

    What a push that was broken off has stored already is not stored again. Raises ReferenceBroken when the files
    here are not what the manifest says.
    """
    verify_reference(reference)
    store = file_store()
    manifest = reference.directory / MANIFEST
    digest = sha256_of(manifest)
    bundle, before = digest[:16], _pointer(store, reference.name)
    for name, size in [*_sizes(manifest), (MANIFEST, manifest.stat().st_size)]:
        key = _key(reference.name, bundle, name)
        on_file(name, size)
        if not store.has(key):
            with (reference.directory / name).open("rb") as file:
                store.receive(_chunks(file), key)
    told = {"format": BUNDLE_FORMAT, "name": reference.name, "bundle": bundle, "sha256": digest}
    store.receive(iter([json.dumps(told).encode()]), _key(reference.name, POINTER))
    if before and before["bundle"] != bundle:
        store.remove_tree(_key(reference.name, before["bundle"]))
    return bundle


def pull(name: str, directory: Path, on_file: OnFile = lambda *_: None) -> Reference:
    """Get a reference out of the file store into ``directory``/``name``, in the place of another one there.

    Every file is held against its SHA-256 before any is put in place. Raises ReferenceRefused when the store has no
    such reference or one of its files is damaged.
    """
    store = file_store()
    told = _pointer(store, name) if NAME.fullmatch(name) else None
    if told is None:
        raise ReferenceRefused(
            f"The file store has no reference {name}. Put it there: manage.py references push {name}."
        )
    target = directory / name
    if (target / MANIFEST).is_file() and sha256_of(target / MANIFEST) == told["sha256"]:
        verify_reference(load_reference(target))
        return load_reference(target)
    directory.mkdir(parents=True, exist_ok=True)
    with building_directory(directory) as scratch:
        built = scratch / name
        built.mkdir()
        _take(store, _key(name, told["bundle"], MANIFEST), built / MANIFEST, told["sha256"])
        files = json.loads((built / MANIFEST).read_text(encoding="utf-8"))["files"]
        for file, expected in files.items():
            on_file(file, expected["size"])
            _take(store, _key(name, told["bundle"], file), _inside(built, file), expected["sha256"])
        load_reference(built)
        with locked(directory):
            if target.exists():
                target.rename(scratch / "before")
            built.rename(target)
    return load_reference(target)


def _pointer(store: FileStore, name: str) -> dict[str, Any] | None:
    """Which bundle is the reference now; None when there is none."""
    try:
        with store.read(_key(name, POINTER)) as file:
            told: dict[str, Any] = json.loads(file.read(MAX_JSON_BYTES))
    except FileNotFoundError:
        return None
    if told.get("format") != BUNDLE_FORMAT:
        raise ReferenceBroken(f"The bundle of {name} in the file store is of another version of GAS. Push it again.")
    return told


def _take(store: FileStore, key: str, path: Path, sha256: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    digest = hashlib.sha256()
    try:
        with store.read(key) as source, path.open("wb") as out:
            for chunk in _chunks(source):
                digest.update(chunk)
                out.write(chunk)
    except FileNotFoundError as error:
        raise ReferenceRefused(f"The file store lacks {path.name} of this reference. Push it again.") from error
    if digest.hexdigest() != sha256:
        raise ReferenceRefused(f"{path.name} in the file store does not bear its SHA-256. Push the reference again.")


def _inside(directory: Path, name: str) -> Path:
    path = Path(name)
    if path.is_absolute() or ".." in path.parts:
        raise ReferenceBroken(f"The manifest in the file store names {name}. Push the reference again.")
    return directory / path


def _sizes(manifest: Path) -> list[tuple[str, int]]:
    files = json.loads(manifest.read_text(encoding="utf-8"))["files"]
    return [(name, told["size"]) for name, told in files.items()]


def _key(name: str, *parts: str) -> str:
    return "/".join(["references", name, *parts])


def _chunks(file: BinaryIO) -> Iterator[bytes]:
    return iter(lambda: file.read(_CHUNK), b"")
