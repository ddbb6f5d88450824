"""What the pipelines run with: one database, one bucket, one scratch directory."""

import json
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

import psutil

from benchmarks.comparisons import Comparison
from benchmarks.cores import Cores, only_on
from benchmarks.datasets import Dataset
from benchmarks.network_shaper import NetworkShaper, shape_network_to
from benchmarks.pipelines import Pipeline
from benchmarks.resource_usage import (
    Measured,
    MemorySampler,
    cpu_of,
    cpu_of_machine,
    measure,
    sample_memory,
)
from layers.postgres import server_layer, server_tree
from layers.postgres.client import PREFIX
from layers.target import Platform
from lifeboat.postgres.programs import ROOT_VARIABLE
from local.postgres import PostgresServer
from local.s3 import RcloneS3

REPOSITORY = Path(__file__).parents[1]
_BUCKET = "bucket"
_DATABASE = "app"
_COPY = "copy"
#: A holder of locks on 20,000 tables, and pg_dump beside it, need more room than by default.
_SETTINGS = {"max_locks_per_transaction": "1024"}
_ZSTD_SINCE = 16


@dataclass(frozen=True)
class Run:
    """One run of one pipeline.

    Attributes:
        measured: time and CPU of its own processes.
        server_cpu_seconds: of PostgreSQL meanwhile.
        s3_cpu_seconds: of the S3 server meanwhile.
        network_cpu_seconds: of what stands for the network meanwhile.
        others_cpu_seconds: of everything else on the machine meanwhile; where it is more than a
            few percent, the time says more about the machine's other work.
        stored_bytes: of the object that it left in the bucket; 0 of those who bring it back.
    """

    measured: Measured
    server_cpu_seconds: float
    s3_cpu_seconds: float
    network_cpu_seconds: float
    others_cpu_seconds: float
    stored_bytes: int


class Harness:
    """A server with a filled database, an S3 server with an empty bucket.

    Attributes:
        database_bytes: the database's size, with its indexes.
        cores: which core the pipelines have, and which the servers; None: all have all.
    """

    def __init__(
        self,
        server: PostgresServer,
        s3: RcloneS3,
        scratch: Path,
        *,
        shapers: tuple[NetworkShaper, ...],
        cores: Cores | None,
    ) -> None:
        self.server = server
        self.cores = cores
        self.client = s3.client()
        self.bucket = _BUCKET
        self.database_bytes = 0
        self._s3 = s3
        self._scratch = scratch
        self._shapers = shapers

    @classmethod
    @contextmanager
    def open(
        cls, comparison: Comparison, *, root: Path | None = None, cores: Cores | None = None
    ) -> Iterator["Harness"]:
        """Start everything and fill the database; all of it is gone when the block is left.

        Args:
            comparison: which database, and how the pipelines reach it.
            root: where the files lie; default the system's temporary directory.
            cores: for pipelines and servers; None: all have all.
        """
        with ExitStack() as opened:
            with only_on(cores.servers if cores else None):
                server = opened.enter_context(
                    PostgresServer.start(
                        major=comparison.major, root=root, tls=comparison.tls, settings=_SETTINGS
                    )
                )
                s3 = opened.enter_context(RcloneS3.start(root, tls=comparison.tls))
                ends = (server.port, s3.port) if comparison.over_network else ()
                shapers = tuple(opened.enter_context(shape_network_to(port)) for port in ends)
            scratch = opened.enter_context(
                tempfile.TemporaryDirectory(prefix="lifeboat-bench-", dir=root)
            )
            harness = cls(server, s3, Path(scratch), shapers=shapers, cores=cores)
            harness.client.create_bucket(Bucket=harness.bucket)
            harness._fill(comparison.dataset, comparison.megabytes)
            yield harness

    def run(self, pipeline: Pipeline) -> Run:
        """Let a pipeline do its work, and time it.

        Raises:
            LifeboatError: it failed.
        """
        self._prepare(pipeline)
        servers = psutil.Process(self.server.pid), self._s3.process(), *self._shaper_processes()
        before, machine = [cpu_of(each) for each in servers], cpu_of_machine()
        measured = self._measure(pipeline)
        machine = cpu_of_machine() - machine
        server, store, *shapers = (cpu_of(s) - b for s, b in zip(servers, before, strict=True))
        known = measured.cpu_seconds + server + store + sum(shapers)
        return Run(
            measured=measured,
            server_cpu_seconds=server,
            s3_cpu_seconds=store,
            network_cpu_seconds=sum(shapers),
            others_cpu_seconds=max(machine - known, 0),
            stored_bytes=self._stored_bytes(pipeline),
        )

    def sample_memory(self, pipeline: Pipeline) -> MemorySampler:
        """Let a pipeline do its work, and look at its memory.

        Raises:
            LifeboatError: it failed.
        """
        self._prepare(pipeline)
        with only_on(self.cores.client if self.cores else None):
            return sample_memory(_command(pipeline), self.environment(pipeline))

    def keep(self, *pipelines: Pipeline) -> None:
        """Have the bucket hold what these store, for those who bring it back.

        Raises:
            LifeboatError: one of them failed.
        """
        self._empty_bucket()
        for pipeline in pipelines:
            self._measure(pipeline)

    def text_bytes(self) -> int:
        """Of the database as a plain dump, nearly all of it COPY text: what a backup goes through.

        Raises:
            LifeboatError: pg_dump failed.
        """
        counting = Pipeline("text", "counts", "pg_dump | wc -c")
        return int(self._measure(counting).output)

    def environment(self, pipeline: Pipeline) -> Mapping[str, str]:
        """Everything that a pipeline's script and programs need, and nothing of the user's."""
        programs = server_tree([self.server.major])
        layer = server_layer(Platform.of_host().architecture) / PREFIX
        port, endpoint = self.server.port, self._s3.endpoint
        if self._shapers:
            port = self._shapers[0].port
            endpoint = endpoint.replace(f":{self._s3.port}", f":{self._shapers[1].port}")
        url = self.server.url(database=_DATABASE).replace(f":{self.server.port}/", f":{port}/")
        return {
            **self._s3.environment(),
            "AWS_ENDPOINT_URL_S3": endpoint,
            "PATH": f"{programs / str(self.server.major) / 'bin'}:/usr/bin:/bin",
            "PYTHONPATH": f"{REPOSITORY / 'functions'}:{REPOSITORY}",
            "SCRATCH": str(self._scratch),
            "TMPDIR": "/tmp",  # noqa: S108  # a short path, for the drill's server's socket
            "BUCKET": self.bucket,
            "DATABASE_URL": url,
            "DATABASE_SECRET": url,
            "FASTEST": "zstd:1" if self.server.major >= _ZSTD_SINCE else "1",  # "1" is gzip's
            "COPY_DATABASE": _COPY,
            ROOT_VARIABLE: str(programs if pipeline.stores else layer),
            "PGHOST": "127.0.0.1",
            "PGPORT": str(port),
            "PGUSER": "postgres",
            "PGPASSWORD": self.server.password,
            "PGDATABASE": _DATABASE,
            "POWERTOOLS_SERVICE_NAME": "bench",
            "POWERTOOLS_METRICS_NAMESPACE": "Bench",
            **(_trust(self.server.ca_file, url) if self.server.ca_file else {}),
        }

    def _measure(self, pipeline: Pipeline) -> Measured:
        with only_on(self.cores.client if self.cores else None):
            return measure(_command(pipeline), self.environment(pipeline))

    def _prepare(self, pipeline: Pipeline) -> None:
        """The same beginning for each: an empty bucket, or an empty database to restore into."""
        for left in self._scratch.iterdir():
            left.unlink()
        with self.server.admin() as connection:
            connection.execute(f"DROP DATABASE IF EXISTS {_COPY} WITH (FORCE)")
            if not pipeline.stores:
                connection.execute(f"CREATE DATABASE {_COPY}")
            connection.execute("CHECKPOINT")
        if pipeline.stores:
            self._empty_bucket()

    def _empty_bucket(self) -> None:
        listing = self.client.list_objects_v2(Bucket=self.bucket)
        for found in listing.get("Contents", ()):
            self.client.delete_object(Bucket=self.bucket, Key=found["Key"])

    def _stored_bytes(self, pipeline: Pipeline) -> int:
        if not pipeline.stores:
            return 0
        stored = self.client.head_object(Bucket=self.bucket, Key=pipeline.stores)
        return stored["ContentLength"]

    def _shaper_processes(self) -> tuple[psutil.Process, ...]:
        return tuple(shaper.process for shaper in self._shapers)

    def _fill(self, dataset: Dataset, megabytes: float) -> None:
        with self.server.admin() as connection:
            connection.execute(f"CREATE DATABASE {_DATABASE}")
        with self.server.admin(_DATABASE) as connection:
            dataset.fill(connection, megabytes)
            connection.execute("VACUUM")  # else the first pipeline would set the hint bits
            connection.execute("CHECKPOINT")
            row = connection.execute("SELECT pg_database_size(current_database())").fetchone()
            self.database_bytes = row[0] if row else 0


def _trust(ca_file: Path, url: str) -> Mapping[str, str]:
    """Encrypt, and verify the server: for libpq, and for Lifeboat in the secret that it reads.

    By HTTPS boto3 sends its own checksums behind bodies of unknown length, which rclone refuses
    (MissingContentLength), so it sends none. Lifeboat's are in headers.
    """
    secret = {"url": f"{url}?sslmode=verify-ca", "ca": ca_file.read_text()}
    return {
        "AWS_REQUEST_CHECKSUM_CALCULATION": "when_required",
        "PGSSLMODE": "verify-ca",
        "PGSSLROOTCERT": str(ca_file),
        "DATABASE_SECRET": json.dumps(secret),
    }


def _command(pipeline: Pipeline) -> list[str]:
    return ["bash", "-o", "pipefail", "-euc", pipeline.script]
