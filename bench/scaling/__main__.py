"""`python -m bench.scaling`: the rules of scaling on four days, as a table and as pictures for docs/operations.md."""

from __future__ import annotations

import argparse
from pathlib import Path

from bench.scaling.fleet import Fleet, Machine, Rule, Run
from bench.scaling.plots import draw
from bench.scaling.rules import backlog_per_worker, fixed_fleet, fixed_thresholds
from bench.scaling.scenarios import Times, scenarios

LEAST, MOST = 2, 10
# The template's TargetBacklog: two jobs are worked on, and as many may wait.
TARGET = 4


def rules() -> dict[str, Rule]:
    """Return the rules to compare, fresh: each remembers the minutes it has seen."""
    return {
        f"backlog a worker, target {TARGET}": backlog_per_worker(TARGET),
        "+1 above 10, -1 below 5": fixed_thresholds(),
        f"always {LEAST}": fixed_fleet(LEAST),
    }


def simulate(times: Times) -> dict[str, dict[str, Run]]:
    """Run every scenario under every rule."""
    found: dict[str, dict[str, Run]] = {}
    for number, name in enumerate(scenario.name for scenario in scenarios(times)):
        found[name] = {}
        for rule_name, rule in rules().items():
            day = scenarios(times)[number]
            found[name][rule_name] = Fleet(rule, Machine(), LEAST, MOST).run(day.jobs, day.seconds, day.deaths)
    return found


def percentile(numbers: list[int], share: float) -> int:
    """Return a percentile by nearest rank; 0 of nothing."""
    return numbers[min(int(share * len(numbers)), len(numbers) - 1)] if numbers else 0


def main() -> None:
    """Simulate, print a Markdown table, and draw with --pictures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--small", type=float, default=2.0, help="Seconds of a small job.")
    parser.add_argument("--genome", type=float, default=60.0, help="Seconds of five million variants.")
    parser.add_argument("--pictures", type=Path, help="A directory for the SVGs.")
    options = parser.parse_args()
    print("| day | rule | p50 wait | p95 wait | longest | all done after | most workers | cost |")
    print("|---|---|---|---|---|---|---|---|")
    for number, (day, runs) in enumerate(simulate(Times(options.small, options.genome)).items()):
        for name, run in runs.items():
            waits = sorted(run.waits() + run.waits(large=True))
            figures = [f"{percentile(waits, share):,} s" for share in (0.5, 0.95, 1)]
            most = max(sight.workers for sight in run.minutes)
            cells = [day, name, *figures, f"{run.done_at / 60:,.0f} min", str(most), f"${run.dollars:.2f}"]
            print(f"| {' | '.join(cells)} |")
        if options.pictures:
            draw(options.pictures / f"scaling-{number + 1}.svg", day, runs)


if __name__ == "__main__":
    main()
