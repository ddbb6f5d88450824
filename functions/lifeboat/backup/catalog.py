"""Sees whether definitions changed while they were dumped, for no lock keeps them still.

pg_dump chooses what to dump in its snapshot, but has much of it described by functions that look
into the catalogs as they are at that moment: names of types, functions, operators, schemas and
indexes, texts of views, triggers and indexes; enum labels and attributes of composite types as late
as in each table's COPY. What changes meanwhile gives an archive that doesn't restore, or restores
to what never was, and pg_dump ends well.

So the snapshot is asked which of its rows in these catalogs somebody has written to since.
PostgreSQL marks that on the old version of the row itself (xmax), which the snapshot keeps alive.
That tells of a row that was changed and changed back too, and costs one look at each catalog. Only
rows so marked are compared with what is there now.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from typing import Any, LiteralString, cast

from lifeboat.backup.catalog_queries import CATALOGS, NAMED_ROLES, roles
from lifeboat.backup.policy.definitions import Definition, Key, changes
from lifeboat.errors import DefinitionsChangedError
from lifeboat.postgres.connect import Connection
from lifeboat.postgres.snapshot import Snapshot

_SHOWN = 5
_ROLES = "pg_authid"


def require_unchanged(snapshot: Snapshot, scout: Connection) -> None:
    """Let pass only a dump whose definitions are in the database as the snapshot has them.

    New objects don't matter, nor do grants, statistics, rows, and objects that a session has for
    itself. It takes no lock but ACCESS SHARE on the catalogs, and evaluates nothing of the user's.

    Args:
        snapshot: the dump's.
        scout: a connection that sees the database as it is now.

    Raises:
        DefinitionsChangedError: names what changed, and how.
    """
    snapshot.connection.execute("SELECT pg_catalog.set_config('jit', 'off', true)")
    written = list(_written_to(snapshot.connection))
    if found := changes(written, dict(_as_they_are(scout, written))):
        more = len(found) - _SHOWN
        rest = f"; and {more} more" if more > 0 else ""
        raise DefinitionsChangedError(
            f"Definitions changed while they were dumped: {'; '.join(found[:_SHOWN])}{rest}.",
            todo="Let the migration end, then invoke the function again.",
        )


def _written_to(holder: Connection) -> Iterator[Definition]:
    marked = [catalog.query("t.xmax <> 0") for catalog in CATALOGS]
    return _definitions(holder, " UNION ALL ".join((*marked, roles(NAMED_ROLES))), {})


def _as_they_are(
    scout: Connection, written: Iterable[Definition]
) -> Iterator[tuple[Key, Definition]]:
    numbers = defaultdict[str, set[int]](set)
    for catalog, number, _ in (each.key for each in written):
        numbers[catalog].add(number)
    queries = {c.table: c.query(f"{c.number} = ANY (%(numbers)s::oid[])") for c in CATALOGS}
    queries[_ROLES] = roles("t.oid = ANY (%(numbers)s::oid[])")
    for catalog, some in numbers.items():
        for each in _definitions(scout, queries[catalog], {"numbers": list(some)}):
            yield each.key, each


def _definitions(
    connection: Connection, query: LiteralString, parameters: dict[str, object]
) -> Iterator[Definition]:
    named = connection.info.parameter_status("server_encoding") != "SQL_ASCII"
    encoding = "UTF8" if named else "SQL_ASCII"
    for row in connection.execute(query, {"encoding": encoding, **parameters}):
        catalog, number, column, version, kind, *names, placed, meaning, content = cast("Any", row)
        schema, name, part, signature, called = map(_shown, names)
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


def _shown(name: bytes | None) -> str | None:
    """A name as it may stand in a message: whoever chose it may have put line ends into it."""
    if name is None:
        return None
    text = name.decode(errors="backslashreplace")
    return "".join(c if c.isprintable() else ascii(c)[1:-1] for c in text)
