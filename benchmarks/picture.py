"""Draws what was measured: times side by side, and time and memory against size."""

from collections.abc import Sequence
from io import StringIO
from textwrap import fill
from typing import Any

import matplotlib as mpl
from matplotlib.figure import Figure
from matplotlib.ticker import LogLocator

from benchmarks.figures import Benchmark
from benchmarks.pipelines import (
    BACKUPS,
    DRILL,
    LIFEBOAT,
    PIPED,
    RECOVERIES,
    Pipeline,
)

_OURS, _THEIRS, _INK = "#0b6e99", "#b9c0c8", "#24292f"
_LABEL = 34  # characters in a line
_STYLE = {
    "svg.hashsalt": "lifeboat",  # the same figures give the same file
    "svg.fonttype": "none",
    "font.family": "sans-serif",
    "font.size": 9,
    "text.color": _INK,
    "axes.edgecolor": _INK,
    "axes.spines.top": False,
    "axes.spines.right": False,
}


def draw(found: Benchmark) -> str:
    """The picture, as SVG."""
    with mpl.rc_context(_STYLE):
        figure = Figure(figsize=(11, 7.4), layout="constrained", facecolor="white")
        (backups, recoveries), (times, memory) = figure.subplots(2, 2)
        size = f"{found.main_size() / 1e6:,.0f} MB"
        _bars(backups, found, BACKUPS, f"A backup of {size}: seconds")
        _bars(recoveries, found, RECOVERIES, f"Getting {size} back: seconds")
        _against_size(times, found, (PIPED, LIFEBOAT, DRILL), "seconds")
        _against_size(memory, found, (LIFEBOAT, DRILL), "MB of memory")
        text = StringIO()
        figure.savefig(text, format="svg", metadata={"Date": None})
    return text.getvalue()


def _bars(axes: Any, found: Benchmark, group: Sequence[Pipeline], title: str) -> None:  # noqa: ANN401  # matplotlib's types are not looked at
    """A bar for each, the fastest to the slowest run as a line on its end."""
    measured = [found.at_main_size(each) for each in reversed(group)]
    spread = [
        [each.median - min(each.seconds) for each in measured],
        [max(each.seconds) - each.median for each in measured],
    ]
    drawn = axes.barh(
        [fill(each.does, _LABEL) for each in reversed(group)],
        [each.median for each in measured],
        xerr=spread,
        color=[_colour(each.pipeline) for each in measured],
        error_kw={"ecolor": _INK, "elinewidth": 1},
    )
    axes.bar_label(drawn, fmt="%.1f", padding=6)
    axes.set_title(title, loc="left")
    axes.margins(x=0.12)


def _against_size(
    axes: Any,  # noqa: ANN401  # matplotlib's types are not looked at
    found: Benchmark,
    pipelines: Sequence[Pipeline],
    unit: str,
) -> None:
    """A line for each, both axes logarithmic: what grows with the size is a slope of one."""
    for pipeline, marker in zip(pipelines, "os^", strict=False):
        line = list(found.of(pipeline))
        axes.plot(
            [each.database_bytes / 1e6 for each in line],
            [each.median if unit == "seconds" else each.peak_bytes / 1e6 for each in line],
            color=_colour(pipeline.name),
            linestyle="--" if pipeline is DRILL else "-",
            marker=marker,
            label=fill(pipeline.does.partition(": ")[0], _LABEL),
        )
    axes.set(xscale="log", yscale="log", xlabel="MB of database")
    for axis in (axes.xaxis, axes.yaxis):
        axis.set_major_formatter("{x:,g}")
        axis.set_minor_locator(LogLocator(subs=(2.0, 5.0)))
        axis.set_minor_formatter("{x:,g}")
    axes.set_title(f"Growth (logarithmic axes): {unit}", loc="left")
    axes.grid(alpha=0.2)
    axes.legend(frameon=False)


def _colour(name: str) -> str:
    return _OURS if name in {LIFEBOAT.name, f"{LIFEBOAT.name}-sums", DRILL.name} else _THEIRS
