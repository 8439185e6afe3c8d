"""Runs one shard: fetch, engine child, store. The gathering is a shard like the others, and publishes the result."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

from django.conf import settings
from django.utils import timezone
from dramatiq.middleware import Shutdown

from annotations import moves
from annotations.catalogue import reference_named
from annotations.engine.errors import NotShardable, StageFailed, Stopped
from annotations.engine.sharding.children import run_gather, run_part
from annotations.failing import MOST_ATTEMPTS, STORE_PAUSE_MS, log_trouble, our_fault, told_to_owner
from annotations.lease import Lease
from annotations.models import Shard
from annotations.publishing import publish
from annotations.sharding import moves as shard_moves
from annotations.sharding.clearing import clear
from annotations.sharding.files import keep_outputs, outputs_of, part_of
from annotations.workplace import workplace
from gas_site.storage import StoreAway, file_store

logger = logging.getLogger(__name__)


def run_shard(shard: Shard) -> None:
    """Annotate a claimed part, or gather what was made of all parts."""
    lease = Lease(partial(shard_moves.renew, shard))
    deed = _gather if shard.gathers else _annotate
    place = f"{shard.job_id}.{shard.job_attempt}.{shard.number}.{shard.attempt}"
    try:
        with told_to_owner(shard.job, in_parts=True), _trouble_of_a_shard(shard, lease), workplace(place) as work:
            deed(shard, work, lease)
    except Shutdown:
        shard_moves.give_back(shard)
        raise
    except StoreAway as error:
        _wait_for_store(shard, error)


@contextmanager
def _trouble_of_a_shard(shard: Shard, lease: Lease) -> Iterator[None]:
    """Deal with what concerns the shard and not its job; the rest is for the owner."""
    try:
        yield
    except NotShardable:
        moves.begin_in_one_piece(shard.job)
    except Stopped:
        if not lease.lost:  # the time limit; otherwise whoever has taken it over goes on
            raise
    except StoreAway:
        raise
    except (StageFailed, OSError) as error:
        if shard_moves.break_off(shard, our_fault(shard.job)):
            log_trouble(shard.job, error)


def _wait_for_store(shard: Shard, error: StoreAway) -> None:
    """Give the shard back to the queue for later: nothing is wrong with it."""
    logger.warning("job %s, %s put off: %s", shard.job_id, shard.what, error.strerror)
    if shard.attempt < MOST_ATTEMPTS:
        shard_moves.give_back(shard, STORE_PAUSE_MS)
    else:
        moves.fail(shard.job, our_fault(shard.job))


def _time_left(shard: Shard) -> float:
    """Return the seconds that the job still has: JOB_TIMEOUT holds for all of its shards together, from its start."""
    started = shard.job.started_at or timezone.now()
    return max((started + settings.JOB_TIMEOUT - timezone.now()).total_seconds(), 0)


def _annotate(shard: Shard, work: Path, lease: Lease) -> None:
    output = work / "output"
    with part_of(shard, work / "cut", lease.beat) as directory:
        run_part(
            directory,
            shard.number,
            output,
            reference=reference_named(shard.job.reference).directory,
            on_progress=lease.note,
            should_stop=lease.should_stop,
            timeout=_time_left(shard),
        )
    keep_outputs(shard, output, lease.beat)
    if not shard_moves.done(shard):
        file_store().remove_tree(shard.outputs_prefix)


def _gather(shard: Shard, work: Path, lease: Lease) -> None:
    parts = Shard.objects.of(shard.job).parts().order_by("number")
    with outputs_of(shard, parts, work / "cut", lease.beat) as (directory, outputs):
        result = run_gather(
            directory,
            outputs,
            work / "output",
            reference=reference_named(shard.job.reference).directory,
            on_progress=lease.note,
            should_stop=lease.should_stop,
            timeout=_time_left(shard),
        )
    if publish(shard.job, result, lease, shard.result_prefix):
        clear(shard.job_id, shard.job_attempt)
