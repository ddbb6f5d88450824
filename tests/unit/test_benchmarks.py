"""What is said of benchmarks that were measured: promises, a busy machine, parts, the picture."""

from collections.abc import Sequence
from datetime import date
from pathlib import Path

import pytest

from benchmarks.__main__ import main
from benchmarks.comparisons import (
    FREE,
    GROWTH,
    NETWORK,
    PARTS,
    PINNED,
    SHAPED,
    Extent,
    comparisons,
)
from benchmarks.cores import WANTED, only_on, two_cores
from benchmarks.datasets import LARGE_VALUE, SAMPLE, SHAPES
from benchmarks.figures import Benchmark, Compared, Measurement
from benchmarks.page import render
from benchmarks.picture import draw
from benchmarks.pipelines import (
    BACKUPS,
    DRILL,
    EVERYONE,
    LIFEBOAT,
    PEER,
    PIPED,
    PLAIN,
    STOCK,
    Pipeline,
)
from benchmarks.promises import Kept, promises, ratio
from benchmarks.resource_usage import last_words
from benchmarks.turns import fewer

FIGURES = Path(__file__).parents[2] / "docs" / "benchmarks.json"
DAY = date(2026, 11, 22)


def synthetic(pipeline: Pipeline, *seconds: float, **more: object) -> Measurement:
    figures = {
        "pipeline": pipeline.name,
        "seconds": seconds,
        "client_cpu_seconds": seconds,
        "cpu_seconds": {"python": 3.25},
        "others_share": 0,
        "peak_bytes": 10**8,
    }
    return Measurement.model_validate(figures | more)


def compared(part: str, measurements: Sequence[Measurement], **more: object) -> Compared:
    figures = {
        "part": part,
        "dataset": SAMPLE.name,
        "asked_mb": 1000,
        "major": 18,
        "measured": DAY,
        "machine": {"cpu": "a"},
        "database_bytes": 10**9,
        "text_bytes": 8 * 10**8,
        "measurements": measurements,
    }
    return Compared.model_validate(figures | more)


def everywhere(seconds: dict[Pipeline, float], **more: object) -> Benchmark:
    """All that promises are about, each pipeline with the same time per byte everywhere."""
    runs = [synthetic(each, taken, **more) for each, taken in seconds.items()]
    drill = [
        synthetic(each, taken * 4, **more) if each is DRILL else synthetic(each, taken, **more)
        for each, taken in seconds.items()
    ]
    return Benchmark(
        comparisons=(
            *(compared(part, runs) for part in (PINNED, FREE, NETWORK)),
            compared(GROWTH, runs, asked_mb=100),
            compared(GROWTH, runs),
            compared(GROWTH, drill, asked_mb=4000, database_bytes=4 * 10**9),
            compared(GROWTH, drill, asked_mb=8000, database_bytes=8 * 10**9),
            *(compared(SHAPED, runs, dataset=s.name, asked_mb=s.megabytes) for s in SHAPES),
        )
    )


KEEPING = {PLAIN: 48.0, PEER: 16.5, PIPED: 10.0, LIFEBOAT: 10.0, STOCK: 20.0, DRILL: 21.0}
SLOW = dict.fromkeys(KEEPING, 10.0) | {LIFEBOAT: 20.0, DRILL: 20.0}


def test_promises_at_their_bounds_are_kept() -> None:
    found = promises(everywhere(KEEPING))
    assert [each.kept for each in found] == [Kept.KEPT] * 13
    assert [each.value for each in found[:2]] == ["4.80", "1.65"]


def test_promises_that_are_not_kept_are_said(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    found = everywhere(SLOW, peak_bytes=4 * 10**8 + 10**6)
    missed = [each.says for each in promises(found) if each.kept is Kept.MISSED]
    # Of four times the size the drill takes four times as long, and memory is the same.
    assert len(missed) == 11
    (tmp_path / "benchmarks.json").write_text(found.model_dump_json())
    main(["--draw-only", "--out", str(tmp_path)])
    assert capsys.readouterr().out.count("MISSED") == 11
    page = (tmp_path / "benchmarks.md").read_text()
    assert page.count("**missed**") == 11
    assert "| 10.00 | 20.00 | 2.00 | 401 MB |" in page
    assert "| 12.5 | 12.50 | 1 |" in page  # 10 s for 0.8 GB of text
    assert page.count("Measured on 22 November 2026.") == 5
    picture = (tmp_path / "benchmarks.svg").read_text()
    assert "Lifeboat: stored, decoded, counted" in picture


@pytest.mark.parametrize(
    ("sizes_and_peaks", "kept"),
    [
        ({100: 100, 8000: 110}, Kept.KEPT),
        ({100: 100, 300: 111, 8000: 100}, Kept.MISSED),
        ({100: 100, 300: 100}, Kept.UNKNOWN),
    ],
)
def test_memory_is_flat_or_it_is_not(sizes_and_peaks: dict[int, int], kept: Kept) -> None:
    grown = [
        compared(GROWTH, [synthetic(LIFEBOAT, 1, peak_bytes=peak)], asked_mb=asked)
        for asked, peak in sizes_and_peaks.items()
    ]
    assert promises(Benchmark(comparisons=tuple(grown)))[11].kept is kept


def test_the_memory_of_the_large_value_is_no_promise() -> None:
    found = everywhere(KEEPING)
    huge = [synthetic(LIFEBOAT, 1, peak_bytes=10**9)]
    value = compared(SHAPED, huge, dataset=LARGE_VALUE.name, asked_mb=LARGE_VALUE.megabytes)
    assert promises(found.with_new(value))[12].kept is Kept.KEPT


def test_nothing_is_promised_of_a_try_with_less() -> None:
    tried = tuple(
        compared(SHAPED, [synthetic(each, 1) for each in (PIPED, LIFEBOAT)], dataset=shape.name)
        for shape in SHAPES
    )
    assert {each.kept for each in promises(Benchmark(comparisons=tried))} == {Kept.UNKNOWN}


def test_a_ratio_has_the_spread_of_its_turns() -> None:
    assert str(ratio([2, 4, 9], [1, 2, 3])) == "2.00 (2.00-3.00)"
    assert ratio([2, 4], [1, 2], in_turns=False)[1:] == (1, 4)


def test_what_was_not_measured_is_said_and_why() -> None:
    missing = {each.name: WANTED for each in BACKUPS}
    drills = {DRILL.name: "no room | in /tmp"}
    found = Benchmark(
        comparisons=(
            compared(PINNED, [], text_bytes=0, missing=missing),
            compared(SHAPED, [synthetic(PIPED, 5)], dataset="large-objects", missing=drills),
        )
    )
    page = render(found)
    assert f"Not measured. {WANTED}" in page
    assert "compared has no figures: no room \\| in /tmp" in page
    assert draw(found)


def test_an_empty_page_has_no_figures() -> None:
    assert {each.kept for each in promises(Benchmark())} == {Kept.UNKNOWN}
    assert "kept" not in render(Benchmark())


def test_a_part_that_is_measured_again_replaces_its_figures_and_no_others() -> None:
    old = everywhere(KEEPING)
    later = compared(GROWTH, [synthetic(PIPED, 1)], asked_mb=300, measured=date(2026, 11, 30))
    again = compared(GROWTH, [synthetic(PIPED, 2)], asked_mb=100, measured=date(2026, 11, 30))

    interrupted = old.with_new(later).with_new(again)
    days = [(each.asked_mb, each.measured.day) for each in interrupted.part(GROWTH)]
    assert days == [(1000, 22), (4000, 22), (8000, 22), (300, 30), (100, 30)]

    done = interrupted.only(GROWTH, [again, later])
    assert done.part(GROWTH) == [again, later]
    for part in set(PARTS) - {GROWTH}:
        assert done.part(part) == old.part(part)


def test_each_part_is_run_as_its_name_says() -> None:
    extent = Extent(PARTS, size_mb=10, growth_mb=[1, 2], shape_mb=5, major=18, repeat=4)
    found = list(comparisons(extent))
    assert [each.part for each in found] == [*PARTS[:4], *["growth"] * 2, *["shapes"] * 9]
    assert [each.pinned for each in found[:4]] == [True, False, True, False]
    assert [each.tls for each in found[:4]] == [False, False, True, False]
    assert [each.over_network for each in found[:4]] == [False, False, False, True]
    assert max(each.megabytes for each in found if each.part == SHAPED) == 5
    assert (found[-1].major, found[-1].repeat) == (14, 4)


def test_slow_turns_are_fewer() -> None:
    assert [fewer(5, 60), fewer(5, 61), fewer(2, 61)] == [5, 3, 2]


def test_one_line_says_why_a_pipeline_failed() -> None:
    said = "Traceback:\n\nlifeboat.errors.CapacityError: no room in /tmp\nSafe: all\nNext: go\n"
    assert last_words(said) == "CapacityError: no room in /tmp"
    assert last_words("pg_dump: error: no\npg_dump: hint: Try\n") == "pg_dump: error: no"
    assert last_words("Could not read /tmp/there/x.dump") == "Could not read x.dump"
    assert last_words("\n") == ""


def test_a_system_that_binds_nothing_has_no_cores(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("os.sched_getaffinity", lambda _: {3}, raising=False)
    assert two_cores() is None
    monkeypatch.setattr("os.sched_getaffinity", lambda _: {3, 4}, raising=False)
    monkeypatch.delattr("os.sched_setaffinity", raising=False)
    assert two_cores() is None
    with only_on(None):
        pass


def test_a_busy_machine_is_said() -> None:
    everybody = [synthetic(each, 10, others_share=0.3) for each in EVERYONE]
    found = Benchmark(comparisons=(compared(FREE, everybody),))
    assert "in 7 of 7 measurements up to 30% of its cores" in render(found)


def test_the_picture_says_what_was_measured_and_not_by_which_key() -> None:
    drawn = draw(Benchmark.model_validate_json(FIGURES.read_bytes()))
    for each in EVERYONE:
        assert f">{each.name}<" not in drawn
    assert "Lifeboat: stored, decoded, counted" in drawn
    assert "logarithmic" in drawn
