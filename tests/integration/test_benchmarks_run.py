"""The benchmarks still fit the product; all else about them is in `make test-benchmarks`."""

from pathlib import Path

from benchmarks.datasets import SAMPLE
from benchmarks.harness import Harness
from benchmarks.pipelines import LIFEBOAT
from tests.support.backup_harness import Database, run_program


def test_what_lifeboat_stores_in_a_benchmark_restores_to_an_equal_database(tmp_path: Path) -> None:
    with Harness.open(SAMPLE, 1, major=18, root=tmp_path) as harness:
        run = harness.run(LIFEBOAT)
        archive = tmp_path / "archive.dump"
        stored = harness.client.get_object(Bucket=harness.bucket, Key=LIFEBOAT.stores)
        archive.write_bytes(stored["Body"].read())
        assert run.stored_bytes == archive.stat().st_size > 10_000
        copy = Database.create(harness.server, "copy")
        program = harness.server.programs / "pg_restore"
        run_program([program, "--exit-on-error", f"--dbname={copy.url}", archive])
        assert copy.inventory() == Database(harness.server, "app").inventory()
