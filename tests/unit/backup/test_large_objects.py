"""Whether large objects can be read in the time that a run has."""

import pytest

from lifeboat.backup.policy.large_objects import (
    expected_seconds,
    least_seconds,
    require_time,
    warnings,
)
from lifeboat.errors import CapacityError, OutgrownError
from lifeboat.model.engine import Engine
from lifeboat.model.manifest import LargeObjectReads

PAGE = 16_384


def reads(
    objects: int, *, milliseconds: float = 5, left: float = 900, size: int = 0
) -> LargeObjectReads:
    return LargeObjectReads(
        objects=objects, bytes=size, round_trip_seconds=milliseconds / 1000, seconds_left=left
    )


def test_the_fewest_round_trips_are_those_of_empty_objects() -> None:
    assert least_seconds(reads(1000, size=100 * PAGE)) == pytest.approx(15)
    assert expected_seconds(reads(1000)) == pytest.approx(20)
    assert expected_seconds(reads(1000, size=100 * PAGE)) == pytest.approx(20.5)


def test_what_cannot_fit_is_refused_with_its_figures_and_the_ways_out() -> None:
    require_time(reads(60_000), timeout_minutes=15)
    with pytest.raises(CapacityError) as caught:
        require_time(reads(60_001), timeout_minutes=15)
    for words in ("60,001 large objects", "round trip took 5 ms", "at least 15 min", "15 min left"):
        assert words in caught.value.what
    for words in ("the database's region", "bytea", "pg_dump -Fd -j"):
        assert words in caught.value.todo
    assert "timeout_minutes" not in caught.value.todo


@pytest.mark.parametrize(("objects", "helps"), [(60_000, True), (60_001, False)])
def test_more_time_is_advised_only_where_lambda_has_it(objects: int, *, helps: bool) -> None:
    with pytest.raises(CapacityError) as caught:
        require_time(reads(objects, left=300), timeout_minutes=5)
    assert ("backup.timeout_minutes to 15" in caught.value.todo) == helps


def test_a_job_is_advised_the_time_that_jobs_have_and_a_function_learns_how_long_it_takes() -> None:
    many = reads(8_000_000, left=12 * 3600)
    with pytest.raises(OutgrownError) as caught:
        require_time(many, Engine.JOB, timeout_minutes=12 * 60)
    assert "Raise job.timeout_hours to 36" in caught.value.todo
    assert caught.value.expected_seconds == expected_seconds(many)


@pytest.mark.parametrize(("objects", "warned"), [(22_500, False), (22_501, True)])
def test_more_than_half_of_the_time_is_a_warning(objects: int, *, warned: bool) -> None:
    found = warnings(reads(objects))
    assert bool(found) == warned
    for warning in found:
        assert "22,501 large objects" in warning
        assert "round trip took 5 ms, so this takes about 7 min 30 s" in warning
    assert warnings(None) == ()
