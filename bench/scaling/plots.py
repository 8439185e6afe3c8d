"""Draws a scenario under each rule: what waits, how many workers there are."""

from __future__ import annotations

from pathlib import Path

import matplotlib as mpl

mpl.use("svg")
from matplotlib import pyplot

from bench.scaling.fleet import Run

# Ink, petrol, ochre: the colours of the site's own figures.
COLOURS = ("#0b5c74", "#b7791f", "#6b7280")


def draw(path: Path, title: str, runs: dict[str, Run]) -> None:
    """Write one SVG: the backlog above, the fleet below, a line a rule."""
    mpl.rcParams.update({"font.size": 9, "svg.hashsalt": "gas", "svg.fonttype": "none", "axes.spines.top": False})
    mpl.rcParams["axes.spines.right"] = False
    figure, (above, below) = pyplot.subplots(2, 1, sharex=True, figsize=(7.2, 4.2), layout="constrained")
    for (name, run), colour in zip(runs.items(), COLOURS, strict=False):
        minutes = [sight.minute / 60 for sight in run.minutes]
        above.plot(minutes, [sight.waiting for sight in run.minutes], color=colour, linewidth=1.2, label=name)
        below.step(minutes, [sight.workers for sight in run.minutes], color=colour, linewidth=1.2, where="post")
    above.set_ylabel("jobs waiting")
    below.set_ylabel("workers")
    below.set_xlabel("hours")
    below.set_ylim(bottom=0)
    above.set_title(title, loc="left", fontsize=10)
    above.legend(frameon=False, fontsize=8)
    figure.savefig(path, metadata={"Date": None})
    pyplot.close(figure)
