"""What the tests of the backup itself share: a database, a bucket, and one way to run."""

import os
import subprocess
import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import psutil
import psycopg
from psycopg import sql

from lifeboat.backup.run import BackupRun
from lifeboat.backup.take_backup import BackupOutcome, take_backup
from lifeboat.model.inventory import Inventory
from lifeboat.model.keys import BackupLocation
from lifeboat.model.manifest import Manifest
from lifeboat.model.tiers import Tier
from lifeboat.postgres.endpoint import parse_secret
from lifeboat.postgres.inventory_queries import take_inventory
from lifeboat.postgres.login import Login
from lifeboat.postgres.pooler import check_endpoint
from lifeboat.postgres.programs import Programs
from lifeboat.postgres.snapshot import Relation, list_relations
from lifeboat.s3.bucket import BackupBucket
from lifeboat.settings import Settings
from local.postgres import PostgresServer
from tests.support import invariants
from tests.support.slots import LAST_SLOT

MAJORS = (14, 15, 16, 17, 18)
SECRET_ARN = "arn:aws:secretsmanager:us-east-1:000000000000:secret:app-AbCdEf"
TARGET_ARN = "arn:aws:secretsmanager:us-east-1:000000000000:secret:target-AbCdEf"


@dataclass(frozen=True)
class Database:
    """One database on a server."""

    server: PostgresServer
    name: str

    @classmethod
    def create(cls, server: PostgresServer, name: str, options: str = "") -> "Database":
        # From 15 on the default writes each page to the WAL, which takes three times as long.
        strategy = "STRATEGY file_copy" if server.major > 14 else ""
        with server.admin() as connection:
            connection.autocommit = True
            connection.execute(f"CREATE DATABASE {name} {strategy} {options}")
        return cls(server, name)

    @property
    def url(self) -> str:
        return self.server.url(database=self.name)

    def connect(self) -> psycopg.Connection:
        return psycopg.connect(self.url, autocommit=True)

    def run(self, *statements: str) -> None:
        with self.connect() as connection:
            for statement in statements:
                connection.execute(statement)

    def value(self, query: str) -> Any:
        with self.connect() as connection:
            row = connection.execute(query).fetchone()
        return row and row[0]

    def inventory(self) -> Inventory:
        """Its inventory, with digests of the tests' own, which only other such ones can equal."""
        with self.connect() as connection:
            connection.execute("SET search_path = ''")
            with connection.transaction():
                relations = list_relations(connection)
                inventory = take_inventory(connection, relations)
                sums: Counter[tuple[str, str]] = Counter()
                for relation in relations:
                    if not relation.partitioned:
                        name = (relation.loaded_schema, relation.loaded_name)
                        sums[name] += _sum_of_rows(connection, relation)
        tables = (
            replace(table, digest=f"{sums[table.schema, table.name] % 2**128:032x}")
            for table in inventory.tables
        )
        return inventory.model_copy(update={"tables": tuple(tables)})

    def drop(self) -> None:
        with self.server.admin() as connection:
            connection.autocommit = True
            name = sql.Identifier(self.name)
            connection.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(name))


def _sum_of_rows(connection: psycopg.Connection, relation: Relation) -> int:
    query = sql.SQL(
        'SELECT coalesce(sum(hashtextextended((t.*)::text COLLATE "C", 0)::numeric), 0)::text'
        " FROM (SELECT * FROM ONLY {} {}) t"
    ).format(relation.identifier, sql.SQL(relation.condition))
    (total,) = connection.execute(query).fetchone() or ("0",)
    return int(total)


@dataclass(frozen=True)
class Bucket:
    """A bucket, seen with the owner's eyes."""

    client: Any
    name: str

    @classmethod
    def create(cls, client: Any, name: str) -> "Bucket":
        client.create_bucket(Bucket=name, ObjectLockEnabledForBucket=True)
        return cls(client, name)

    def holds(self) -> list[str]:
        listing = self.client.list_objects_v2(Bucket=self.name)
        return [found["Key"] for found in listing.get("Contents", ())]

    def read(self, key: str) -> bytes:
        body: bytes = self.client.get_object(Bucket=self.name, Key=key)["Body"].read()
        return body

    def open_uploads(self) -> list[str]:
        listing = self.client.list_multipart_uploads(Bucket=self.name)
        return [upload["Key"] for upload in listing.get("Uploads", ())]


def login_of(secret: str) -> Login:
    """How to log in by a secret's text, without a function that reads it."""
    endpoint, notes = check_endpoint(parse_secret(secret))
    return Login(endpoint, None, notes)


@dataclass
class BackupHarness:
    """Takes backups of one database into one bucket, in this process."""

    database: Database
    bucket: Bucket
    programs: Programs
    scratch: Path
    secret: str = ""
    scheduled_at: datetime = LAST_SLOT
    seconds: float = 120.0
    settings: dict[str, Any] = field(default_factory=lambda: {"object_lock": "off"})

    @property
    def location(self) -> BackupLocation:
        return BackupLocation(Tier.DAILY, "app", self.scheduled_at)

    def read_login(self) -> Login:
        return login_of(self.secret or self.database.url)

    def arguments(self, settings: dict[str, Any], seconds: float) -> dict[str, Any]:
        """What every run takes, with settings of this database and that many seconds left."""
        deadline = time.monotonic() + seconds
        database = {"name": "app", "secret_arn": SECRET_ARN, **settings.get("database", {})}
        rest = {key: value for key, value in settings.items() if key != "database"}
        return {
            "run_id": "run-1",
            "settings": Settings.model_validate({"databases": [database], **rest}),
            "bucket": BackupBucket(self.bucket.client, self.bucket.name),
            "programs": self.programs,
            "remaining": lambda: deadline - time.monotonic(),
        }

    def run(self, **changes: Any) -> BackupRun:
        run = BackupRun(
            location=self.location,
            label=None,
            folder=self.scratch,
            started=datetime.now(UTC),
            read_login=lambda *_: self.read_login(),
            **self.arguments(self.settings, self.seconds),
        )
        return replace(run, **changes)

    def take(self, **changes: Any) -> BackupOutcome:
        with invariants.truthful(self.bucket, self.location.manifest_key), invariants.listening():
            return take_backup(self.run(**changes))

    def manifest(self) -> Manifest:
        return Manifest.from_json(self.bucket.read(self.location.manifest_key))

    def restore(self, target: Database, *, jobs: int = 2) -> None:
        """With stock pg_restore of the target's major, and nothing of Lifeboat's."""
        archive = self.scratch / "archive.dump"
        archive.write_bytes(self.bucket.read(self.location.archive_key))
        for sections in (("pre-data", "data"), ("post-data",)):
            run_program(
                [
                    target.server.programs / "pg_restore",
                    *(f"--section={section}" for section in sections),
                    f"--jobs={jobs}",
                    "--no-owner",
                    "--no-privileges",
                    f"--dbname={target.url}",
                    archive,
                ]
            )

    def assert_nothing_was_published(self) -> None:
        assert self.location.manifest_key not in self.bucket.holds()
        assert self.bucket.open_uploads() == []
        assert_no_children()
        assert open_backends(self.database) == []


def but_records(keys: Sequence[str]) -> list[str]:
    """The keys without those by which runs say how they went."""
    return [key for key in keys if not key.startswith("attempts/")]


def run_program(argv: Sequence[str | Path]) -> str:
    """Run a stock program; its output."""
    done = subprocess.run(argv, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


def assert_no_children() -> None:
    """No program of ours is left, neither running nor unreaped."""
    ours = {"pg_dump", "pg_restore", "pg_dumpall"}
    left = [p.name() for p in psutil.Process(os.getpid()).children()]
    assert not ours.intersection(left), left


def open_backends(database: Database, *, within: float = invariants.PATIENCE_SECONDS) -> list[str]:
    """Connections to the database that are still there after a while."""
    give_up = time.monotonic() + within
    while True:
        with database.server.admin() as connection:
            rows = connection.execute(
                "SELECT application_name || ': ' || state FROM pg_stat_activity WHERE datname = %s",
                [database.name],
            ).fetchall()
        if not rows or time.monotonic() > give_up:
            return [row[0] for row in rows]
        time.sleep(0.05)


def eventually(question: Callable[[], bool], *, within: float = 30.0) -> None:
    """Wait until the answer is yes."""
    give_up = time.monotonic() + within
    while not question():
        assert time.monotonic() < give_up, "it never happened"
        time.sleep(0.02)
