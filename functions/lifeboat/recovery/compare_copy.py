"""Compares a restored database with its manifest."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import LiteralString, cast

from lifeboat.errors import DumpError
from lifeboat.model.identifiers import TableName, quoted
from lifeboat.model.inventory import Inventory, Table
from lifeboat.model.text import join_first
from lifeboat.postgres.connect import Connection
from lifeboat.postgres.copy_rows import CopyRows
from lifeboat.postgres.inventory_queries import describe
from lifeboat.recovery.count_copy import count_copy
from lifeboat.recovery.digest_copy import digest_copy
from lifeboat.recovery.policy.reading import (
    BY_REQUEST,
    FROM_BEFORE_DIGESTS,
    Reading,
    has_digests,
    reading_of,
    unread,
)
from lifeboat.recovery.policy.untested import Untested
from lifeboat.recovery.policy.verdict import compare
from lifeboat.recovery.run import RecoveryRun

_HIDDEN: LiteralString = """
SELECT oid::regclass::text FROM pg_catalog.pg_class
WHERE relkind IN ('r', 'p') AND relrowsecurity AND pg_catalog.row_security_active(oid) ORDER BY 1
"""

_OUTPUT = """
SELECT pg_catalog.current_setting('bytea_output'), pg_catalog.current_setting('lc_monetary')
"""

_MONEY: LiteralString = """
SELECT DISTINCT n.nspname, c.relname
FROM pg_catalog.pg_attribute a
JOIN pg_catalog.pg_class c ON c.oid = a.attrelid
JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
JOIN pg_catalog.pg_type t ON t.oid = a.atttypid
WHERE 'pg_catalog.money'::regtype IN (t.oid, t.typelem, t.typbasetype) AND NOT a.attisdropped
"""
"""Tables with a column of the type money, or of arrays or domains of it."""


@dataclass(frozen=True)
class _Server:
    """How the copy's server writes values, and which tables that matters for."""

    bytea_output: str
    lc_monetary: str
    money: frozenset[TableName]


def compare_copy(
    run: RecoveryRun,
    untested: Untested,
    expected: Callable[[Inventory], Inventory] | None = None,
    *,
    content: bool = True,
) -> None:
    """Read the copy, and add a check for each kind of what is in it.

    Args:
        run: whose copy has been restored.
        untested: what the server could not hold.
        expected: gives the expected inventory for the restored one; by default, the manifest's.
        content: read every value; otherwise rows are only counted, and none of it is proven.

    Raises:
        LifeboatError: the server refused, or the connection broke.
    """
    if hidden := _hidden_tables(run):
        for name in ("rows", "content"):
            run.add_check(name, (), (_not_readable(hidden, run.reader.endpoint.user),))
        return
    restored, reading = _read_copy(run, content=content)
    part = expected(restored) if expected else run.manifest.inventory
    comparison = compare(part, restored, untested=untested, reading=reading)
    run.checks += comparison.checks
    run.tables = comparison.tables


def _hidden_tables(run: RecoveryRun) -> list[str]:
    """The tables whose rows the role can't all read: row-level security even binds their owner."""
    with run.reading() as connection:
        return [str(name) for (name,) in connection.execute(_HIDDEN)]


def _not_readable(tables: list[str], role: str) -> str:
    return (
        f"Row-level security hides rows of {join_first(tables)} from {quoted(role)}, who restores."
        f" So no contents were compared. To compare, let it read them (ALTER ROLE {quoted(role)}"
        " BYPASSRLS;) or restore as a superuser."
    )


def _read_copy(run: RecoveryRun, *, content: bool) -> tuple[Inventory, Reading]:
    """The copy's inventory, and how it was read."""
    if not content:
        return _counted(run), BY_REQUEST
    if not has_digests(run.manifest.inventory):
        return _counted(run), FROM_BEFORE_DIGESTS
    with run.reading() as connection:
        described, server = describe(connection), _server_of(connection)
    try:
        counted = digest_copy(run, server.bytea_output)
    except DumpError as error:
        return _counted(run), unread(error.what)
    reading = reading_of(
        run.manifest.source,
        major=run.major,
        lc_monetary=server.lc_monetary,
        money=server.money,
    )
    return _inventory_of(described, counted), reading


def _inventory_of(described: Inventory, counted: CopyRows) -> Inventory:
    """The copy's description with what pg_dump wrote of it."""
    digests = counted.digests
    tables = tuple(
        Table(schema=name[0], name=name[1], rows=rows, digest=digests[name])
        for name, rows in sorted(counted.rows.items())
    )
    return described.model_copy(
        update={
            "tables": tables,
            "sequences": tuple(counted.sequences),
            "large_objects": counted.large_objects,
            "large_objects_digest": counted.large_objects_digest,
        }
    )


def _counted(run: RecoveryRun) -> Inventory:
    with run.reading() as connection:
        return count_copy(connection)


def _server_of(connection: Connection) -> _Server:
    output = cast("tuple[str, str]", connection.execute(_OUTPUT).fetchone())
    money = cast("list[TableName]", connection.execute(_MONEY).fetchall())
    return _Server(*output, money=frozenset(money))
