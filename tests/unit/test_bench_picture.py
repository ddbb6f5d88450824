from pathlib import Path

from local.bench.contestants import EVERYONE
from local.bench.figures import Benchmark
from local.bench.picture import draw

FIGURES = Path(__file__).parents[2] / "docs" / "benchmarks.json"


def test_the_picture_says_what_was_measured_and_not_by_which_key() -> None:
    drawn = draw(Benchmark.model_validate_json(FIGURES.read_bytes()))
    for each in EVERYONE:
        assert f">{each.name}<" not in drawn
    assert "Lifeboat: stored, decoded, counted" in drawn
    assert "logarithmic" in drawn
