"""`make test-benchmarks`: like is compared with like, and every pipeline stores all there is."""

import gzip
import random
import socket
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psycopg
import pytest

from benchmarks import resource_usage
from benchmarks.comparisons import FREE, NETWORK, Comparison
from benchmarks.datasets import EMPTY, SAMPLE, SHAPES, Dataset
from benchmarks.harness import Harness
from benchmarks.network_shaper import BYTES_PER_SECOND, ROUND_TRIP_SECONDS, shape_network_to
from benchmarks.pipelines import (
    DRILL,
    LIFEBOAT,
    LOADED,
    PEER,
    PIPED,
    PLAIN,
    STOCK,
    Pipeline,
)
from benchmarks.turns import compare, measured
from lifeboat.errors import LifeboatError
from lifeboat.model.drill_report import DrillReport, Verdict
from lifeboat.model.manifest import Manifest
from tests.support.backup_harness import Database, run_program
from tests.support.counting import count

EMPTY_MEGABYTES = 7.8
FIVE = Comparison(FREE, SAMPLE, 5, (PIPED,))


@pytest.fixture(scope="module")
def harness(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Harness]:
    with Harness.open(FIVE, root=tmp_path_factory.mktemp("harness")) as opened:
        yield opened


def quiet(_: str) -> None:
    """Nobody listens."""


def stored(harness: Harness, pipeline: Pipeline) -> bytes:
    return harness.client.get_object(Bucket=harness.bucket, Key=pipeline.stores)["Body"].read()


@pytest.mark.parametrize("pipeline", [PEER, PIPED, LIFEBOAT], ids=lambda c: c.name)
def test_what_an_archiving_pipeline_stores_restores_to_an_equal_database(
    pipeline: Pipeline, harness: Harness, tmp_path: Path
) -> None:
    run = harness.run(pipeline)
    archive = tmp_path / "archive.dump"
    archive.write_bytes(stored(harness, pipeline))
    assert run.stored_bytes == archive.stat().st_size

    copy = Database.create(harness.server, pipeline.name.replace("-", "_"))
    program = harness.server.programs / "pg_restore"
    run_program([program, "--exit-on-error", f"--dbname={copy.url}", archive])

    assert copy.inventory() == Database(harness.server, "app").inventory()
    if pipeline is LIFEBOAT:
        manifest = Manifest.from_json(run.measured.output.encode())
        assert all(table.digest for table in manifest.inventory.tables)


def test_what_the_plain_pipeline_stores_holds_every_row(harness: Harness) -> None:
    harness.run(PLAIN)
    rows = count(gzip.decompress(stored(harness, PLAIN)))
    tables = Database(harness.server, "app").inventory().tables
    assert rows.rows == {(t.schema, t.name): t.rows for t in tables}


@pytest.mark.parametrize("pipeline", [LOADED, STOCK, DRILL], ids=lambda c: c.name)
def test_who_brings_a_database_back_brings_all_of_it(pipeline: Pipeline, harness: Harness) -> None:
    harness.keep(PLAIN, LIFEBOAT)
    run = harness.run(pipeline)
    if pipeline is DRILL:
        assert DrillReport.from_json(run.measured.output.encode()).verdict is Verdict.PROVEN
    else:
        copy = Database(harness.server, "copy")
        assert copy.inventory() == Database(harness.server, "app").inventory()


def test_a_pipeline_that_fails_has_no_figures(harness: Harness) -> None:
    broken = Pipeline("broken", "dies half way", "pg_dump --nonsense | cat", "nothing")
    with pytest.raises(LifeboatError, match="unrecognized option"):
        harness.run(broken)


def test_who_takes_too_long_is_asked_to_end_and_then_has_no_figures(
    harness: Harness, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(resource_usage, "LIMIT_SECONDS", 0.5)
    cleaned = tmp_path / "cleaned"
    script = f"trap 'touch {cleaned}; exit 1' INT; while true; do sleep 0.1; done"
    with pytest.raises(LifeboatError, match="longer than"):
        harness.run(Pipeline("slow", "takes long", script))
    assert cleaned.exists()


def test_a_comparison_goes_on_without_what_failed(harness: Harness) -> None:
    broken = Pipeline("broken", "dies half way", "pg_dump --nonsense | cat", "nothing")
    found = measured(Comparison(FREE, SAMPLE, 5, (broken, PIPED)), harness, quiet)
    assert [each.pipeline for each in found.measurements] == [PIPED.name]
    assert found.missing == {"broken": "pg_dump: unrecognized option '--nonsense'"}


def test_a_database_that_can_not_be_made_is_noted(tmp_path: Path) -> None:
    def refuse(connection: psycopg.Connection, _: float) -> None:
        connection.execute("SELECT 1/0")

    impossible = Dataset("impossible", "nothing", refuse)
    found = compare(Comparison(FREE, impossible, 1, (PIPED,)), root=tmp_path, say=quiet)
    assert found.missing == {PIPED.name: "division by zero"}


@pytest.mark.parametrize(
    "shape", [each for each in SHAPES if each is not EMPTY], ids=lambda shape: shape.name
)
def test_an_odd_shape_is_about_as_large_as_asked_for(
    shape: Dataset, new_database: Callable[..., Database]
) -> None:
    database = new_database()
    with database.connect() as connection:
        shape.fill(connection, 8)
    megabytes = database.value("SELECT pg_database_size(current_database())") / 1e6
    assert 8 * 0.8 < megabytes - EMPTY_MEGABYTES < 8 * 1.2


def test_a_shaped_network_is_as_slow_as_it_says() -> None:
    """Ten megabytes there and back: the time of a round trip, and of ten megabytes."""
    with (
        socket.create_server(("127.0.0.1", 0)) as echo,
        shape_network_to(echo.getsockname()[1]) as shaper,
    ):
        sender = socket.create_connection(("127.0.0.1", shaper.port))
        receiver, _ = echo.accept()
        with sender, receiver:
            begun = time.monotonic()
            receiver.sendall(b"x")
            assert sender.recv(1) == b"x"
            assert time.monotonic() - begun > ROUND_TRIP_SECONDS / 2
            body = random.Random(1).randbytes(10_000_000)  # noqa: S311

            def send() -> None:
                sender.sendall(body)
                sender.close()

            begun = time.monotonic()
            threading.Thread(target=send).start()
            assert b"".join(iter(lambda: receiver.recv(1 << 20), b"")) == body
            assert time.monotonic() - begun > len(body) / BYTES_PER_SECOND


def test_who_is_over_the_network_goes_through_it(tmp_path: Path) -> None:
    comparison = Comparison(NETWORK, SAMPLE, 1, (PIPED,))
    with Harness.open(comparison, root=tmp_path) as harness:
        environment = harness.environment(PIPED)
        to_database, to_s3 = (str(shaper.port) for shaper in harness._shapers)
        assert environment["PGPORT"] == to_database
        assert f":{to_database}/" in environment["DATABASE_URL"]
        assert environment["AWS_ENDPOINT_URL_S3"].endswith(f":{to_s3}")
        woken = [shaper.process.num_ctx_switches().voluntary for shaper in harness._shapers]
        run = harness.run(PIPED)
        assert run.stored_bytes > 10_000
        assert run.network_cpu_seconds > 0
        for shaper, before in zip(harness._shapers, woken, strict=True):
            assert shaper.process.num_ctx_switches().voluntary > before


def test_a_comparison_gives_figures_of_all_that_take_part(harness: Harness) -> None:
    alone = measured(Comparison(FREE, SAMPLE, 5, (PIPED,), repeat=2), harness, quiet)
    two = measured(Comparison(FREE, SAMPLE, 5, (LIFEBOAT, DRILL)), harness, quiet)
    (piped,), (ours, drill) = alone.measurements, two.measurements
    assert (alone.missing, two.missing) == ({}, {})
    assert [each.pipeline for each in (piped, ours, drill)] == ["zstd-pipe", "lifeboat", "drill"]
    assert [len(each.seconds) for each in (piped, ours, drill)] == [2, 1, 1]
    for each in (piped, ours, drill):
        assert each.median > 0.1
        assert min(each.client_cpu_seconds) > 0.1
        assert each.peak_bytes > 20e6
        assert each.cpu_seconds["python"] > 0.1
    assert piped.stored_bytes > 10_000
    assert ours.stored_bytes > 10_000
    assert (drill.stored_bytes, bool(drill.steps), drill.disk_bytes > 10**6) == (0, True, True)
