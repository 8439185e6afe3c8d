"""The rows of annotations: jobs and what hangs on them, one module an idea."""

from __future__ import annotations

from annotations.models.explorer import ColumnChoice, SavedFilter, VariantNote
from annotations.models.exports import Export, ExportState
from annotations.models.jobs import (
    ACTIVE,
    COLD_KINDS,
    MOVES,
    TERMINAL,
    TICKET_LIFE,
    DeletionReceipt,
    Job,
    JobEvent,
    JobQuerySet,
    JobStatus,
    PrivateSource,
    ResultFile,
    claimable_at,
)
from annotations.models.shards import SHARD_MOVES, Shard, ShardState
from annotations.models.sharing import LinkVisits, SharedLink

__all__ = [
    "ACTIVE",
    "COLD_KINDS",
    "MOVES",
    "SHARD_MOVES",
    "TERMINAL",
    "TICKET_LIFE",
    "ColumnChoice",
    "DeletionReceipt",
    "Export",
    "ExportState",
    "Job",
    "JobEvent",
    "JobQuerySet",
    "JobStatus",
    "LinkVisits",
    "PrivateSource",
    "ResultFile",
    "SavedFilter",
    "Shard",
    "ShardState",
    "SharedLink",
    "VariantNote",
    "claimable_at",
]
