"""Puts one database in another's place by their names: in one transaction, and nothing is dropped.

PostgreSQL renames a database only when nobody is connected to it. ALTER DATABASE RENAME first takes
a lock that new connections wait for, then gives those that are there five seconds to go
(dbcommands.c, RenameDatabase and CountOtherDBBackends); so they are ended from a second session
just then, and no client can slip in. Both renames commit together: whatever dies in between, the
server knows either both new names or both old ones.
"""

import threading
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from typing import LiteralString

import psycopg
from psycopg import sql

from lifeboat.postgres.connect import Connection
from lifeboat.recovery.properties import read_properties, set_properties, strip_properties
from lifeboat.runtime.patience import milliseconds, patience

_PAUSE_SECONDS = 0.05

_OTHERS: LiteralString = """
SELECT pid FROM pg_catalog.pg_stat_activity
WHERE datname = ANY (%s) AND pid <> ALL (%s) AND backend_type <> 'autovacuum worker'
"""


def rename(connection: Connection, helper: Connection, names: Mapping[str, str]) -> None:
    """Give each of the databases its new name, all at once, ending whoever is connected to them.

    Args:
        connection: to another database of the server, in autocommit.
        helper: the same, a second one.
        names: new names by old ones, in the order of the renames.

    Raises:
        psycopg.errors.ObjectInUse: somebody who can't be ended stays connected.
        psycopg.Error: the server refuses; the names are as they were.
    """
    with _emptied(helper, connection, tuple(names)), connection.transaction():
        wait = milliseconds(patience().swap_lock_seconds)
        connection.execute(sql.SQL("SET LOCAL lock_timeout = {}").format(wait))
        for old, new in names.items():
            connection.execute(
                sql.SQL("ALTER DATABASE {} RENAME TO {}").format(
                    sql.Identifier(old), sql.Identifier(new)
                )
            )


@contextmanager
def _emptied(helper: Connection, connection: Connection, names: tuple[str, ...]) -> Iterator[None]:
    """End the sessions of these databases, again and again, while the block runs."""
    ours = [connection.info.backend_pid, helper.info.backend_pid]
    over = threading.Event()
    failures: list[psycopg.Error] = []

    def end_them() -> None:
        while not over.wait(_PAUSE_SECONDS):
            try:
                _end_sessions(helper, names, ours)
            except psycopg.Error as error:
                failures.append(error)
                return

    thread = threading.Thread(target=end_them, name="end sessions", daemon=True)
    thread.start()
    try:
        yield
    except psycopg.Error as error:
        for failure in failures:
            error.add_note(f"Ending the sessions failed: {failure}")
        raise
    finally:
        over.set()
        thread.join()


def _end_sessions(helper: Connection, names: tuple[str, ...], ours: list[int]) -> None:
    """End each of them by itself, as one that we may not end would save all the others."""
    for (pid,) in helper.execute(_OTHERS, [list(names), ours]).fetchall():
        try:
            helper.execute("SELECT pg_catalog.pg_terminate_backend(%s)", [pid])
        except psycopg.errors.InsufficientPrivilege:
            continue  # the rename then says that somebody is connected


def clients_of(connection: Connection, databases: Collection[str]) -> list[str]:
    """Who is connected to the databases, such as `app@10.0.0.7 (psql)`, ourselves left out."""
    query: LiteralString = """
        SELECT coalesce(usename, backend_type) || coalesce('@' || client_addr::text, '')
               || coalesce(' (' || nullif(application_name, '') || ')', '')
        FROM pg_catalog.pg_stat_activity
        WHERE datname = ANY (%s) AND pid <> pg_catalog.pg_backend_pid()
        ORDER BY 1
    """
    return [str(row[0]) for row in connection.execute(query, [list(databases)])]


def dress(connection: Connection, live: str, copy: str) -> tuple[str, ...]:
    """Give `copy` the settings, grants, comment, limit and owner that the live database has now.

    Args:
        connection: to another database of the server, in autocommit.
        live: whose they are.
        copy: that gets them, in place of those of the backup.

    Returns:
        What could not be taken over, a sentence each; its statements have the live one's name.

    Raises:
        psycopg.Error: the copy's own can't be taken off.
    """
    wanted = read_properties(connection, live)
    if wanted is None:
        return ()
    strip_properties(connection, copy)
    return set_properties(connection, copy, wanted, owners=True, called=live)
