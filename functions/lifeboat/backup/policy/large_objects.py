"""Forecasts how long pg_dump reads large objects, and whether that fits into a run.

pg_dump opens, reads and closes one large object after the other, and waits for each answer. So
their number and the network decide, not their bytes. Round trips were counted between pg_dump and a
server, with 100 to 2,000 objects:

| bytes of each object | round trips for each, pg_dump 14 to 18 |
|---:|---:|
| 0 | 3 |
| 1 to 16,384 | 4 |
| 16,385 to 32,768 | 5 |
| 40,000 | 6 |
| 1,000,000 | 65 |

That is one to open, one to close, and one for each 16 KiB (LOBBUFSIZE in pg_dump.c) and for the
end. Over 5 ms, each of 2,000 objects took 22 to 25 ms on a busy machine, 20.5 on an idle one.
"""

from lifeboat.errors import OutgrownError
from lifeboat.model.engine import MAX_JOB_HOURS, Engine
from lifeboat.model.manifest import LargeObjectReads
from lifeboat.model.text import format_duration
from lifeboat.settings.function_size import MAX_TIMEOUT_MINUTES

MIN_OBJECTS = 500
"""Fewer are not forecast: at 100 ms for a round trip, their reads take 3 minutes."""

FEWEST_ROUND_TRIPS = 3
"""For any large object, as an empty one is never read twice."""

ROUND_TRIPS = 4
"""For one that is not empty."""

READ_BYTES = 16_384
"""Bytes that one read gets."""

WAYS_OUT = (
    "Bring Lifeboat nearer to the database: deploy the stack in the database's region, and in"
    " its VPC if it has one (network). Or move the large objects into a column of type bytea. Or"
    " back this database up with stock PostgreSQL programs from a machine beside it: pg_dump -Fd"
    " -j 4 -f <directory> <URL>, whose workers share the large objects from PostgreSQL 17 on."
)
"""What to do about large objects that take too long. That workers share them was tried: over 5 ms,
pg_dump 18 took 50 s for 2,000 with one worker and 26 s with four, pg_dump 16 as long with both (50
and 53 s). Workers share groups of 1,000, so fewer objects gain nothing."""

_WARNING_SHARE = 0.5

_MOST_TIME = {
    Engine.FUNCTION: (
        MAX_TIMEOUT_MINUTES,
        f"Raise backup.timeout_minutes to {MAX_TIMEOUT_MINUTES}",
    ),
    Engine.JOB: (MAX_JOB_HOURS * 60, f"Raise job.timeout_hours to {MAX_JOB_HOURS}"),
}
"""The most minutes that there are, and how to get them."""


def least_seconds(reads: LargeObjectReads) -> float:
    """Seconds that the round trips take at least, whatever is in the objects."""
    return reads.objects * FEWEST_ROUND_TRIPS * reads.round_trip_seconds


def expected_seconds(reads: LargeObjectReads) -> float:
    """Seconds that the round trips probably take: more on a busy network, less for empty ones."""
    trips = reads.objects * ROUND_TRIPS + reads.bytes // READ_BYTES
    return trips * reads.round_trip_seconds


def require_time(
    reads: LargeObjectReads, engine: Engine = Engine.FUNCTION, *, timeout_minutes: int
) -> None:
    """Raise if the large objects can't be read in the time that the run has left.

    Args:
        reads: what is known of them.
        engine: what the run runs in.
        timeout_minutes: of the function or the job.

    Raises:
        OutgrownError: even the fewest and fastest round trips take longer.
    """
    least = least_seconds(reads)
    if least <= reads.seconds_left:
        return
    most, setting = _MOST_TIME[engine]
    longer = reads.seconds_left + (most - timeout_minutes) * 60
    more_time = f"{setting}, or do as follows. " if least <= longer else ""
    raise OutgrownError(
        f"pg_dump can't read {_objects(reads)} in time: one after the other, each in"
        f" {FEWEST_ROUND_TRIPS} round trips or more. {_round_trip(reads)}, so this takes at least"
        f" {format_duration(least)}, and the run has {format_duration(reads.seconds_left)} left.",
        todo=more_time + WAYS_OUT,
        expected_seconds=expected_seconds(reads),
    )


def takes_long(reads: LargeObjectReads | None) -> bool:
    """Whether the large objects probably take more than half of the time that the run has left."""
    if reads is None:
        return False
    return expected_seconds(reads) > reads.seconds_left * _WARNING_SHARE


def warnings(reads: LargeObjectReads | None) -> tuple[str, ...]:
    """What a person should know of them before they no longer fit; empty if there is nothing.

    Args:
        reads: what the run knew of them; None if there are few.
    """
    if reads is None or not takes_long(reads):
        return ()
    expected = format_duration(expected_seconds(reads))
    warning = (
        f"pg_dump reads {_objects(reads)} one after the other, in {ROUND_TRIPS} round trips each."
        f" {_round_trip(reads)}, so this takes about {expected}, and the run"
        f" had {format_duration(reads.seconds_left)} left. If they become more, or the"
        f" network slower, backups will fail. {WAYS_OUT}"
    )
    return (warning,)


def _objects(reads: LargeObjectReads) -> str:
    return f"{reads.objects:,} large objects"


def _round_trip(reads: LargeObjectReads) -> str:
    return f"The fastest round trip took {reads.round_trip_seconds * 1000:.2g} ms"
