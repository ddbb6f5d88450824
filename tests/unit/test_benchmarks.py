"""What is said of benchmarks that were measured: promises, a busy machine, the picture."""

from datetime import date
from pathlib import Path

import pytest

from benchmarks.__main__ import main
from benchmarks.datasets import SAMPLE
from benchmarks.figures import Benchmark, Measurement, promises
from benchmarks.page import render
from benchmarks.picture import draw
from benchmarks.pipelines import DRILL, EVERYONE, LIFEBOAT, PEER, PIPED, Pipeline

FIGURES = Path(__file__).parents[2] / "docs" / "benchmarks.json"


def synthetic(pipeline: Pipeline, seconds: float, **more: object) -> Measurement:
    figures = {
        "dataset": SAMPLE.name,
        "over_network": False,
        "database_bytes": 10**9,
        "pipeline": pipeline.name,
        "seconds": [seconds],
        "cpu_seconds": {"python": 3.25},
        "others_share": 0,
        "peak_bytes": 10**8,
    }
    return Measurement.model_validate(figures | more)


def test_promises_that_are_not_kept_are_said(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Everybody took ten seconds."""
    everybody = tuple(synthetic(each, 10) for each in EVERYONE)
    over_network = tuple(
        synthetic(each, 77, over_network=True) for each in (PEER, PIPED, LIFEBOAT, DRILL)
    )
    odd = tuple(synthetic(each, 55, dataset="wide-rows") for each in (PIPED, LIFEBOAT, DRILL))
    found = Benchmark(
        measured=date(2026, 11, 22),
        machine={"cpu": "a"},
        measurements=everybody + over_network + odd,
    )
    assert [promise.kept for promise in promises(found)] == [False, False, True, True, True, True]
    (tmp_path / "benchmarks.json").write_text(found.model_dump_json())
    main(["--draw-only", "--out", str(tmp_path)])
    assert capsys.readouterr().out.count("MISSED") == 2
    page = (tmp_path / "benchmarks.md").read_text()
    assert page.count("**missed**") == 2
    assert page.count("| 77.0 | 10.0 |") == 4
    assert "| 55.0 | 55.0 | 1.00 x |" in page
    picture = (tmp_path / "benchmarks.svg").read_text()
    assert "Lifeboat: stored, decoded, counted" in picture


def test_a_busy_machine_is_said() -> None:
    everybody = [synthetic(each, 10, others_share=0.3) for each in EVERYONE]
    found = Benchmark(measured=date(2026, 11, 22), machine={"cpu": "a"}, measurements=everybody)
    assert "in 7 of 7 measurements up to 30% of its cores" in render(found)


def test_the_picture_says_what_was_measured_and_not_by_which_key() -> None:
    drawn = draw(Benchmark.model_validate_json(FIGURES.read_bytes()))
    for each in EVERYONE:
        assert f">{each.name}<" not in drawn
    assert "Lifeboat: stored, decoded, counted" in drawn
    assert "logarithmic" in drawn
