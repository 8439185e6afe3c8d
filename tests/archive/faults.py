"""Vaults that fail when they are told to, and tell of retrievals as Amazon does."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from datetime import datetime
from typing import TYPE_CHECKING

from archive.vaults.base import (
    Beat,
    Content,
    InsufficientCapacity,
    Retrieval,
    Standing,
    Stored,
    VaultFault,
    no_beat,
)
from archive.vaults.disk import DiskVault
from gas_site.storage import FileStore


class Faults:
    """What is to go wrong: the number of calls of each method that fail, and copies that come out wrong."""

    def __init__(self) -> None:
        self.calls: Counter[str] = Counter()
        self.failing: Counter[str] = Counter()
        self.rotten_stores = 0
        self.rotten_reads = 0
        self.full_tiers: set[str] = set()
        self.tell: Callable[[str, datetime | None], None] = lambda archive_id, ready_at: None

    def heal(self) -> None:
        """Let everything work again."""
        self.failing.clear()
        self.rotten_stores = self.rotten_reads = 0
        self.full_tiers.clear()

    def begin(self, fault: str, method: str) -> None:
        """Let one thing go wrong, or everything right again."""
        match fault:
            case "away":
                self.failing[method] = 2
            case "bad store":
                self.rotten_stores = 1
            case "bad read":
                self.rotten_reads = 1
            case "no room":
                self.full_tiers = {"expedited"} if method < "remove" else {"expedited", "standard"}
            case "healed":
                self.heal()

    def meet(self, method: str) -> None:
        """Count a call, and raise when it is to fail."""
        self.calls[method] += 1
        if self.failing[method] > 0:
            self.failing[method] -= 1
            raise VaultFault(f"the vault is away ({method})")


# super() means whatever vault follows in the order of bases; for the type checker, the one on a disk.
if TYPE_CHECKING:
    Base = DiskVault
else:
    Base = object


class Failing(Base):
    """Puts ``faults``, which the tests hold on to, before a vault."""

    faults = Faults()

    def plainly(self, archive_id: str) -> Content:
        """Return the checksum past the faults."""
        return super().checksum(archive_id)

    def store(self, label: str, pieces: Iterable[bytes]) -> Stored:
        self.faults.meet("store")
        if self.faults.rotten_stores > 0:
            self.faults.rotten_stores -= 1
            pieces = _rotten(iter(pieces))
        return super().store(label, pieces)

    def checksum(self, archive_id: str, beat: Beat = no_beat) -> Content:
        self.faults.meet("checksum")
        return super().checksum(archive_id, beat)

    def request(self, archive_id: str, tier: str) -> Retrieval:
        self.faults.meet("request")
        if tier in self.faults.full_tiers:
            raise InsufficientCapacity(f"no {tier} capacity")
        retrieval = super().request(archive_id, tier)
        self.faults.tell(archive_id, retrieval.expected_at)
        return retrieval

    def standing(self, archive_id: str, retrieval_id: str) -> Standing:
        self.faults.meet("standing")
        return super().standing(archive_id, retrieval_id)

    def read(self, archive_id: str, retrieval_id: str) -> Iterator[bytes]:
        self.faults.meet("read")
        pieces = super().read(archive_id, retrieval_id)
        if self.faults.rotten_reads > 0:
            self.faults.rotten_reads -= 1
            return _rotten(pieces)
        return pieces

    def remove(self, archive_id: str) -> None:
        self.faults.meet("remove")
        super().remove(archive_id)


class FaultyVault(Failing, DiskVault):
    """The disk vault with faults, of which copying by itself is as likely to have some as being read."""

    def thaw_into(self, archive_id: str, retrieval_id: str, store: FileStore, key: str, beat: Beat = no_beat) -> bool:
        if self.faults.rotten_reads > 0:
            store.receive(self.read(archive_id, retrieval_id), key)
            return True
        self.faults.meet("read")
        return super().thaw_into(archive_id, retrieval_id, store, key, beat)


class ReadVault(FaultyVault):
    """One that has to be read, as if the file store were elsewhere."""

    def thaw_into(self, archive_id: str, retrieval_id: str, store: FileStore, key: str, beat: Beat = no_beat) -> bool:
        return False


def _rotten(pieces: Iterator[bytes]) -> Iterator[bytes]:
    """Flip one bit of the first piece: the size stays right."""
    first = next(pieces)
    yield bytes([first[0] ^ 1]) + first[1:]
    yield from pieces
