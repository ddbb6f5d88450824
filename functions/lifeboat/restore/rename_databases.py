"""Swaps databases by renaming them in one transaction; nothing is dropped.

PostgreSQL renames a database only when nobody is connected to it. ALTER DATABASE RENAME first takes
a lock that new connections wait for, then waits five seconds for existing sessions to end
(dbcommands.c, RenameDatabase and CountOtherDBBackends). A second session terminates them in this
time, and no new client can connect. Both renames commit together: after a crash, the server has
either both new names or both old ones.
"""

import threading
from collections.abc import Collection, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from typing import Any, LiteralString

import psycopg
from psycopg import sql

from lifeboat.postgres.connect import Connection
from lifeboat.recovery.properties import read_properties, set_properties, strip_properties
from lifeboat.restore.policy.database_answers import ConnectedClient
from lifeboat.runtime.timeouts import milliseconds, timeouts

_PAUSE_SECONDS = 0.05

_OTHERS: LiteralString = """
SELECT pid FROM pg_catalog.pg_stat_activity
WHERE datname = ANY (%s) AND pid <> ALL (%s) AND backend_type <> 'autovacuum worker'
"""


def rename(
    connection: Connection,
    helper: Connection,
    names: Mapping[str, str],
    transaction: AbstractContextManager[object],
) -> None:
    """Rename the databases in one transaction, and terminate their sessions.

    Args:
        connection: to another database of the server, in autocommit.
        helper: a second such connection.
        names: new names by old ones, in the order of the renames.
        transaction: of `connection`; commits at its end.

    Raises:
        psycopg.errors.ObjectInUse: a session that can't be terminated stays connected.
        psycopg.Error: the server refuses; the names are as they were.
    """
    with _without_sessions(helper, connection, tuple(names)), transaction:
        wait = milliseconds(timeouts().swap_lock_seconds)
        connection.execute(sql.SQL("SET LOCAL lock_timeout = {}").format(wait))
        for old, new in names.items():
            connection.execute(
                sql.SQL("ALTER DATABASE {} RENAME TO {}").format(
                    sql.Identifier(old), sql.Identifier(new)
                )
            )


@contextmanager
def _without_sessions(
    helper: Connection, connection: Connection, names: tuple[str, ...]
) -> Iterator[None]:
    """Terminate the sessions of these databases repeatedly while the block runs."""
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
    """Terminate each session separately: a refusal for one must not spare the others."""
    for (pid,) in helper.execute(_OTHERS, [list(names), ours]).fetchall():
        try:
            helper.execute("SELECT pg_catalog.pg_terminate_backend(%s)", [pid])
        except psycopg.errors.InsufficientPrivilege:
            continue  # the rename reports it


def clients_of(connection: Connection, databases: Collection[str]) -> tuple[ConnectedClient, ...]:
    """Who is connected to the databases, those with the most sessions first; ourselves left out."""
    query: LiteralString = """
        SELECT nullif(application_name, ''), coalesce(usename, backend_type),
               pg_catalog.host(client_addr), count(*)
        FROM pg_catalog.pg_stat_activity
        WHERE datname = ANY (%s) AND pid <> pg_catalog.pg_backend_pid()
              AND backend_type IS DISTINCT FROM 'autovacuum worker'
              AND backend_type IS DISTINCT FROM 'parallel worker'
        GROUP BY 1, 2, 3 ORDER BY 4 DESC, 1, 2, 3
    """
    rows: list[Any] = connection.execute(query, [list(databases)]).fetchall()
    return tuple(
        ConnectedClient(application=application, role=role, address=address, sessions=sessions)
        for application, role, address, sessions in rows
    )


def replication_of(connection: Connection, database: str) -> list[str]:
    """The logical slots and the subscriptions of a database, which a swap moves aside with it."""
    query: LiteralString = """
        SELECT 'slot ' || slot_name FROM pg_catalog.pg_replication_slots WHERE database = %s
        UNION ALL
        SELECT 'subscription ' || subname FROM pg_catalog.pg_subscription s
        JOIN pg_catalog.pg_database d ON d.oid = s.subdbid WHERE d.datname = %s
        ORDER BY 1
    """
    return [str(row[0]) for row in connection.execute(query, [database, database])]


def copy_database_properties(connection: Connection, live: str, copy: str) -> tuple[str, ...]:
    """Copy the settings, grants, comment, limit and owner of the live database to `copy`.

    Args:
        connection: to another database of the server, in autocommit.
        live: the database to copy them from.
        copy: that gets them, in place of the backup's.

    Returns:
        A sentence for each property that could not be copied, with a statement for the live name.

    Raises:
        psycopg.Error: the copy's own properties can't be removed.
    """
    wanted = read_properties(connection, live)
    if wanted is None:
        return ()
    strip_properties(connection, copy)
    return set_properties(connection, copy, wanted, owners=True, called=live)
