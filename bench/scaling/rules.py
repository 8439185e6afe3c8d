"""Rules of scaling: the template's own, and the fixed thresholds that it is compared with."""

from __future__ import annotations

import math

from bench.scaling.fleet import Rule, Sight

# Target tracking's own alarms: three minutes above the target scale out, fifteen below nine tenths of it scale in.
# https://docs.aws.amazon.com/autoscaling/application/userguide/target-tracking-scaling-policy-overview.html
OUT_MINUTES, IN_MINUTES, IN_SHARE = 3, 15, 0.9


def backlog_per_worker(target: float) -> Rule:
    """Return the template's rule: messages (waiting and in flight) a worker are to stay at ``target``."""
    above = below = 0

    def rule(sight: Sight) -> int:
        nonlocal above, below
        messages = sight.waiting + sight.in_flight
        each = messages / max(sight.workers, 1)
        above = above + 1 if each > target else 0
        below = below + 1 if each < target * IN_SHARE else 0
        if above >= OUT_MINUTES:
            return math.ceil(messages / target)
        if below >= IN_MINUTES:
            below = 0
            return min(math.ceil(messages / target), sight.workers)
        return sight.workers

    return rule


def fixed_thresholds(high: int = 10, low: int = 5, minutes: int = 5) -> Rule:
    """Return the capstone's rule: one more above ``high`` waiting messages for five minutes, one less below ``low``."""
    above = below = 0

    def rule(sight: Sight) -> int:
        nonlocal above, below
        above = above + 1 if sight.waiting > high else 0
        below = below + 1 if sight.waiting < low else 0
        if above >= minutes:
            above = 0
            return sight.workers + 1
        if below >= minutes:
            below = 0
            return sight.workers - 1
        return sight.workers

    return rule


def fixed_fleet(workers: int) -> Rule:
    """Return the rule that changes nothing."""
    return lambda sight: workers
