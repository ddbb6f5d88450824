"""Puts one database in another's place by their names: in one transaction, and nothing is dropped.

PostgreSQL renames a database only when nobody is connected to it. ALTER DATABASE RENAME first takes
a lock that new connections wait for, then gives those that are there five seconds to go
(dbcommands.c, RenameDatabase and CountOtherDBBackends); so they are ended from a second session
just then, and no client can slip in. Both renames commit together: whatever dies in between, the
server knows either both new names or both old ones.
"""

import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import LiteralString

import psycopg
from psycopg import sql

from lifeboat.postgres.connect import Connection

_PAUSE_SECONDS = 0.05
_LOCK_WAIT = "10s"

_OTHERS: LiteralString = """
SELECT pid FROM pg_catalog.pg_stat_activity
WHERE datname = ANY (%s) AND pid <> ALL (%s) AND backend_type <> 'autovacuum worker'
"""

_SETTINGS: LiteralString = """
SELECT r.rolname, option_name, option_value
FROM pg_catalog.pg_db_role_setting s
JOIN pg_catalog.pg_database d ON d.oid = s.setdatabase
LEFT JOIN pg_catalog.pg_roles r ON r.oid = s.setrole
CROSS JOIN LATERAL pg_catalog.pg_options_to_table(s.setconfig)
WHERE d.datname = %s ORDER BY 1, 2
"""

_RIGHTS: LiteralString = """
SELECT r.rolname, a.privilege_type, a.is_grantable
FROM pg_catalog.pg_database d
CROSS JOIN LATERAL pg_catalog.aclexplode(d.datacl) a
LEFT JOIN pg_catalog.pg_roles r ON r.oid = a.grantee
WHERE d.datname = %s AND (a.grantee = 0 OR r.rolname IS NOT NULL)
"""

_OWNER: LiteralString = """
SELECT pg_catalog.pg_get_userbyid(datdba), datacl IS NOT NULL, datconnlimit
FROM pg_catalog.pg_database WHERE datname = %s
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
        connection.execute(sql.SQL("SET LOCAL lock_timeout = {}").format(_LOCK_WAIT))
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


def dress(connection: Connection, live: str, copy: str) -> tuple[str, ...]:
    """Give `copy` what a dump of a database doesn't have: settings, grants, limit and owner.

    Args:
        connection: to another database of the server, in autocommit.
        live: whose they are.
        copy: that gets them.

    Returns:
        What could not be taken over, a sentence each.
    """
    found = connection.execute(_OWNER, [live]).fetchone()
    if found is None:
        return ()
    owner, has_rights, limit = found
    name = sql.Identifier(copy)
    statements = [sql.SQL("ALTER DATABASE {} CONNECTION LIMIT {}").format(name, sql.Literal(limit))]
    if has_rights:
        statements.append(sql.SQL("REVOKE ALL ON DATABASE {} FROM PUBLIC").format(name))
        statements += _grants(connection, live, name)
    notes = [*_take_settings(connection, live, copy)]
    # The owner comes last: only an owner may do the rest.
    statements.append(
        sql.SQL("ALTER DATABASE {} OWNER TO {}").format(name, sql.Identifier(str(owner)))
    )
    notes += [note for each in statements if (note := _tried(connection, [each]))]
    return tuple(notes)


def _grants(connection: Connection, live: str, name: sql.Identifier) -> list[sql.Composed]:
    return [
        sql.SQL("GRANT {} ON DATABASE {} TO {}{}").format(
            sql.SQL(str(right)),
            name,
            sql.SQL("PUBLIC") if role is None else sql.Identifier(str(role)),
            sql.SQL(" WITH GRANT OPTION" if grantable else ""),
        )
        for role, right, grantable in connection.execute(_RIGHTS, [live]).fetchall()
    ]


def _take_settings(connection: Connection, live: str, copy: str) -> Iterator[str]:
    """ALTER DATABASE ... SET, by way of the session: lists are quoted as only the server knows."""
    for role, option, value in connection.execute(_SETTINGS, [live]).fetchall():
        name = sql.Identifier(copy)
        of = (
            sql.SQL("ALTER DATABASE {}").format(name)
            if role is None
            else sql.SQL("ALTER ROLE {} IN DATABASE {}").format(sql.Identifier(str(role)), name)
        )
        note = _tried(
            connection,
            [
                sql.SQL("SELECT pg_catalog.set_config({}, {}, true)").format(option, value),
                of + sql.SQL(" SET {} FROM CURRENT").format(_option(str(option))),
            ],
        )
        if note:
            yield note


def _option(name: str) -> sql.Composable:
    return sql.SQL(".").join(sql.Identifier(part) for part in name.split("."))


def _tried(connection: Connection, statements: list[sql.Composed]) -> str | None:
    """Run them in one transaction; what the server said against it, if it did."""
    try:
        with connection.transaction():
            for each in statements:
                connection.execute(each)
    except (psycopg.errors.InsufficientPrivilege, psycopg.errors.UndefinedObject) as error:
        text = statements[-1].as_string(connection)
        return f"Not taken over: {text}; ({error.diag.message_primary})"
    return None
