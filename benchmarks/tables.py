"""The tables of the page, in Markdown."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import date
from statistics import median

from benchmarks.comparisons import SHAPED
from benchmarks.datasets import OLD_MAJOR, SAMPLE, SHAPES
from benchmarks.figures import Benchmark, Compared, Measurement
from benchmarks.pipelines import DRILL, EVERYONE, LIFEBOAT, PIPED, Pipeline
from benchmarks.promises import Kept, Promise, ratio

NOT_MEASURED = "Not measured."
_DOES = {pipeline.name: pipeline.does for pipeline in EVERYONE}
_SHAPES = {shape.name: shape for shape in (*SHAPES, SAMPLE)}
_FEW = ["database", "unchecked, s", "backup, s", "of it", "its memory", "drill, s", "its memory"]


def of_promises(promises: Iterable[Promise]) -> str:
    """What was promised, and what came of it."""
    return _table(
        ["", "measured", "promised", ""],
        (
            (
                _cell(each.says),
                each.value,
                each.bound,
                "**missed**" if each.kept is Kept.MISSED else each.kept,
            )
            for each in promises
        ),
    )


def of_one_core(compared: Compared | None, group: Sequence[Pipeline]) -> str:
    """Ways side by side, by what a client with one core takes for a gigabyte of COPY text."""
    if compared is None or not compared.text_bytes:
        return _nothing(compared)
    gigabytes = compared.text_bytes / 1e9
    return _table(
        ["", "time", "seconds", "seconds a GB", "client's CPU seconds a GB", "runs"],
        (
            (
                _name(each.pipeline),
                _against(each, compared.of(LIFEBOAT)),
                _spread(each.seconds),
                f"{each.median / gigabytes:.1f}",
                _spread([seconds / gigabytes for seconds in each.client_cpu_seconds]),
                str(len(each.seconds)),
            )
            for each in _measured(compared, group)
        ),
        after=[f"COPY text: {megabytes(compared.text_bytes)}.", *_reasons(compared)],
    )


def side_by_side(compared: Compared | None, group: Sequence[Pipeline], ours: Pipeline) -> str:
    """Ways side by side, with their memory and CPU seconds by program."""
    if compared is None:
        return NOT_MEASURED
    return _table(
        ["", "time", "seconds", "memory", "stored", "CPU seconds", "runs"],
        (
            (
                _name(each.pipeline),
                _against(each, compared.of(ours)),
                _spread(each.seconds),
                megabytes(each.peak_bytes),
                megabytes(each.stored_bytes),
                _by_program(each),
                str(len(each.seconds)),
            )
            for each in _measured(compared, group)
        ),
        after=_reasons(compared, group),
    )


def of_growth(several: Sequence[Compared]) -> str:
    """Lifeboat beside the fastest way that checks nothing, by the database's size."""
    ordered = sorted(several, key=lambda each: each.asked_mb)
    return _table(
        [*_FEW, "runs"],
        map(_few, ordered),
        after=[
            f"{each.asked_mb:,.0f} MB asked for: {reason}"
            for each in ordered
            for reason in _reasons(each)
        ],
    )


def of_shapes(found: Benchmark) -> str:
    """The same, by the database's kind."""
    several = found.part(SHAPED)
    return _table(
        ["", *_FEW, "runs"],
        ([_shows(each), *_few(each)] for each in several),
        after=[f"{_shows(each)}: {reason}" for each in several for reason in _reasons(each)],
    )


def of_machines(found: Benchmark) -> str:
    """On what everything was measured: where it was not always the same, all that it was."""
    seen: dict[str, dict[str, None]] = {}
    for each in found.comparisons:
        for name, value in each.machine.items():
            seen.setdefault(name, {})[value] = None
    return "\n".join(f"- {name}: {'; '.join(values)}" for name, values in seen.items())


def dates(several: Sequence[Compared]) -> str:
    """When a part was measured: a sentence."""
    days = sorted({each.measured for each in several if each.measurements})
    if not days:
        return ""
    ends = [_day(days[0]), _day(days[-1])]
    return f"Measured on {' to '.join(dict.fromkeys(ends))}."


def megabytes(count: int) -> str:
    """A size as people read it; a dash for none."""
    return f"{count / 1e6:,.0f} MB" if count else "-"


def _shows(compared: Compared) -> str:
    """What is in a database of the part shapes; of a small one, that it has less of it."""
    shape = _SHAPES[compared.dataset]
    oldest = f"the sample database on PostgreSQL {OLD_MAJOR}: gzip instead of zstd"
    text = oldest if shape is SAMPLE else shape.shows
    return text if compared.asked_mb >= shape.megabytes else f"{text} (fewer in this try)"


def _few(compared: Compared) -> list[str]:
    piped, ours, drill = (compared.of(each) for each in (PIPED, LIFEBOAT, DRILL))
    counts = {len(each.seconds) for each in (piped, ours, drill) if each}
    against = str(ratio(ours.seconds, piped.seconds)) if ours and piped else "-"
    return [
        megabytes(compared.database_bytes),
        _spread(piped.seconds if piped else ()),
        _spread(ours.seconds if ours else ()),
        against,
        megabytes(ours.peak_bytes if ours else 0),
        _spread(drill.seconds if drill else ()),
        megabytes(drill.peak_bytes if drill else 0),
        ", ".join(map(str, sorted(counts))) or "-",
    ]


def _measured(compared: Compared, group: Sequence[Pipeline]) -> Iterator[Measurement]:
    return (each for pipeline in group if (each := compared.of(pipeline)))


def _against(each: Measurement, ours: Measurement | None) -> str:
    return str(ratio(each.seconds, ours.seconds)) if ours else "-"


def _spread(runs: Sequence[float]) -> str:
    """The median of the runs, with the fastest and the slowest where there are several."""
    if not runs:
        return "-"
    ends = f" ({min(runs):.2f}-{max(runs):.2f})" if len(runs) > 1 else ""
    return f"{median(runs):.2f}{ends}"


def _reasons(compared: Compared, group: Sequence[Pipeline] = EVERYONE) -> list[str]:
    """Why some have no figures, a sentence each."""
    names = {each.name for each in group}
    return [
        f"{_DOES[name]} has no figures: {why}"
        for name, why in compared.missing.items()
        if name in names
    ]


def _nothing(compared: Compared | None) -> str:
    """Why there is no table."""
    reasons = set(compared.missing.values()) if compared else set()
    return _escaped(" ".join((NOT_MEASURED, *sorted(reasons))))


def _by_program(each: Measurement) -> str:
    largest = sorted(each.cpu_seconds.items(), key=lambda item: -item[1])
    return ", ".join(f"{name} {seconds:.1f}" for name, seconds in largest)


def _name(name: str) -> str:
    bold = "**" if name in (LIFEBOAT.name, DRILL.name) else ""
    return f"{bold}{_cell(_DOES[name])}{bold}"


def _day(day: date) -> str:
    return f"{day.day} {day:%B %Y}"


def _cell(text: str) -> str:
    """A text within a table, where a bar would end the cell."""
    return text.replace("|", "\\|")


def _escaped(text: str) -> str:
    """What a program said, as plain text of a page."""
    return "".join(f"\\{each}" if each in "\\`*_[]<>#|" else each for each in text)


def _table(
    headings: Sequence[str], rows: Iterable[Sequence[str]], *, after: Sequence[str] = ()
) -> str:
    lines = [f"| {' | '.join(line)} |" for line in (headings, ["---"] * len(headings), *rows)]
    shown = lines if lines[2:] else [NOT_MEASURED]
    notes = [f"- {_escaped(each)}" for each in after]
    return "\n".join([*shown, "", *notes] if notes else shown)
