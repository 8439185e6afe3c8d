"""The simulated fleet keeps the product's promises, and the rules move it as their documentation says."""

from __future__ import annotations

import pytest

from bench.scaling.fleet import Fleet, Job, Machine, Rule, Run, Sight
from bench.scaling.rules import backlog_per_worker, fixed_fleet, fixed_thresholds
from bench.scaling.scenarios import Times, scenarios

MACHINE = Machine(slots=2, boot_seconds=60, dollars_an_hour=0.36, lease_seconds=100)


def run(rule_workers: int, jobs: list[Job], seconds: int, deaths: tuple[int, ...] = ()) -> Run:
    return Fleet(fixed_fleet(rule_workers), MACHINE, 1, 10).run(jobs, seconds, deaths)


def test_jobs_start_in_turn_as_slots_come_free() -> None:
    jobs = [Job(0, 10) for _ in range(5)]
    found = run(1, jobs, 100)
    assert [job.started for job in jobs] == [0, 0, 10, 10, 20]
    assert found.done_at == 30
    assert found.waits() == [0, 0, 10, 10, 20]


def test_the_bill_is_the_seconds_that_workers_were_there() -> None:
    found = Fleet(fixed_fleet(3), MACHINE, 1, 10).run([], 3_600)
    assert found.worker_seconds == 3_600 * 3
    assert found.dollars == pytest.approx(0.36 * 3)


def test_a_worker_that_was_asked_for_takes_its_first_job_after_its_boot() -> None:
    jobs = [Job(0, 200) for _ in range(4)]
    run(2, jobs, 400)
    assert [job.started for job in jobs] == [0, 0, 60, 60]


def test_a_dead_workers_jobs_begin_again_when_their_lease_is_over() -> None:
    jobs = [Job(0, 50)]
    found = run(1, jobs, 400, deaths=(30,))
    assert jobs[0].finished == 30 + 100 + 50
    assert found.waits() == [0]


def test_a_worker_that_is_to_go_finishes_what_it_has_and_takes_nothing_new() -> None:
    wanted = iter([2, 2, *[1] * 20])
    jobs = [Job(70, 300) for _ in range(5)]
    found = Fleet(lambda sight: next(wanted), MACHINE, 1, 10).run(jobs, 900)
    assert [job.finished for job in jobs] == [370, 370, 370, 370, 670]
    assert found.worker_seconds == 900 + 369  # it goes within the second of its last job


def minutes(rule: Rule, sights: list[tuple[int, int, int]]) -> list[int]:
    """Show a rule (waiting, in flight, workers) once a minute, and return what it answers."""
    return [rule(Sight(number, *sight)) for number, sight in enumerate(sights)]


def test_the_backlog_rule_scales_out_after_three_minutes_to_what_the_messages_want() -> None:
    assert minutes(backlog_per_worker(4), [(16, 4, 2)] * 3) == [2, 2, 5]


def test_the_backlog_rule_scales_in_after_fifteen_minutes_and_again_after_fifteen() -> None:
    answers = minutes(backlog_per_worker(4), [(0, 4, 5)] * 15 + [(0, 0, 1)] * 15)
    assert answers[:15] == [5] * 14 + [1]
    assert answers[15:] == [1] * 14 + [0]


def test_the_fixed_rule_moves_by_one_every_five_minutes() -> None:
    assert minutes(fixed_thresholds(), [(11, 0, 2)] * 10) == [2, 2, 2, 2, 3, 2, 2, 2, 2, 3]
    assert minutes(fixed_thresholds(), [(4, 0, 2)] * 5) == [2, 2, 2, 2, 1]


def test_no_job_is_lost_on_any_day_under_any_rule_and_the_fleet_keeps_its_bounds() -> None:
    times = Times(small=2.0, genome=60.0)
    for number in range(len(scenarios(times))):
        for rule in (backlog_per_worker(4), fixed_thresholds()):
            day = scenarios(times)[number]
            found = Fleet(rule, Machine(), 2, 10).run(day.jobs, day.seconds, day.deaths)
            assert all(job.finished for job in found.jobs), day.name
            assert all(2 <= sight.workers <= 10 for sight in found.minutes[1:])
