"""What the contestants meet: one database, one bucket, one scratch directory, for all the same."""

import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psutil

from layers.postgres import server_tree
from lifeboat.postgres.programs import ROOT_VARIABLE
from local import sample
from local.bench.contestants import Contestant
from local.bench.meter import Looks, Measured, cpu_of, cpu_of_machine, look_at, measure
from local.postgres import PostgresServer
from local.s3 import RcloneS3

REPOSITORY = Path(__file__).parents[2]
_BUCKET = "vault"
_DATABASE = "app"


@dataclass(frozen=True)
class Run:
    """One run of one contestant.

    Attributes:
        measured: time and CPU of its own processes.
        server_cpu_seconds: of PostgreSQL meanwhile.
        s3_cpu_seconds: of the S3 server meanwhile.
        others_cpu_seconds: of everything else on the machine meanwhile; where it is more than a
            few percent, the time says more about the machine's other work.
        stored_bytes: of the object that it left in the bucket.
    """

    measured: Measured
    server_cpu_seconds: float
    s3_cpu_seconds: float
    others_cpu_seconds: float
    stored_bytes: int


class Ring:
    """A server with a sample database, an S3 server with an empty bucket."""

    def __init__(self, server: PostgresServer, s3: RcloneS3, scratch: Path) -> None:
        self.server = server
        self.client = s3.client()
        self.bucket = _BUCKET
        self.database_bytes = 0
        self._s3 = s3
        self._scratch = scratch

    @classmethod
    @contextmanager
    def open(cls, *, major: int, megabytes: float, root: Path | None = None) -> Iterator["Ring"]:
        """Start everything and fill the database; all of it is gone when the block is left.

        Args:
            major: of PostgreSQL, server and programs.
            megabytes: about the database's size, with its indexes.
            root: where the files lie; default the system's temporary directory.
        """
        with (
            PostgresServer.start(major=major, root=root) as server,
            RcloneS3.start(root) as s3,
            tempfile.TemporaryDirectory(prefix="lifeboat-bench-", dir=root) as scratch,
        ):
            ring = cls(server, s3, Path(scratch))
            ring.client.create_bucket(Bucket=ring.bucket)
            ring._fill(megabytes)
            yield ring

    @property
    def url(self) -> str:
        """Of the database, with its password."""
        return self.server.url(database=_DATABASE)

    def run(self, contestant: Contestant) -> Run:
        """Let a contestant have an empty bucket, and time it.

        Raises:
            LifeboatError: it failed.
        """
        self._clear()
        postmaster, s3 = psutil.Process(self.server.pid), self._s3.process()
        before = cpu_of(postmaster), cpu_of(s3), cpu_of_machine()
        measured = measure(_command(contestant), self.environment())
        after = cpu_of(postmaster), cpu_of(s3), cpu_of_machine()
        server, store, machine = (b - a for a, b in zip(before, after, strict=True))
        stored = self.client.head_object(Bucket=self.bucket, Key=contestant.stores)
        return Run(
            measured=measured,
            server_cpu_seconds=server,
            s3_cpu_seconds=store,
            others_cpu_seconds=max(machine - measured.cpu_seconds - server - store, 0),
            stored_bytes=stored["ContentLength"],
        )

    def keep(self, contestant: Contestant) -> None:
        """Let a contestant add to what the bucket holds, for those who bring it back.

        Raises:
            LifeboatError: it failed.
        """
        measure(_command(contestant), self.environment())

    def empty_database(self) -> str:
        """A new and empty database to restore into; its name."""
        with self.server.admin() as connection:
            connection.execute("DROP DATABASE IF EXISTS copy WITH (FORCE)")
            connection.execute("CREATE DATABASE copy")
            connection.execute("CHECKPOINT")
        return "copy"

    def look_at(self, contestant: Contestant) -> Looks:
        """Let a contestant have an empty bucket, and look at its memory.

        Raises:
            LifeboatError: it failed.
        """
        self._clear()
        return look_at(_command(contestant), self.environment())

    def _fill(self, megabytes: float) -> None:
        with self.server.admin() as connection:
            connection.execute(f"CREATE DATABASE {_DATABASE}")
        with self.server.admin(_DATABASE) as connection:
            sample.create(connection, megabytes)
            connection.execute("VACUUM")  # else the first contestant would set the hint bits
            connection.execute("CHECKPOINT")
            row = connection.execute("SELECT pg_database_size(current_database())").fetchone()
            self.database_bytes = row[0] if row else 0

    def _clear(self) -> None:
        listing = self.client.list_objects_v2(Bucket=self.bucket)
        for found in listing.get("Contents", ()):
            self.client.delete_object(Bucket=self.bucket, Key=found["Key"])
        self.clear_scratch()

    def clear_scratch(self) -> None:
        """Remove what contestants have left in the scratch directory."""
        for file in self._scratch.iterdir():
            file.unlink()

    def environment(self) -> Mapping[str, str]:
        """Everything that the contestants' scripts and programs need, and nothing of the user's."""
        programs = server_tree([self.server.major])
        return {
            **self._s3.environment(),
            "PATH": f"{programs / str(self.server.major) / 'bin'}:/usr/bin:/bin",
            "PYTHONPATH": f"{REPOSITORY / 'functions'}:{REPOSITORY}",
            "SCRATCH": str(self._scratch),
            "BUCKET": self.bucket,
            "DATABASE_URL": self.url,
            ROOT_VARIABLE: str(programs),
            "PGHOST": "127.0.0.1",
            "PGPORT": str(self.server.port),
            "PGUSER": "postgres",
            "PGPASSWORD": self.server.password,
            "PGDATABASE": _DATABASE,
            "POWERTOOLS_SERVICE_NAME": "bench",
            "POWERTOOLS_METRICS_NAMESPACE": "Bench",
        }


def _command(contestant: Contestant) -> list[str]:
    return ["bash", "-o", "pipefail", "-euc", contestant.script]
