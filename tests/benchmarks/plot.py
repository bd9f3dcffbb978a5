"""Draws how time and memory grow: python tests/benchmarks/run.py ... > runs.jsonl; plot.py runs.jsonl growth.png."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import matplotlib as mpl

STAGES = ("read", "detect", "embed", "sentences", "facts", "search", "verify", "report")


def main(runs: Path, out: Path) -> None:
    """Milliseconds an article by stage, and memory, for each size of corpus."""
    mpl.use("agg")
    from matplotlib import pyplot

    figures = sorted(map(json.loads, runs.read_text(encoding="utf-8").splitlines()), key=lambda run: run["articles"])
    sizes = [run["articles"] for run in figures]
    figure, (time, memory) = pyplot.subplots(1, 2, figsize=(9, 3.4), width_ratios=(2, 1), layout="constrained")
    below = [0.0] * len(sizes)
    places = range(len(sizes))
    for number, stage in enumerate(STAGES):
        spent = [1000 * run["stages"].get(stage, 0) / run["articles"] for run in figures]
        time.bar(places, spent, 0.7, bottom=below, label=stage, color=mpl.colormaps["viridis"](number / len(STAGES)))
        below = [low + high for low, high in zip(below, spent, strict=True)]
    time.set(ylabel="milliseconds an article", title=f"time, {figures[0]['jobs']} processes on two cores")
    handles, labels = time.get_legend_handles_labels()
    time.legend(handles[::-1], labels[::-1], fontsize="small", loc="upper left", bbox_to_anchor=(1, 1))
    memory.plot(places, [run["memory_gb"] for run in figures], "o-", color="black")
    memory.set(ylabel="GB, all processes", title="memory", ylim=(0, None))
    for axes in (time, memory):
        axes.set_xticks(places, [f"{size:,}" for size in sizes], fontsize="small", rotation=20)
        axes.set_xlabel("articles")
        axes.spines[["top", "right"]].set_visible(False)
    figure.savefig(out, dpi=110)


if __name__ == "__main__":
    main(*map(Path, sys.argv[1:]))
