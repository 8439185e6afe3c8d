"""What one process takes of large work: its slots. The thread that it has beside them takes small jobs alone.

A message is a wake-up call for whatever is next, so one may come to a thread that cannot use it: all slots are at large
work, and only large work waits. It is not lost and does not go round: the thread keeps it in hand, for the slot that
becomes free next or the small job that comes meanwhile, whichever is first. After HOLD_SECONDS it sends the call on,
since another worker may be idle; one that is as full may fetch it before that one does, and keeps it for as long again.
"""

from __future__ import annotations

import math
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

from dramatiq.middleware import Shutdown

from annotations.models import Job, Shard
from annotations.queueing.claiming import claim_next, next_waiting
from annotations.queueing.waking import wake

#: How often whoever keeps a wake-up call looks for a small job: its own message may be far behind in the queue.
LOOK_EVERY_SECONDS = 0.5
#: How long one thread keeps the call from a worker that has slots free. Several may, one after the other.
HOLD_SECONDS = 5.0


class Slots:
    """Counts how many large pieces this process may still take. Without a limit it has as many as there are threads."""

    def __init__(self) -> None:
        #: Whether this process was told to stop. It claims nothing more: nobody would tell that work to stop.
        self.stopping = False
        self._free = math.inf
        self._changed = threading.Condition()

    def limit(self, number: float) -> None:
        """Have so many slots, all of them free."""
        with self._changed:
            self._free = number

    def take(self) -> bool:
        """Take a slot, if there is one."""
        with self._changed:
            found = self._free > 0
            self._free -= found
        return found

    def wait(self, seconds: float) -> None:
        """Wait until there is one, for so long at most."""
        with self._changed:
            self._changed.wait_for(lambda: self._free > 0, seconds)

    def give_back(self) -> None:
        """Let the next have a slot."""
        with self._changed:
            self._free += 1
            self._changed.notify()


slots = Slots()


@contextmanager
def next_piece(worker: str) -> Iterator[Job | Shard | None]:
    """Claim what is next and this process has room for; a slot is held for as long as the block is at large work.

    None when nothing waits, or when what waits was left to another worker.
    """
    piece, in_slot = _claim(worker)
    try:
        yield piece
    finally:
        if in_slot:
            slots.give_back()


def _claim(worker: str) -> tuple[Job | Shard | None, bool]:
    """Return what was claimed, and whether it has a slot. Nobody comes here without a wake-up call in hand."""
    given_up = time.monotonic() + HOLD_SECONDS
    while not (slots.stopping or slots.take()):
        piece = claim_next(worker, small_only=True)
        if piece is not None:
            return piece, False
        if next_waiting() is None:  # the call was one too many
            return None, False
        if time.monotonic() > given_up or not _wait():
            break
    else:
        if not slots.stopping:
            return _claim_in_slot(worker)
    _send_on()
    return None, False


def _wait() -> bool:
    """Wait for a slot until it is time to look for a small job again; return whether to go on at all."""
    try:
        slots.wait(LOOK_EVERY_SECONDS)
    except Shutdown:
        return False
    return True


def _send_on() -> None:
    """Leave the call in hand to whoever is next."""
    waiting = next_waiting()
    if waiting is not None:
        wake(waiting)


def _claim_in_slot(worker: str) -> tuple[Job | Shard | None, bool]:
    """Claim whatever is next; a small job, or none, leaves the slot to others."""
    in_slot = False
    try:
        piece = claim_next(worker)
        in_slot = piece is not None and not (isinstance(piece, Job) and piece.small)
    finally:
        if not in_slot:
            slots.give_back()
    return piece, in_slot
