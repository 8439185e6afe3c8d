"""Compares copies with what a job made: size and SHA-256, in pieces, never a file in memory."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from archive.claims import Claim
from archive.models import HoldingFile
from archive.vaults.base import Beat, Content
from archive.vaults.hashing import SideHash, hashed_file
from gas_site.storage import file_store


class BadCopy(Exception):
    """A copy is not what the job made. The message says which copy, by kind; it bears no file name."""


def wanted(file: HoldingFile) -> Content:
    """Return what every copy of the file must hold."""
    return Content(file.size, file.sha256)


def hot_copy(file: HoldingFile, beat: Beat) -> Content | None:
    """Read the copy in the file store and return what it holds, or None when there is none."""
    return copy_under(file.key, beat)


def copy_under(key: str, beat: Beat) -> Content | None:
    """Read what lies in the file store under a key, and return what it holds, or None when nothing does."""
    try:
        source = file_store().read(key)
    except FileNotFoundError:
        return None
    return hashed_file(source, beat)


def checked(pieces: Iterable[bytes], file: HoldingFile, claim: Claim) -> Iterator[bytes]:
    """Pass pieces on, and raise BadCopy at their end where they are not the file: nothing is published then.

    The claim is renewed at the very end, because what follows is a sync and a rename: a worker that lost it
    must not put a file where another has removed one.
    """
    with SideHash() as side:
        yield from side.passing(claim.watched(pieces))
        content = side.content()
    if content != wanted(file):
        raise BadCopy(f"what the vault gave back for the {file.kind} differs from what the job made")
    claim.renew()
