"""The proof that needs none of Lifeboat: stock pg_restore, and a comparison with the source."""

import subprocess
import tempfile
from contextlib import ExitStack
from pathlib import Path

import psycopg

from lifeboat.model.inventory import Inventory
from lifeboat.model.manifest import Manifest
from lifeboat.postgres.inventory_queries import read_sequences, take_inventory
from lifeboat.postgres.snapshot import list_relations
from local.demo.environment import COPY, SOURCE, DemoEnvironment, DemoError, console, step
from local.postgres import PostgresServer
from local.tables import comparison


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
        environment.aws.client("s3").download_file(environment.vault, stored.key, str(archive))
        _pg_restore(environment.server, archive, "pre-data", "data")
        _pg_restore(environment.server, archive, "post-data")
    with step("Source and copy, compared by rows and checksums"):
        source, copy = (_inventory(environment.server, name) for name in (SOURCE, COPY))
        with psycopg.connect(environment.server.url(database=COPY)) as connection:
            sequences = set(read_sequences(connection))
    console.print(comparison(source, copy))
    claimed = {(t.schema, t.name): t.rows for t in manifest.inventory.tables}
    if (
        source != copy
        or sequences != set(manifest.inventory.sequences)
        or claimed != {(t.schema, t.name): t.rows for t in copy.tables}
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


def _inventory(server: PostgresServer, database: str) -> Inventory:
    with psycopg.connect(server.url(database=database), autocommit=True) as connection:
        connection.execute("SET search_path = ''")
        with connection.transaction():
            return take_inventory(connection, list_relations(connection), checksums=True)
