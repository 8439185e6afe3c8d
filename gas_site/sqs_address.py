"""What a QUEUE_URL of Amazon SQS says: ``sqs://REGION/NAMESPACE?visibility=120s&beat=30s&wait=20s``."""

from __future__ import annotations

import re
from dataclasses import dataclass
from urllib.parse import parse_qsl, urlsplit

from gas_site.environment import parse_duration

_REGION = re.compile(r"[a-z]{2}(-[a-z]+)+-\d")
# A queue's name has at most 80 characters, of these kinds; the longest of ours adds "_annotate_dlq".
# https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/quotas-queues.html
_NAMESPACE = re.compile(r"[A-Za-z0-9_-]{1,60}")
LONGEST_VISIBILITY = 12 * 3600
# https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-short-and-long-polling.html
LONGEST_WAIT = 20


@dataclass(frozen=True)
class Timing:
    """How long a message stays hidden, how often that is extended, how long a poll waits; in seconds."""

    visibility: float = 120
    beat: float = 30
    wait: float = 20


@dataclass(frozen=True)
class SqsAddress:
    """The region, what the names of the queues begin with, and how they are used."""

    region: str
    namespace: str
    timing: Timing


def parse_address(url: str) -> SqsAddress:
    """Read a QUEUE_URL. Raises ValueError."""
    parts = urlsplit(url)
    region, namespace = parts.netloc, parts.path.removeprefix("/")
    options = dict(parse_qsl(parts.query, strict_parsing=True)) if parts.query else {}
    given = {name: parse_duration(value).total_seconds() for name, value in options.items()}
    named = parts.scheme == "sqs" and _REGION.fullmatch(region) and _NAMESPACE.fullmatch(namespace)
    if not named or set(given) - {"visibility", "beat", "wait"}:
        raise ValueError(url)
    timing = Timing(**given)
    # Two beats may fail before a message shows itself to other workers.
    if not 1 <= timing.visibility <= LONGEST_VISIBILITY or not 0 < timing.beat <= timing.visibility / 3:
        raise ValueError(url)
    if timing.wait > LONGEST_WAIT:
        raise ValueError(url)
    return SqsAddress(region, namespace, timing)
