"""Holds an export while it is made: renews its lease from a thread, and says when it is no longer ours.

A thread, because a workbook is closed in one call that may take longer than a lease lasts.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterator
from types import TracebackType

from django.conf import settings
from django.db import DatabaseError, connection

from annotations.exports import moves
from annotations.models import Export

logger = logging.getLogger(__name__)
#: How often a lease is renewed while it lasts.
RENEWALS = 4


class Lost(Exception):
    """Another worker has the export, or it is gone."""


class Lease:
    """Renews while the block runs."""

    def __init__(self, export: Export) -> None:
        self._export = export
        self._ended = threading.Event()
        self._lost = False
        self._thread = threading.Thread(target=self._renew, name=f"lease of export {export.pk}", daemon=True)

    def __enter__(self) -> Lease:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._ended.set()
        self._thread.join()

    def pass_on(self, pieces: Iterator[bytes]) -> Iterator[bytes]:
        """Yield what is not empty. Raises Lost once there is no lease to keep."""
        for piece in pieces:
            if self._lost:
                raise Lost
            if piece:
                yield piece

    def _renew(self) -> None:
        every = settings.LEASE.total_seconds() / RENEWALS
        try:
            while not self._lost and not self._ended.wait(every):
                try:
                    self._lost = not moves.renew(self._export)
                except DatabaseError as error:  # it may be back before the lease is over
                    logger.warning("an export's lease could not be renewed: %s", type(error).__name__)
        finally:
            connection.close()
