"""The benchmarks still fit the product; all else about them is in `make test-benchmarks`."""

import os
import sys
from pathlib import Path

import psutil
import pytest

from benchmarks.comparisons import TLS, Comparison
from benchmarks.cores import two_cores
from benchmarks.datasets import SAMPLE
from benchmarks.harness import Harness
from benchmarks.pipelines import LIFEBOAT, PIPED, Pipeline
from tests.support.backup_harness import Database, run_program

PROBE = Pipeline(
    "probe",
    "says on which cores it runs and how it reached its servers",
    f"'{sys.executable}' -c 'import os, psycopg, boto3;"
    ' c = psycopg.connect(os.environ["DATABASE_URL"]);'
    ' s3 = boto3.client("s3"); s3.list_buckets();'
    " print(*os.sched_getaffinity(0), c.pgconn.ssl_in_use, s3.meta.endpoint_url[:5])'",
)


@pytest.mark.skipif(two_cores() is None, reason="needs Linux and two cores")
def test_lifeboat_stores_an_equal_database_with_a_core_for_itself_and_by_tls(
    tmp_path: Path,
) -> None:
    cores = two_cores()
    assert cores is not None
    comparison = Comparison(TLS, SAMPLE, 1, (PIPED, LIFEBOAT))
    with Harness.open(comparison, root=tmp_path, cores=cores) as harness:
        assert harness.run(PROBE).measured.output.split() == [str(cores.client), "True", "https"]
        assert harness.run(PIPED).stored_bytes > 10_000
        run = harness.run(LIFEBOAT)
        servers = [psutil.Process(harness.server.pid), harness._s3.process()]
        bound = [
            os.sched_getaffinity(thread.id)
            for server in servers
            for process in (server, *server.children(recursive=True))
            for thread in process.threads()
        ]
        assert len(bound) > 8
        assert all(each == {cores.servers} for each in bound)
        assert os.sched_getaffinity(0) >= {cores.client, cores.servers}

        archive = tmp_path / "archive.dump"
        stored = harness.client.get_object(Bucket=harness.bucket, Key=LIFEBOAT.stores)
        archive.write_bytes(stored["Body"].read())
        assert run.stored_bytes == archive.stat().st_size > 10_000
        copy = Database.create(harness.server, "copy")
        program = harness.server.programs / "pg_restore"
        run_program([program, "--exit-on-error", f"--dbname={copy.url}", archive])
        assert copy.inventory() == Database(harness.server, "app").inventory()
        assert harness.text_bytes() > 100_000
