"""Recognises that a server's lock table is full, whoever met it."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, cast

import psycopg

from lifeboat.backup.policy.lock_table import SETTING, LockTable, lock_table_full
from lifeboat.errors import DumpError
from lifeboat.postgres.connect import Connection
from lifeboat.postgres.snapshot import list_relations

_SETTINGS = """
SELECT pg_catalog.current_setting('max_locks_per_transaction')::int,
       pg_catalog.current_setting('max_connections')::int
       + pg_catalog.current_setting('max_prepared_transactions')::int
"""


@contextmanager
def lock_table_named(catalog_conn: Connection) -> Iterator[None]:
    """Raise what a full lock table causes, in a session or in pg_dump, with the setting to change.

    Args:
        catalog_conn: is free again when the block has ended, as are the locks that were taken.

    Raises:
        CapacityError: says what the setting is, and what it has to be.
    """
    try:
        yield
    except (psycopg.errors.OutOfMemory, DumpError) as error:
        if SETTING not in _words(error):
            raise
        row = catalog_conn.execute(_SETTINGS).fetchone()
        room = LockTable(*cast("tuple[Any, Any]", row))
        raise lock_table_full(room, len(list_relations(catalog_conn))) from None


def _words(error: psycopg.Error | DumpError) -> str:
    return error.what if isinstance(error, DumpError) else error.diag.message_hint or ""
