"""Draws time and memory against the file's size, a line a program."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import matplotlib as mpl

mpl.use("svg")
from matplotlib import pyplot
from matplotlib.ticker import FuncFormatter

# Ink of the site's figures for GAS; the others keep their colour in every picture, whoever is there.
STYLES = {
    "GAS": ("#0b5c74", "o", 2.2),
    "bare pipe": ("#6b7280", "s", 1.2),
    "two annotates": ("#9aa3ab", "v", 1.2),
    "vcfanno": ("#7a5195", "^", 1.2),
    "snpEff": ("#b7791f", "D", 1.2),
    "snpEff, least heap": ("#d9a441", "d", 1.2),
}


def draw(directory: Path, rows: list[dict[str, Any]]) -> None:
    """Write ``peers-time.svg``, ``peers-processor.svg`` and ``peers-memory.svg``: on white, whatever the page is."""
    mpl.rcParams.update({"font.size": 9, "svg.hashsalt": "gas", "svg.fonttype": "none", "axes.spines.top": False})
    mpl.rcParams["axes.spines.right"] = False
    _draw(directory / "peers-time.svg", rows, "seconds", 1, "seconds on the clock")
    _draw(directory / "peers-processor.svg", rows, "processor_seconds", 1, "processor seconds, all processes")
    _draw(directory / "peers-memory.svg", rows, "peak_bytes", 2**20, "peak memory, MiB")


def _draw(path: Path, rows: list[dict[str, Any]], field: str, unit: int, label: str) -> None:
    figure, axes = pyplot.subplots(figsize=(7.2, 3.8), layout="constrained")
    for name, (colour, marker, width) in STYLES.items():
        points = [(row["records"], row[field] / unit) for row in rows if row["program"] == name]
        if points:
            across, up = zip(*points, strict=True)
            axes.plot(across, up, color=colour, marker=marker, markersize=5, linewidth=width, label=name)
    axes.set_xscale("log")
    axes.set_yscale("log")
    plain = FuncFormatter(lambda value, _: f"{value:,.0f}" if value >= 1 else f"{value:g}")
    axes.xaxis.set_major_formatter(plain)
    axes.yaxis.set_major_formatter(plain)
    axes.grid(axis="y", color="#dde2e5", linewidth=0.6)
    axes.set_xlabel("records in the file")
    axes.set_ylabel(label)
    axes.legend(frameon=False, fontsize=8, loc="center left", bbox_to_anchor=(1, 0.5))
    figure.savefig(path, metadata={"Date": None})
    pyplot.close(figure)
