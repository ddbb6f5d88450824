"""The bench compares like with like: what each contestant stores is the whole database."""

import gzip
import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from lifeboat.errors import LifeboatError
from lifeboat.policy.manifest import Manifest
from lifeboat.postgres.copy_rows import CopyRows
from local.bench.__main__ import main
from local.bench.contestants import CHECKSUMS, CONTESTANTS, LIFEBOAT, PIPED, PLAIN, Contestant
from local.bench.ring import Ring
from tests.workshop import Database, run_program


@pytest.fixture(scope="module")
def ring(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ring]:
    with Ring.open(major=18, megabytes=5, root=tmp_path_factory.mktemp("ring")) as opened:
        yield opened


def stored(ring: Ring, contestant: Contestant) -> bytes:
    return ring.client.get_object(Bucket=ring.bucket, Key=contestant.stores)["Body"].read()


@pytest.mark.parametrize("contestant", [PIPED, LIFEBOAT, CHECKSUMS], ids=lambda c: c.name)
def test_what_an_archiving_contestant_stores_restores_to_an_equal_database(
    contestant: Contestant, ring: Ring, tmp_path: Path
) -> None:
    run = ring.run(contestant)
    archive = tmp_path / "archive.dump"
    archive.write_bytes(stored(ring, contestant))
    assert run.stored_bytes == archive.stat().st_size

    copy = Database.create(ring.server, contestant.name.replace("-", "_"))
    program = ring.server.programs / "pg_restore"
    run_program([program, "--exit-on-error", f"--dbname={copy.url}", archive])

    assert copy.inventory() == Database(ring.server, "app").inventory()
    if contestant is not PIPED:
        manifest = Manifest.from_json(run.measured.output.encode())
        made = {bool(table.checksum) for table in manifest.inventory.tables}
        assert made == {contestant is CHECKSUMS}


def test_what_the_plain_contestant_stores_holds_every_row(ring: Ring) -> None:
    ring.run(PLAIN)
    rows = CopyRows()
    rows.feed(gzip.decompress(stored(ring, PLAIN)))
    rows.finish()
    tables = Database(ring.server, "app").inventory().tables
    assert rows.rows == {(t.schema, t.name): t.rows for t in tables}


def test_a_contestant_that_fails_has_no_figures(ring: Ring) -> None:
    broken = Contestant("broken", "dies half way", "pg_dump --nonsense | cat", "nothing")
    with pytest.raises(LifeboatError, match="ended with 1"):
        ring.run(broken)


def test_the_bench_writes_figures_of_every_contestant(tmp_path: Path) -> None:
    out = tmp_path / "bench.json"
    main(["--size-mb", "1", "--repeat", "1", "--out", str(out)])
    found = json.loads(out.read_text())
    assert {"cpu", "memory", "PostgreSQL", "S3 server"} <= found["machine"].keys()
    (result,) = found["results"]
    assert result["database_bytes"] > 1e6
    assert all(ratio > 0 for ratio in result["ratios"].values())
    assert list(result["contestants"]) == [contestant.name for contestant in CONTESTANTS]
    for figures in result["contestants"].values():
        assert figures["seconds"]["median"] > 0.1
        assert figures["cpu_seconds"]["median"] > 0.1
        assert figures["peak_megabytes"] > 20
        assert figures["stored_bytes"] > 10_000
        assert "pg_dump" in figures["cpu_seconds_by_program"]
