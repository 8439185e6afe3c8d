"""What Prometheus reads at ``/metrics``: counted from the rows at each reading, because the rows are the truth.

Counters in the processes would be many, one set a worker, and gone with it; rows are one and stay. So everything here
is a gauge, and what has a rate speaks of the jobs that ended within the last hour. No label holds anything of a
person: states, queues and quantiles only.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping
from datetime import timedelta

import dramatiq
from django.db.models import Count, Sum
from django.utils import timezone
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector

from accounts.models import Notification
from annotations.models import Job, JobStatus, Shard, ShardState
from archive.models import Holding, HoldingState, RestoreRequest
from gas_site.queue_counts import count

logger = logging.getLogger(__name__)

# Jobs whose speed is told: enough for a percentile, few enough to be read at every scrape.
WINDOW = timedelta(hours=1)
MOST_JOBS = 5_000
QUANTILES = (0.5, 0.95)
_TIMES = ("queued_at", "started_at", "finished_at", "progress_records")


def exposition() -> bytes:
    """Return the metrics in Prometheus's text format."""
    registry = CollectorRegistry(auto_describe=False)
    registry.register(Rows())
    return generate_latest(registry)


class Rows(Collector):
    """Reads the gauges out of the database, and out of the queue where it answers."""

    def collect(self) -> Iterator[GaugeMetricFamily]:
        """Yield every gauge."""
        yield from _queues()
        yield from _jobs()
        yield from _recent_jobs()
        yield from _holdings()
        yield _gauge("gas_mails_unsent", "Mails that are still to be sent.", Notification.objects.owed().count())


def _queues() -> Iterator[GaugeMetricFamily]:
    broker = dramatiq.get_broker()
    try:
        counts = [count(broker, queue) for queue in sorted(broker.get_declared_queues())]
    except Exception as error:  # noqa: BLE001 (whatever the queue raises, the rows are still to be counted)
        logger.warning("the queue cannot be counted: %s", type(error).__name__)
        yield _gauge("gas_queue_up", "Whether the queue answers.", 0)
        return
    yield _gauge("gas_queue_up", "Whether the queue answers.", 1)
    messages = GaugeMetricFamily("gas_queue_messages", "Messages by queue and state.", labels=["queue", "state"])
    oldest = GaugeMetricFamily("gas_queue_oldest_seconds", "Age of the oldest message that waits.", labels=["queue"])
    for row in counts:
        for state in ("waiting", "delayed", "in_flight", "dead"):
            messages.add_metric([row.queue, state], getattr(row, state))
        oldest.add_metric([row.queue], row.oldest.total_seconds() if row.oldest else 0)
    yield messages
    yield oldest


def _jobs() -> Iterator[GaugeMetricFamily]:
    counts = dict.fromkeys(JobStatus.values, 0) | Job.objects.counts_by_status()
    yield _labelled("gas_jobs", "Jobs by state.", "status", counts)
    yield _labelled("gas_shards", "Shards of large jobs by state.", "state", Shard.objects.counts_by_state())
    yield from _queue_by_the_rows()
    oldest = Job.objects.filter(status=JobStatus.PENDING, deleted_at=None).order_by("queued_at").first()
    age = (timezone.now() - oldest.queued_at).total_seconds() if oldest and oldest.queued_at else 0
    yield _gauge("gas_oldest_pending_job_seconds", "How long the job has waited that waits longest.", age)


def _queue_by_the_rows() -> Iterator[GaugeMetricFamily]:
    """Tell the backlog as it is: messages are doubled and lost, and a small job is not a shard."""
    now = timezone.now()
    pieces, seconds, at_work = 0, 0.0, 0
    for model, running in ((Job, {"status": JobStatus.RUNNING}), (Shard, {"state": ShardState.RUNNING})):
        waiting = model.objects.claimable(now).aggregate(
            pieces=Count("*"), seconds=Sum("expected_seconds", default=0.0)
        )
        pieces, seconds = pieces + waiting["pieces"], seconds + waiting["seconds"]
        at_work += model.objects.filter(**running, lease_expires_at__gt=now).count()
    yield _gauge("gas_backlog_pieces", "Jobs and shards that a worker could take now.", pieces)
    yield _gauge("gas_backlog_seconds", "What these are expected to take one worker.", seconds)
    yield _gauge("gas_pieces_at_work", "Jobs and shards that a worker holds a lease of.", at_work)


def _recent_jobs() -> Iterator[GaugeMetricFamily]:
    waits, lengths, rates = [], [], []
    for job in Job.objects.completed_since(timezone.now() - WINDOW).only(*_TIMES)[:MOST_JOBS]:
        if job.queued_at and job.started_at and job.elapsed:
            waits.append((job.started_at - job.queued_at).total_seconds())
            lengths.append(job.elapsed.total_seconds())
            rates.append(job.rate)
    last = "of the jobs completed in the last hour"
    yield _quantiles("gas_recent_job_wait_seconds", f"From queued to started, {last}.", waits)
    yield _quantiles("gas_recent_job_seconds", f"From started to finished, {last}.", lengths)
    yield _quantiles("gas_recent_job_records_per_second", f"Records a second {last}.", rates)


def _holdings() -> Iterator[GaugeMetricFamily]:
    counts = dict.fromkeys(HoldingState.values, 0) | Holding.objects.counts_by_state()
    yield _labelled("gas_holdings", "Holdings by state.", "state", counts)
    failing = dict.fromkeys(HoldingState.values, 0) | Holding.objects.exclude(last_error="").counts_by_state()
    yield _labelled("gas_holdings_failing", "Holdings whose last deed failed, by state.", "state", failing)
    opened = RestoreRequest.objects.filter(finished_at=None).count()
    yield _gauge("gas_restores_open", "Restore requests that are not finished.", opened)


def _gauge(name: str, words: str, value: float) -> GaugeMetricFamily:
    return GaugeMetricFamily(name, words, value=value)


def _labelled(name: str, words: str, label: str, values: Mapping[str, float]) -> GaugeMetricFamily:
    family = GaugeMetricFamily(name, words, labels=[label])
    for value, number in sorted(values.items()):
        family.add_metric([value], number)
    return family


def _quantiles(name: str, words: str, numbers: list[float]) -> GaugeMetricFamily:
    """Return the quantiles by nearest rank; of no numbers there are none."""
    family = GaugeMetricFamily(name, words, labels=["quantile"])
    ordered = sorted(numbers)
    for quantile in QUANTILES if ordered else ():
        family.add_metric([str(quantile)], ordered[min(int(quantile * len(ordered)), len(ordered) - 1)])
    return family
