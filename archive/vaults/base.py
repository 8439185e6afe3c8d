"""What the archive asks of a vault, and the ways in which a vault may say no.

The protocol follows the narrowest of them, Glacier: an archive is written once, has an id that the vault chooses,
cannot be read until it was asked for, and then only some time later.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from enum import Enum
from typing import Protocol

from archive.prices import StorageClass
from gas_site.storage import Beat, FileStore, no_beat

__all__ = ["Beat", "no_beat"]


class VaultFault(Exception):
    """The vault could not do what was asked. The message names the cause; it bears no file name."""


class InsufficientCapacity(VaultFault):
    """The vault has no room for a retrieval of this tier at the moment; another tier may do."""


class NotRetrieved(VaultFault):
    """The archive cannot be read: nobody asked for it, or the answer is not there yet, or no longer."""


class ArchiveMissing(VaultFault):
    """The vault knows no such archive."""


class ArchiveDamaged(VaultFault):
    """The stored copy cannot be read to its end: what was stored is not there any more."""


@dataclass(frozen=True)
class Content:
    """What a copy holds: its size in bytes and its SHA-256 in hex."""

    size: int
    sha256: str


@dataclass(frozen=True)
class Stored:
    """An archive that is durable in the vault, and what went into it."""

    archive_id: str
    content: Content


@dataclass(frozen=True)
class Retrieval:
    """An accepted request: the vault's id for it, the tier it runs in, and when to expect the archive."""

    retrieval_id: str
    tier: str
    expected_at: datetime | None


class Readiness(Enum):
    """How a retrieval stands. ABSENT: never asked for, expired, or forgotten by the vault; ask again."""

    WAITING = "waiting"
    READY = "ready"
    ABSENT = "absent"


@dataclass(frozen=True)
class Standing:
    """How a retrieval stands, and when it is expected while it is waiting."""

    readiness: Readiness
    expected_at: datetime | None = None


class Vault(Protocol):
    """A place for archives. Every method may raise VaultFault or OSError: the vault is away, try later.

    ``name`` stays the same as long as the archives do; holdings keep it.
    """

    name: str
    #: What it costs, or None where nobody sends a bill.
    prices: StorageClass | None
    #: Whether ``checksum`` reads the whole copy, without touching rows: then it pays to have it done in a thread.
    reads_back: bool

    def store(self, label: str, pieces: Iterable[bytes]) -> Stored:
        """Write a new archive and make it durable; nothing of it may be left where ``pieces`` raises.

        ``pieces`` may be ``FilePieces``, which a vault on this machine copies by itself, unread: then the answer's
        content is what the file is said to hold.

        ``label`` (hex digits and dashes, one a job) is what ``labelled`` finds it by. Storing twice makes two.
        """

    def checksum(self, archive_id: str, beat: Beat = no_beat) -> Content:
        """Return what the stored copy holds: read again where the vault can, else vouched for by the service.

        Never takes a retrieval. Raises ArchiveMissing, ArchiveDamaged.
        """

    def request(self, archive_id: str, tier: str) -> Retrieval:
        """Ask for an archive back. Asking again while it is on its way or ready changes nothing for the worse.

        Raises InsufficientCapacity, ArchiveMissing.
        """

    def standing(self, archive_id: str, retrieval_id: str) -> Standing:
        """Say how a retrieval stands."""

    def read(self, archive_id: str, retrieval_id: str) -> Iterator[bytes]:
        """Yield the content of a retrieved archive in pieces.

        Raises NotRetrieved, ArchiveMissing, ArchiveDamaged.
        """

    def thaw_into(self, archive_id: str, retrieval_id: str, store: FileStore, key: str, beat: Beat = no_beat) -> bool:
        """Copy a retrieved archive into the file store where one service can do both; False: read it instead.

        Nothing is compared on the way: that is for whoever reads the copy again.

        Raises NotRetrieved, ArchiveMissing.
        """

    def remove(self, archive_id: str) -> None:
        """Remove an archive and whatever was asked for of it; one that is not there is no error."""

    def labelled(self, label: str) -> list[str]:
        """Return the ids stored under ``label``, unfinished ones included, as far as the vault can say at once."""
