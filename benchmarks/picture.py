"""Draws what was measured: times side by side, and time and memory against size."""

from collections.abc import Sequence
from io import StringIO
from textwrap import fill
from typing import Any

from benchmarks.comparisons import FREE, GROWTH, PINNED
from benchmarks.figures import Benchmark, Compared
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
    import matplotlib as mpl
    from matplotlib.figure import Figure

    with mpl.rc_context(_STYLE):
        figure = Figure(figsize=(11, 7.4), layout="constrained", facecolor="white")
        (backups, recoveries), (times, memory) = figure.subplots(2, 2)
        pinned, free = found.find(PINNED), found.find(FREE)
        one_core = pinned and pinned.measurements
        cores = "one core for the client" if one_core else "both cores for everything"
        _bars(backups, pinned if one_core else free, BACKUPS, f"A backup, {cores}: seconds")
        _bars(recoveries, free, RECOVERIES, "Getting it back, both cores: seconds")
        _against_size(times, found, (PIPED, LIFEBOAT, DRILL), "seconds")
        _against_size(memory, found, (LIFEBOAT, DRILL), "MB of memory")
        text = StringIO()
        figure.savefig(text, format="svg", metadata={"Date": None})
    return text.getvalue()


def _bars(
    axes: Any,  # noqa: ANN401  # matplotlib's types are not looked at
    compared: Compared | None,
    group: Sequence[Pipeline],
    title: str,
) -> None:
    """A bar for each that was measured, the fastest to the slowest run as a line on its end."""
    axes.set_title(title, loc="left")
    shown = [each for each in reversed(group) if compared and compared.of(each)]
    measured = [found for each in shown if compared and (found := compared.of(each))]
    if not measured:
        return
    spread = [
        [each.median - min(each.seconds) for each in measured],
        [max(each.seconds) - each.median for each in measured],
    ]
    drawn = axes.barh(
        [fill(each.does, _LABEL) for each in shown],
        [each.median for each in measured],
        xerr=spread,
        color=[_colour(each.pipeline) for each in measured],
        error_kw={"ecolor": _INK, "elinewidth": 1},
    )
    axes.bar_label(drawn, fmt="%.1f", padding=6)
    axes.margins(x=0.12)


def _against_size(
    axes: Any,  # noqa: ANN401  # matplotlib's types are not looked at
    found: Benchmark,
    pipelines: Sequence[Pipeline],
    unit: str,
) -> None:
    """A line for each, both axes logarithmic: what grows with the size is a slope of one."""
    from matplotlib.ticker import LogLocator

    axes.set_title(f"Growth (logarithmic axes): {unit}", loc="left")
    grown = sorted(found.part(GROWTH), key=lambda each: each.database_bytes)
    if not any(each.measurements for each in grown):
        return  # logarithms of nothing
    for pipeline, marker in zip(pipelines, "os^", strict=False):
        line = [(c.database_bytes / 1e6, each) for c in grown if (each := c.of(pipeline))]
        axes.plot(
            [size for size, _ in line],
            [each.median if unit == "seconds" else each.peak_bytes / 1e6 for _, each in line],
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
    axes.grid(alpha=0.2)
    axes.legend(frameon=False)


def _colour(name: str) -> str:
    return _OURS if name in {LIFEBOAT.name, f"{LIFEBOAT.name}-sums", DRILL.name} else _THEIRS
