"""Measures, before a dump, how long its large objects will take."""

import time

from lifeboat.backup.policy.large_objects import MIN_OBJECTS
from lifeboat.model.manifest import LargeObjectReads
from lifeboat.postgres.connect import Connection

_COUNT = """
SELECT pg_catalog.count(*), pg_catalog.pg_relation_size('pg_catalog.pg_largeobject')
FROM pg_catalog.pg_largeobject_metadata
"""
"""Everybody may ask both; the rows of pg_largeobject are for superusers only."""

_ROUND_TRIPS = 10


def forecast_large_objects(connection: Connection, seconds_left: float) -> LargeObjectReads | None:
    """What is known of the large objects' reads; None if there are too few to matter.

    Args:
        connection: to the server; nothing else happens meanwhile in this run.
        seconds_left: that the run has.

    Raises:
        psycopg.Error: the connection broke.
    """
    ((objects, size),) = connection.execute(_COUNT).fetchall()
    if not (isinstance(objects, int) and isinstance(size, int) and objects >= MIN_OBJECTS):
        return None
    return LargeObjectReads(
        objects=objects,
        bytes=size,
        # Of several, as any one may have met a busy server: nothing is refused for that.
        round_trip_seconds=min(_round_trip(connection) for _ in range(_ROUND_TRIPS)),
        seconds_left=max(seconds_left, 0.0),
    )


def _round_trip(connection: Connection) -> float:
    begun = time.perf_counter()
    connection.execute("SELECT 1")
    return time.perf_counter() - begun
