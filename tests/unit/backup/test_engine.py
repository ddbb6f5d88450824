"""When a backup is expected to fit into a function."""

import pytest

from lifeboat.backup.policy.engine import (
    DatabaseSize,
    Estimate,
    Room,
    estimate,
    in_words,
    measured_pace,
    require_fit,
    surely_fits,
)
from lifeboat.errors import OutgrownError
from lifeboat.model.manifest import LargeObjectReads, Manifest
from tests.support.samples import MANIFEST

GB = 10**9
IN_JOB = Estimate(120 * GB, 100e6, 1200)


def room(memory_mb: int = 1769, *, minutes: int = 15, percent: int = 80, left: float = 900) -> Room:
    return Room(memory_mb=memory_mb, minutes=minutes, threshold_percent=percent, seconds_left=left)


def taken(size: int, seconds: float, memory_mb: int | None = 1769) -> Manifest:
    """A backup of so many bytes, whose dump took that long."""
    return MANIFEST.model_copy(
        update={
            "source": MANIFEST.source.model_copy(update={"bytes": size}),
            "seconds": {"archive": seconds - 1, "count": 1.0, "connect": 60.0},
            "memory_mb": memory_mb,
        }
    )


@pytest.mark.parametrize(
    ("size", "memory_mb", "newest", "minutes"),
    [
        # Nothing is known: 65 MB/s for a vCPU, at most 100 MB/s.
        (39 * GB, 1769, None, 10),
        (39 * GB, 1769 // 2, None, 20),
        (60 * GB, 3538, None, 10),
        (60 * GB, 10_240, None, 10),
        # The newest backup shows the pace.
        (60 * GB, 1769, taken(30 * GB, 600), 20),
        (60 * GB, 1769, taken(30 * GB, 300), 10),
        # It was too short to show anything.
        (39 * GB, 1769, taken(GB, 19.9), 10),
        # It had another memory: a machine of 8 GB counts as the three vCPUs that can be used.
        (30 * GB, 1769, taken(90 * GB, 900, 8192), 15),
        (60 * GB, 3538, taken(30 * GB, 600), 10),
        (60 * GB, 10_240, taken(30 * GB, 400), 10),
        # More memory is credited up to the network's pace, unless it was faster already.
        (150 * GB, 3538, taken(150 * GB, 1000), 1000 / 60),
        # Before the field existed: the memory that there is now.
        (60 * GB, 1769, taken(30 * GB, 600, None), 20),
    ],
)
def test_the_time_of_a_backup(
    size: int, memory_mb: int, newest: Manifest | None, minutes: float
) -> None:
    found = estimate(DatabaseSize(size), memory_mb, newest, None)
    assert found.seconds / 60 == pytest.approx(minutes, rel=0.02)


def test_rows_that_are_left_out_count_unless_an_earlier_backup_left_them_out_too() -> None:
    size = DatabaseSize(100 * GB, 61 * GB)
    assert estimate(size, 1769, None, None).seconds == pytest.approx(600)
    # Its pace is of the whole database, with the same rows left out.
    assert estimate(size, 1769, taken(50 * GB, 300), None).seconds == pytest.approx(600)
    assert DatabaseSize(5, 7).dumped == 0


def test_large_objects_count_unless_an_earlier_backup_read_them_too() -> None:
    reads = LargeObjectReads(objects=30_000, bytes=0, round_trip_seconds=0.005, seconds_left=900)
    assert estimate(DatabaseSize(39 * GB), 1769, None, reads).seconds == pytest.approx(1200)
    size = DatabaseSize(30 * GB)
    assert estimate(size, 1769, taken(30 * GB, 600), reads).seconds == pytest.approx(600)


def test_a_database_without_a_size_shows_no_pace() -> None:
    assert measured_pace(taken(0, 600), 1769) is None


@pytest.mark.parametrize(
    ("seconds", "given", "fits"),
    [
        (720, room(), True),
        (721, room(), False),
        (721, room(percent=100), True),
        (241, room(minutes=5), False),
        (500, room(left=499), False),
        (500, room(left=500), True),
    ],
)
def test_it_fits_if_it_takes_no_more_than_its_share_of_the_time_and_what_is_left(
    seconds: float, given: Room, *, fits: bool
) -> None:
    expected = Estimate(60 * GB, 65e6, seconds)
    if fits:
        require_fit(expected, given, IN_JOB)
        return
    with pytest.raises(OutgrownError) as caught:
        require_fit(expected, given, IN_JOB)
    assert caught.value.expected_seconds == IN_JOB.seconds


def test_the_reason_is_a_sentence_with_figures() -> None:
    with pytest.raises(OutgrownError) as caught:
        require_fit(estimate(DatabaseSize(120 * GB), 1769, None, None), room(), IN_JOB)
    assert caught.value.what == (
        "120 GB at 65 MB/s take about 30 min, more than 80 % of the 15 min of a function"
    )


def test_a_function_whose_time_is_nearly_over_says_so() -> None:
    with pytest.raises(OutgrownError) as caught:
        require_fit(estimate(DatabaseSize(20 * GB), 1769, None, None), room(left=45), IN_JOB)
    assert caught.value.what == (
        "20 GB at 65 MB/s take about 5 min, and 45 s of the function's time are left"
    )


@pytest.mark.parametrize(
    ("size", "given", "fits"),
    [
        (int(1.43 * GB), room(), True),
        (int(1.45 * GB), room(), False),
        (int(1.43 * GB), room(1024), False),
        (int(4.3 * GB), room(10_240), True),
    ],
)
def test_only_larger_databases_are_looked_at_closely(size: int, given: Room, *, fits: bool) -> None:
    assert surely_fits(DatabaseSize(size), given) is fits


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (0.4, "0 s"),
        (59, "59 s"),
        (1860, "31 min"),
        (5399, "89 min"),
        (5400, "1.5 h"),
        (43_200, "12.0 h"),
    ],
)
def test_a_forecast_is_no_more_exact_than_it_can_be(seconds: float, words: str) -> None:
    assert in_words(seconds) == words
