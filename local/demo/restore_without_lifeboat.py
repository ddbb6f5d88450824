"""The proof that needs none of Lifeboat: stock pg_restore, and a comparison with the source."""

import subprocess
import tempfile
from contextlib import ExitStack
from pathlib import Path
from typing import cast

import psycopg
from psycopg import sql

from lifeboat.model.identifiers import TableName
from lifeboat.model.manifest import Manifest
from local.demo.environment import COPY, SOURCE, DemoEnvironment, DemoError, console, step
from local.postgres import PostgresServer
from local.tables import Contents, comparison

_TABLES = """
SELECT relnamespace::regnamespace::text, relname::text FROM pg_class
WHERE relkind = 'r' AND relnamespace::regnamespace::text NOT IN ('pg_catalog', 'information_schema')
ORDER BY 1, 2
"""
"""Those that hold rows themselves; names of schemas that need quotes aren't in the sample."""

_SEQUENCES = """
SELECT schemaname::text, sequencename::text, coalesce(last_value, start_value) FROM pg_sequences
"""


def restore_without_lifeboat(
    environment: DemoEnvironment, manifest: Manifest, stack: ExitStack
) -> None:
    """Restore with stock pg_restore and compare what came back with the source.

    Raises:
        DemoError: they differ.
    """
    stored = manifest.archive.objects[0]
    scratch = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="lifeboat-restore-")))
    archive = scratch / "archive.dump"
    with step("A restore with nothing but stock pg_restore -j2, rows first"):
        environment.aws.client("s3").download_file(environment.bucket, stored.key, str(archive))
        _pg_restore(environment.server, archive, "pre-data", "data")
        _pg_restore(environment.server, archive, "post-data")
    with step("Source and copy, compared by MD5 sums of their rows"):
        source, copy = (_contents(environment.server, name) for name in (SOURCE, COPY))
        sequences = _sequences(environment.server)
    console.print(comparison(source, copy))
    claimed = {(t.schema, t.name): t.rows for t in manifest.inventory.tables}
    states = {(s.schema, s.name, s.last_value) for s in manifest.inventory.sequences}
    if (
        source != copy
        or sequences != states
        or claimed != {name: found.rows for name, found in copy.items()}
    ):
        raise DemoError(
            "The restored copy differs from the source, or from what its manifest claims.",
            todo="Look at the table above, and report it: this must never happen.",
        )


def _pg_restore(server: PostgresServer, archive: Path, *sections: str) -> None:
    done = subprocess.run(  # noqa: S603
        [
            server.programs / "pg_restore",
            *(f"--section={each}" for each in sections),
            "--jobs=2",
            "--exit-on-error",
            f"--dbname={COPY}",
            "--host=127.0.0.1",
            f"--port={server.port}",
            "--username=postgres",
            archive,
        ],
        env={"PGPASSWORD": server.password, "LC_ALL": "C"},
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise DemoError(f"pg_restore failed: {done.stderr}", todo="Report it.")


def _contents(server: PostgresServer, database: str) -> dict[TableName, Contents]:
    """The rows of every table and an MD5 sum of them in a fixed order, by SQL alone."""
    with psycopg.connect(server.url(database=database), autocommit=True) as connection:
        names = cast("list[TableName]", connection.execute(_TABLES).fetchall())
        return {name: _contents_of(connection, name) for name in names}


def _contents_of(connection: psycopg.Connection, table: TableName) -> Contents:
    query = sql.SQL(
        "SELECT count(*), md5(coalesce(string_agg(t::text, E'\\n' ORDER BY t::text), '')) FROM {} t"
    )
    row = connection.execute(query.format(sql.Identifier(*table))).fetchone()
    return Contents(*cast("tuple[int, str]", row))


def _sequences(server: PostgresServer) -> set[tuple[str, str, int]]:
    with psycopg.connect(server.url(database=COPY), autocommit=True) as connection:
        return set(cast("list[tuple[str, str, int]]", connection.execute(_SEQUENCES).fetchall()))
