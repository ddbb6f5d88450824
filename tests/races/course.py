"""Races between a dump and statements that change definitions, and a judge who knows neither.

The judge looks with stock pg_dump and plain SQL at the source before and after the statements, and
at what stock pg_restore makes of the published archive: that has to be one or the other.
"""

import re
import subprocess
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import psycopg
import pytest

from lifeboat.backup import store_archive
from lifeboat.backup.stream_archive import ArchiveStream
from lifeboat.postgres.inventory_queries import read_source
from tests.races.kinds import Kind
from tests.support.backup_harness import BackupHarness, Database, run_program

#: Dumped before all others, and more than fits into pipes: what follows is dumped later.
FIRST_TABLE = (
    "CREATE SCHEMA aaa",
    "CREATE TABLE aaa.first AS SELECT i, sha256(i::text::bytea) AS x"
    " FROM generate_series(1, {rows}) i",
)
ENOUGH_ROWS = 150_000

_NOISE = re.compile(
    r"^(--.*|\\(un)?restrict .*|SET .*|SELECT pg_catalog.set_config.*|)\n", re.MULTILINE
)
_TABLES = """
SELECT format('%I.%I', n.nspname, c.relname) FROM pg_class c
JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE c.relkind = 'r' AND n.nspname !~ '^pg_' AND n.nspname NOT IN ('information_schema', 'aaa')
ORDER BY 1
"""


@dataclass(frozen=True)
class Racer:
    """One kind of statement, with names of its own in this database."""

    kind: Kind
    schema: str
    role: str

    def fill(self, text: str) -> str:
        return text.replace("{s}", self.schema).replace("{r}", self.role)


@dataclass(frozen=True)
class Look:
    """What there is: definitions as pg_dump writes them, and a digest of each table's rows."""

    definitions: str
    rows: tuple[tuple[str, str], ...]


def line_up(database: Database, kinds: Iterable[Kind], *, rows: int = 10) -> list[Racer]:
    """Make what the kinds begin with, and a table of so many rows that is dumped first."""
    racers = [
        Racer(kind, f"k{number}", f"{database.name}_k{number}")
        for number, kind in enumerate(kinds)
        if database.server.major >= kind.since
    ]
    with database.connect() as connection:
        for statement in (*FIRST_TABLE, "CREATE SCHEMA elsewhere"):
            connection.execute(statement.format(rows=rows).encode())
        for racer in racers:
            connection.execute(f"CREATE SCHEMA {racer.schema}".encode())
            for statement in racer.kind.setup:
                connection.execute(racer.fill(statement).encode())
    return racers


def run(database: Database, racers: Iterable[Racer], *, back: bool = False) -> list[str]:
    """Run their statements; which had to wait, and gave up."""
    waited = []
    with database.connect() as connection:
        connection.execute("SET lock_timeout = '100ms'")
        for racer in racers:
            for statement in racer.kind.back if back else racer.kind.act:
                try:
                    connection.execute(racer.fill(statement).encode())
                except psycopg.errors.LockNotAvailable:
                    waited.append(racer.kind.name)
    return waited


def look(database: Database) -> Look:
    program: list[str | Path] = [
        database.server.programs / "pg_dump",
        "--schema-only",
        "-d",
        database.url,
    ]
    with database.connect() as connection:
        tables = [str(name) for (name,) in connection.execute(_TABLES)]
        digests = [
            connection.execute(
                f"SELECT md5(string_agg(t::text, ' ' ORDER BY t::text)) FROM {table} t".encode()
            ).fetchone()
            for table in tables
        ]
    rows = tuple((table, str(found)) for table, found in zip(tables, digests, strict=True))
    return Look(_NOISE.sub("", run_program(program)), rows)


def restored(backups: BackupHarness, copy: Database) -> tuple[Look, str]:
    """What stock pg_restore makes of the published archive, with the roles of its globals."""
    archive = Path(backups.scratch) / "race.dump"
    archive.write_bytes(backups.bucket.read(backups.location.archive_key))
    globals_sql = backups.bucket.read(backups.location.globals_key).decode()
    with copy.connect() as connection:
        for line in globals_sql.splitlines():
            if line.startswith(f"CREATE ROLE {backups.database.name}_k"):
                with suppress(psycopg.errors.DuplicateObject):
                    connection.execute(line.encode())
    errors = ""
    for section in ("pre-data", "data", "post-data"):
        done = subprocess.run(
            [
                copy.server.programs / "pg_restore",
                f"--section={section}",
                f"--dbname={copy.url}",
                archive,
            ],
            capture_output=True,
            text=True,
            check=False,
        )
        errors += "".join(
            line for line in done.stderr.splitlines(keepends=True) if "error: " in line
        )
    return look(copy), errors


def drop_roles(database: Database) -> None:
    """Those that the racers made on the server, when their databases are gone."""
    with database.server.admin() as admin:
        admin.autocommit = True
        names = admin.execute(
            "SELECT rolname FROM pg_roles WHERE rolname LIKE %s", [f"{database.name}\\_k%"]
        ).fetchall()
        for (name,) in names:
            admin.execute(f'DROP ROLE "{name}"'.encode())


@dataclass(frozen=True)
class Start:
    """Fires once per attempt, at one moment of it, for the first attempts."""

    moment: str
    attempts: int = 1

    def give(self, monkeypatch: pytest.MonkeyPatch, act: Callable[[], object]) -> None:
        """Before pg_dump starts, or when it has described everything and sends rows."""
        done: list[int] = []
        transfer_chunk = ArchiveStream.transfer_chunk
        passed: dict[ArchiveStream, int] = {}

        def fire() -> None:
            if len(done) < self.attempts:
                done.append(1)
                act()

        def read_late(connection: psycopg.Connection) -> object:
            found = read_source(connection)
            fire()
            return found

        def pass_on_late(stream: ArchiveStream) -> int:
            passed[stream] = passed.get(stream, 0) + 1
            if passed[stream] == 2:
                fire()
            return transfer_chunk(stream)

        if self.moment == "before":
            monkeypatch.setattr(store_archive, "read_source", read_late)
        else:
            monkeypatch.setattr(ArchiveStream, "transfer_chunk", pass_on_late)


def differences(one: Look, other: Look) -> Sequence[str]:
    """A few lines in which they differ, for a person."""
    mine, theirs = set(one.definitions.splitlines()), set(other.definitions.splitlines())
    return [*sorted(mine ^ theirs)[:20], *map(str, sorted(set(one.rows) ^ set(other.rows))[:6])]
