"""Detects definitions that changed while they were dumped, because no lock prevents that.

pg_dump chooses what to dump in its snapshot, but reads much of it by functions that see the current
catalogs: names of types, functions, operators, schemas and indexes, texts of views, triggers and
indexes; enum labels and attributes of composite types even during each table's COPY. A change
meanwhile gives an archive that can't be restored, or restores to a state that never existed, and
pg_dump exits with 0.

So a query in the snapshot finds the rows of these catalogs that have been written to since.
PostgreSQL marks them on the old version of the row (xmax), which the snapshot keeps alive. This
also finds a row that was changed and changed back, and reads each catalog once. Only marked rows
are compared with the current ones.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from typing import Any, LiteralString, cast

from lifeboat.backup.catalog_queries import CATALOGS, NAMED_ROLES, roles
from lifeboat.backup.policy.definitions import Definition, Key, changes
from lifeboat.errors import DefinitionsChangedError
from lifeboat.postgres.connect import Connection
from lifeboat.postgres.snapshot import Snapshot

_MAX_SHOWN = 5
_ROLES = "pg_authid"


def require_unchanged(snapshot: Snapshot, catalog_conn: Connection) -> None:
    """Raise if definitions in the database differ from those in the dump's snapshot.

    New objects, grants, statistics, rows and temporary objects don't matter. It takes only ACCESS
    SHARE locks on the catalogs, and evaluates no user's code.

    Args:
        snapshot: the dump's.
        catalog_conn: a connection that sees the current database.

    Raises:
        DefinitionsChangedError: names what changed, and how.
    """
    snapshot.connection.execute("SELECT pg_catalog.set_config('jit', 'off', true)")
    written = list(_written_since(snapshot.connection))
    if found := changes(written, dict(_current(catalog_conn, written))):
        more = len(found) - _MAX_SHOWN
        rest = f"; and {more} more" if more > 0 else ""
        raise DefinitionsChangedError(
            f"Definitions changed while they were dumped: {'; '.join(found[:_MAX_SHOWN])}{rest}.",
            todo="Let the migration end, then invoke the function again.",
        )


def _written_since(snapshot_conn: Connection) -> Iterator[Definition]:
    marked = [catalog.query("t.xmax <> 0") for catalog in CATALOGS]
    return _definitions(snapshot_conn, " UNION ALL ".join((*marked, roles(NAMED_ROLES))), {})


def _current(
    catalog_conn: Connection, written: Iterable[Definition]
) -> Iterator[tuple[Key, Definition]]:
    numbers = defaultdict[str, set[int]](set)
    for catalog, number, _ in (each.key for each in written):
        numbers[catalog].add(number)
    queries = {c.table: c.query(f"{c.number} = ANY (%(numbers)s::oid[])") for c in CATALOGS}
    queries[_ROLES] = roles("t.oid = ANY (%(numbers)s::oid[])")
    for catalog, some in numbers.items():
        for each in _definitions(catalog_conn, queries[catalog], {"numbers": list(some)}):
            yield each.key, each


def _definitions(
    connection: Connection, query: LiteralString, parameters: dict[str, object]
) -> Iterator[Definition]:
    named = connection.info.parameter_status("server_encoding") != "SQL_ASCII"
    encoding = "UTF8" if named else "SQL_ASCII"
    for row in connection.execute(query, {"encoding": encoding, **parameters}):
        catalog, number, column, version, kind, *names, placed, meaning, content = cast("Any", row)
        schema, name, part, signature, called = map(_printable, names)
        yield Definition(
            key=(catalog, number, column),
            version=version,
            kind=kind,
            schema=schema or "",
            name=name or "",
            part=part or "",
            signature=signature or "",
            called=called,
            placed=placed,
            meaning=meaning,
            content=content,
        )


def _printable(name: bytes | None) -> str | None:
    """A name for a message: a hostile name may contain line ends."""
    if name is None:
        return None
    text = name.decode(errors="backslashreplace")
    return "".join(c if c.isprintable() else ascii(c)[1:-1] for c in text)
