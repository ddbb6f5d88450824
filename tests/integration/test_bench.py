"""The bench compares like with like: what each contestant stores is the whole database."""

import gzip
import random
import socket
import threading
import time
from collections.abc import Callable, Iterator
from datetime import date
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from lifeboat.errors import LifeboatError
from lifeboat.model.drill_report import DrillReport, Verdict
from lifeboat.model.manifest import Manifest
from lifeboat.postgres.copy_rows import CopyRows
from local.bench.__main__ import Bout, main, measured
from local.bench.contestants import (
    CHECKSUMS,
    DRILL,
    EVERYONE,
    LIFEBOAT,
    PEER,
    PIPED,
    PLAIN,
    PLAYED,
    STOCK,
    Contestant,
)
from local.bench.figures import Benchmark, Measurement, promises
from local.bench.page import render
from local.bench.ring import Ring
from local.bench.scenes import SAMPLE, SHAPES, Scene
from local.bench.wire import BYTES_PER_SECOND, ROUND_TRIP_SECONDS, wire_to
from tests.support.backup_harness import Database, run_program

EMPTY_MEGABYTES = 7.8


@pytest.fixture(scope="module")
def ring(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ring]:
    with Ring.open(SAMPLE, 5, major=18, root=tmp_path_factory.mktemp("ring")) as opened:
        yield opened


def stored(ring: Ring, contestant: Contestant) -> bytes:
    return ring.client.get_object(Bucket=ring.bucket, Key=contestant.stores)["Body"].read()


@pytest.mark.parametrize("contestant", [PEER, PIPED, LIFEBOAT, CHECKSUMS], ids=lambda c: c.name)
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
    if contestant in (LIFEBOAT, CHECKSUMS):
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


@pytest.mark.parametrize("contestant", [PLAYED, STOCK, DRILL], ids=lambda c: c.name)
def test_who_brings_a_database_back_brings_all_of_it(contestant: Contestant, ring: Ring) -> None:
    ring.keep(PLAIN, LIFEBOAT)
    run = ring.run(contestant)
    if contestant is DRILL:
        assert DrillReport.from_json(run.measured.output.encode()).verdict is Verdict.PROVEN
    else:
        copy = Database(ring.server, "copy")
        assert copy.inventory() == Database(ring.server, "app").inventory()


def test_a_contestant_that_fails_has_no_figures(ring: Ring) -> None:
    broken = Contestant("broken", "dies half way", "pg_dump --nonsense | cat", "nothing")
    with pytest.raises(LifeboatError, match="ended with 1"):
        ring.run(broken)


@pytest.mark.parametrize("shape", SHAPES, ids=lambda shape: shape.name)
def test_an_odd_shape_is_about_as_large_as_asked_for(
    shape: Scene, new_database: Callable[..., Database]
) -> None:
    database = new_database()
    with database.connect() as connection:
        shape.fill(connection, 8)
    megabytes = database.value("SELECT pg_database_size(current_database())") / 1e6
    assert 8 * 0.8 < megabytes - EMPTY_MEGABYTES < 8 * 1.2


def test_a_wire_is_as_slow_as_it_says() -> None:
    """Ten megabytes there and back: the time of a round trip, and of ten megabytes."""
    with socket.create_server(("127.0.0.1", 0)) as echo, wire_to(echo.getsockname()[1]) as wire:
        sender = socket.create_connection(("127.0.0.1", wire.port))
        receiver, _ = echo.accept()
        with sender, receiver:
            begun = time.monotonic()
            receiver.sendall(b"x")
            assert sender.recv(1) == b"x"
            assert time.monotonic() - begun > ROUND_TRIP_SECONDS / 2
            body = random.Random(1).randbytes(10_000_000)  # noqa: S311
            begun = time.monotonic()
            threading.Thread(target=lambda: (sender.sendall(body), sender.close())).start()
            assert b"".join(iter(lambda: receiver.recv(1 << 20), b"")) == body
            assert time.monotonic() - begun > len(body) / BYTES_PER_SECOND


def test_who_is_wired_goes_through_the_wires(tmp_path: Path) -> None:
    with Ring.open(SAMPLE, 1, major=18, root=tmp_path, wired=True) as ring:
        environment = ring.environment(PIPED)
        to_database, to_s3 = (str(wire.port) for wire in ring._wires)
        assert environment["PGPORT"] == to_database
        assert f":{to_database}/" in environment["DATABASE_URL"]
        assert environment["AWS_ENDPOINT_URL_S3"].endswith(f":{to_s3}")
        woken = [wire.process.num_ctx_switches().voluntary for wire in ring._wires]
        assert ring.run(PIPED).stored_bytes > 10_000
        for wire, before in zip(ring._wires, woken, strict=True):
            assert wire.process.num_ctx_switches().voluntary > before


def test_a_bout_gives_figures_of_all_that_take_part(ring: Ring) -> None:
    quiet = Console(file=StringIO())
    (piped,) = measured(Bout(SAMPLE, 5, (PIPED,), repeat=2), ring, quiet)
    ours, drill = measured(Bout(SAMPLE, 5, (LIFEBOAT, DRILL)), ring, quiet)
    assert [each.contestant for each in (piped, ours, drill)] == ["zstd-pipe", "lifeboat", "drill"]
    assert [len(each.seconds) for each in (piped, ours, drill)] == [2, 1, 1]
    for each in (piped, ours, drill):
        assert each.median > 0.1
        assert each.peak_bytes > 20e6
        assert each.cpu_seconds["python"] > 0.1
    assert piped.stored_bytes > 10_000
    assert ours.stored_bytes > 10_000
    assert (drill.stored_bytes, bool(drill.steps), drill.disk_bytes > 10**6) == (0, True, True)


def synthetic(contestant: Contestant, seconds: float, **more: object) -> Measurement:
    figures = {
        "scene": SAMPLE.name,
        "wired": False,
        "database_bytes": 10**9,
        "contestant": contestant.name,
        "seconds": [seconds],
        "cpu_seconds": {"python": 3.25},
        "others_share": 0,
        "peak_bytes": 10**8,
    }
    return Measurement.model_validate(figures | more)


def test_promises_that_are_not_kept_are_said(tmp_path: Path, capsys: Any) -> None:
    """Everybody took ten seconds."""
    everybody = tuple(synthetic(each, 10) for each in EVERYONE)
    wired = tuple(synthetic(each, 77, wired=True) for each in (PEER, PIPED, LIFEBOAT, DRILL))
    odd = tuple(synthetic(each, 55, scene="wide-rows") for each in (PIPED, LIFEBOAT, DRILL))
    found = Benchmark(
        measured=date(2026, 11, 22), machine={"cpu": "a"}, measurements=everybody + wired + odd
    )
    assert [promise.kept for promise in promises(found)] == [False, False, True, True, True, True]
    (tmp_path / "benchmarks.json").write_text(found.model_dump_json())
    main(["--draw-only", "--out", str(tmp_path)])
    assert capsys.readouterr().out.count("MISSED") == 2
    page = (tmp_path / "benchmarks.md").read_text()
    assert page.count("**missed**") == 2
    assert page.count("| 77.0 | 10.0 |") == 4
    assert "| 55.0 | 55.0 | 1.00 x |" in page
    picture = (tmp_path / "benchmarks.svg").read_text()
    assert "Lifeboat: stored, decoded, counted" in picture


def test_a_busy_machine_is_said() -> None:
    everybody = [synthetic(each, 10, others_share=0.3) for each in EVERYONE]
    found = Benchmark(measured=date(2026, 11, 22), machine={"cpu": "a"}, measurements=everybody)
    assert "in 8 of 8 measurements up to 30% of its cores" in render(found)
