"""The days that the rules are tried on, made from measured service times and one seed."""

from __future__ import annotations

import random
from dataclasses import dataclass

from bench.scaling.fleet import HOUR, Job

SEED = 7


@dataclass(frozen=True)
class Times:
    """What was measured: seconds of a small job, and of a whole genome of five million variants."""

    small: float
    genome: float


@dataclass(frozen=True)
class Scenario:
    """One day: its jobs, how long it is looked at, and when workers die."""

    name: str
    jobs: list[Job]
    seconds: int
    deaths: tuple[int, ...] = ()


def scenarios(times: Times) -> list[Scenario]:
    """Return the four days. Jobs are changed by a run, so each call makes new ones."""
    dice = random.Random(SEED)
    quiet = _poisson(dice, times, 12 / HOUR, 24 * HOUR)
    burst = [Job(600 + dice.randrange(300), times.small) for _ in range(1_000)]
    batch = [Job(600, times.genome, large=True) for _ in range(300)]
    batch += _poisson(dice, times, 60 / HOUR, 3 * HOUR)
    steady = _poisson(dice, times, 1.7 * 2 / times.small, HOUR)
    return [
        Scenario("A quiet day", quiet, 24 * HOUR),
        Scenario("A burst of 1,000 jobs", burst, 2 * HOUR),
        Scenario("A batch of 300 whole genomes", batch, 4 * HOUR),
        Scenario("A worker dies, twice", steady, 2 * HOUR, (1_200, 2_400)),
    ]


def _poisson(dice: random.Random, times: Times, a_second: float, seconds: int) -> list[Job]:
    jobs, at = [], 0.0
    while (at := at + dice.expovariate(a_second)) < seconds:
        jobs.append(Job(int(at), times.small))
    return jobs
