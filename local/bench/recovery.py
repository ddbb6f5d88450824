"""`make bench-drill`: how long it takes to get a database back, three ways, in one run.

The strategy that people write down (`aws s3 cp`, `gunzip | psql`), stock `pg_restore -j2` from a
file, and Lifeboat's drill, which also checks, decodes and compares. Writes `build/recovery.json`.
"""

import argparse
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from rich.box import SIMPLE
from rich.console import Console
from rich.table import Table

from layers.postgres import MAJORS, server_layer
from layers.postgres.client import PREFIX
from layers.target import Platform
from lifeboat.policy.drill_report import DrillReport
from lifeboat.postgres.programs import ROOT_VARIABLE
from local.bench.contestants import GUNZIP, LIFEBOAT, PLAIN, PYTHON
from local.bench.machine import describe
from local.bench.meter import look_at, measure
from local.bench.ring import REPOSITORY, Ring

PLAYED = "gunzip | psql"
STOCK = "pg_restore -j2"
DRILL = "drill"
_RECEIVE = f'{PYTHON} local.bench.receive "$BUCKET"'
SCRIPTS = {
    PLAYED: f'{_RECEIVE} {PLAIN.stores} "$SCRATCH/dump.sql.gz"\n'
    f'{GUNZIP} "$SCRATCH/dump.sql.gz" | {PYTHON} local.bench.play',
    STOCK: f'{_RECEIVE} {LIFEBOAT.stores} "$SCRATCH/archive.dump"\n'
    'exec pg_restore -j2 -d "$COPY_DATABASE" "$SCRATCH/archive.dump"',
    DRILL: f"exec {PYTHON} local.bench.drill",
}


def main(argv: Sequence[str] | None = None) -> None:
    """Measure every size that the command line asks for."""
    options = _parser().parse_args(argv)
    console = Console()
    options.out.parent.mkdir(parents=True, exist_ok=True)
    found: list[dict[str, Any]] = []
    machine: dict[str, str] = {}
    for megabytes in options.size_mb:
        console.print(f"Making a database of about {megabytes:g} MB, and both backups of it")
        with Ring.open(major=options.major, megabytes=megabytes, root=options.out.parent) as ring:
            machine = machine or describe(ring)
            ring.keep(PLAIN)
            ring.keep(LIFEBOAT)
            found.append(_measured(ring, options.repeat))
        console.print(_table(found[-1]))
    for name, value in machine.items():
        console.print(f"{name}: {value}", highlight=False)
    options.out.write_text(json.dumps({"machine": machine, "results": found}, indent=2) + "\n")
    console.print(f"Written: {options.out}", highlight=False)


def _measured(ring: Ring, repeat: int) -> dict[str, Any]:
    """All three in turns; the drill once more for a look at its memory."""
    seconds: dict[str, list[float]] = {name: [] for name in SCRIPTS}
    report = None
    for _ in range(repeat):
        for name, script in SCRIPTS.items():
            measured = measure(_bash(script), _environment(ring))
            seconds[name].append(measured.seconds)
            if name == DRILL:
                report = DrillReport.from_json(measured.output.encode())
    if report is None:
        raise ValueError("nothing was repeated")
    looks = look_at(_bash(SCRIPTS[DRILL]), _environment(ring))
    return {
        "database_bytes": ring.database_bytes,
        "archive_bytes": report.archive_bytes,
        "seconds": seconds,
        "drill_steps": report.seconds,
        "drill_disk_bytes": report.disk_bytes,
        "drill_peak_bytes": looks.peak_bytes,
    }


def _bash(script: str) -> list[str]:
    return ["bash", "-o", "pipefail", "-euc", script]


def _environment(ring: Ring) -> dict[str, str]:
    ring.clear_scratch()
    layer = server_layer(Platform.of_host().architecture) / PREFIX
    return {
        **ring.environment(),
        "COPY_DATABASE": ring.empty_database(),
        ROOT_VARIABLE: str(layer),
        "TMPDIR": "/tmp",  # noqa: S108  # a short path, for the server's socket
    }


def _table(result: dict[str, Any]) -> Table:
    title = (
        f"A database of {result['database_bytes'] / 1e6:,.0f} MB,"
        f" an archive of {result['archive_bytes'] / 1e6:,.0f} MB"
    )
    table = Table(title=title, title_justify="left", box=SIMPLE, pad_edge=False)
    table.add_column("")
    table.add_column("seconds", justify="right")
    for name, values in result["seconds"].items():
        middle = sorted(values)[len(values) // 2]
        table.add_row(name, f"{middle:.1f} ({min(values):.1f}-{max(values):.1f})")
    for step, seconds in result["drill_steps"].items():
        table.add_row(f"  {step}", f"{seconds:.1f}")
    table.add_row("drill: /tmp", f"{result['drill_disk_bytes'] / 1e6:,.0f} MB")
    table.add_row("drill: memory, server included", f"{result['drill_peak_bytes'] / 1e6:,.0f} MB")
    return table


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m local.bench.recovery", description=__doc__)
    parser.add_argument("--size-mb", type=float, nargs="+", default=[100.0, 1000.0], help="sizes")
    parser.add_argument("--repeat", type=int, default=1, help="measured runs of each")
    parser.add_argument("--major", type=int, default=18, choices=MAJORS)
    parser.add_argument("--out", type=Path, default=REPOSITORY / "build" / "recovery.json")
    return parser


if __name__ == "__main__":
    main()
