"""A fleet of annotators in simulated time: jobs arrive, workers boot, work, die and go; a rule says how many there be.

Time goes in steps of one second. A worker has slots, each works on one job; a job that loses its worker waits for the
end of its lease and begins again, as in the product. A worker that is to go finishes what it has first (scale-in
protection), and takes nothing new.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

HOUR = 3600


@dataclass(frozen=True)
class Machine:
    """What one worker is: slots, seconds from being asked for to taking a job, US dollars an hour."""

    slots: int = 2
    boot_seconds: int = 120
    dollars_an_hour: float = 0.085
    lease_seconds: int = 120  # 60 s of lease, and up to 60 s until the sweep sees that it ended


@dataclass
class Job:
    """One job: when it arrives, and how many seconds it takes on a slot of its own."""

    arrives: int
    seconds: float
    large: bool = False
    started: int | None = None
    finished: int | None = None


@dataclass
class Worker:
    """One worker: since when it is paid for, from when on it works, and what it works on with what is left of each."""

    since: int
    ready: int
    leaving: bool = False
    jobs: list[tuple[Job, float]] = field(default_factory=list)


@dataclass(frozen=True)
class Sight:
    """What a rule sees once a minute: messages that wait and are worked on, and workers that are there or coming."""

    minute: int
    waiting: int
    in_flight: int
    workers: int


# Takes what it sees and answers how many workers there are to be.
Rule = Callable[[Sight], int]


@dataclass
class Run:
    """What came out: a row a minute, every job, and the bill."""

    jobs: list[Job]
    minutes: list[Sight] = field(default_factory=list)
    worker_seconds: int = 0
    dollars: float = 0.0

    def waits(self, *, large: bool = False) -> list[int]:
        """Return the seconds from arrival to start of the jobs of one kind that were started, shortest first."""
        started = (job for job in self.jobs if job.large == large and job.started is not None)
        return sorted(job.started - job.arrives for job in started if job.started is not None)

    @property
    def done_at(self) -> int:
        """Return when the last job was finished, in seconds."""
        return max((job.finished or 0 for job in self.jobs), default=0)


class Fleet:
    """One simulation."""

    def __init__(self, rule: Rule, machine: Machine, least: int, most: int) -> None:
        self.machine = machine
        self._rule = rule
        self._least, self._most = least, most
        self._workers = [Worker(0, 0) for _ in range(least)]
        self._queue: deque[Job] = deque()
        self._returning: list[tuple[int, Job]] = []

    def run(self, jobs: Sequence[Job], seconds: int, deaths: Sequence[int] = ()) -> Run:
        """Simulate so many seconds; at each of ``deaths`` the busiest worker vanishes and is replaced."""
        result = Run(sorted(jobs, key=lambda job: job.arrives))
        coming = deque(result.jobs)
        for now in range(seconds):
            while coming and coming[0].arrives <= now:
                self._queue.append(coming.popleft())
            self._give_back(now)
            if now in deaths:
                self._kill(now)
            self._work(now)
            if now % 60 == 0:
                self._scale(now, result)
            result.worker_seconds += len(self._workers)
        result.dollars = result.worker_seconds / HOUR * self.machine.dollars_an_hour
        return result

    def _give_back(self, now: int) -> None:
        back = [job for at, job in self._returning if at <= now]
        self._returning = [(at, job) for at, job in self._returning if at > now]
        self._queue.extendleft(reversed(back))

    def _kill(self, now: int) -> None:
        victim = max(self._workers, key=lambda worker: len(worker.jobs))
        self._workers.remove(victim)
        self._returning += [(now + self.machine.lease_seconds, job) for job, _ in victim.jobs]
        self._workers.append(Worker(now, now + self.machine.boot_seconds))

    def _work(self, now: int) -> None:
        for worker in self._workers:
            if worker.ready > now:
                continue
            while not worker.leaving and len(worker.jobs) < self.machine.slots and self._queue:
                job = self._queue.popleft()
                job.started = now if job.started is None else job.started
                worker.jobs.append((job, job.seconds))
            left = [(job, rest - 1) for job, rest in worker.jobs]
            for job, rest in left:
                if rest <= 0:
                    job.finished = now + 1
            worker.jobs = [(job, rest) for job, rest in left if rest > 0]
        self._workers = [worker for worker in self._workers if not (worker.leaving and not worker.jobs)]

    def _scale(self, now: int, result: Run) -> None:
        staying = [worker for worker in self._workers if not worker.leaving]
        in_flight = sum(len(worker.jobs) for worker in self._workers) + len(self._returning)
        sight = Sight(now // 60, len(self._queue), in_flight, len(staying))
        result.minutes.append(sight)
        wanted = min(max(self._rule(sight), self._least), self._most)
        for _ in range(wanted - len(staying)):
            self._workers.append(Worker(now, now + self.machine.boot_seconds))
        for worker in sorted(staying, key=lambda worker: len(worker.jobs))[: max(len(staying) - wanted, 0)]:
            worker.leaving = True
