"""`python -m layers`: build every layer that is missing, and say what is in them."""

import argparse
import sys
from pathlib import Path
from typing import NamedTuple

from rich.console import Console
from rich.table import Table

from layers.closure import dotted
from layers.host import host_archive
from layers.postgres import client_layer, server_layer
from layers.postgres.lock import refresh
from layers.python import dependency_layer
from layers.summary import Summary, summarize
from layers.target import ARCHITECTURES, Architecture
from lifeboat.errors import NOTHING_DEPLOYED, LifeboatError

LIMIT = 250 * 1024 * 1024
"""What a function and its layers may hold unzipped, in bytes (AWS: "Lambda quotas")."""


class Layers(NamedTuple):
    """The layers for one architecture."""

    postgres: Path
    server: Path
    python: Path

    def together(self) -> dict[str, tuple[Path, Path]]:
        """The layers that one function carries, by what the function does."""
        return {
            "backup": (self.postgres, self.python),
            "drill": (self.server, self.python),
        }


def main(arguments: list[str]) -> int:
    """Do what the command line says; gives the exit code."""
    options = _parser().parse_args(arguments)
    try:
        if options.command == "lock":
            refresh()
        built = {arch: _layers(arch) for arch in options.arch or ARCHITECTURES}
    except LifeboatError as error:
        # The whole answer to the person who ran it.
        print(error.ending(NOTHING_DEPLOYED), file=sys.stderr)  # noqa: T201
        return 1
    Console().print(_table(built))
    if options.command == "host":
        for arch in built:
            print(host_archive(arch))  # noqa: T201
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m layers", description=__doc__)
    parser.add_argument(
        "command",
        nargs="?",
        choices=("build", "lock", "host"),
        default="build",
        help="build: what is missing (default); lock: first look up the hashes of the versions "
        "written in layers/postgres/layers.lock.json; host: also an archive for a machine of your"
        " own",
    )
    parser.add_argument(
        "--arch",
        action="append",
        choices=ARCHITECTURES,
        help="only this architecture (can be given twice)",
    )
    return parser


def _layers(architecture: Architecture) -> Layers:
    return Layers(
        postgres=client_layer(architecture),
        server=server_layer(architecture),
        python=dependency_layer(architecture),
    )


def _table(built: dict[Architecture, Layers]) -> Table:
    table = Table("Layer", title="Layers in build/layers/")
    for heading in ("Unzipped", "Files", "Highest glibc", "Content"):
        table.add_column(heading, justify="right")
    for architecture, layers in built.items():
        summaries = {layer: summarize(layer) for layer in layers}
        for layer, summary in summaries.items():
            table.add_row(layer.name, *_cells(summary))
        for purpose, carried in layers.together().items():
            total = sum(summaries[layer].bytes for layer in carried)
            share = f"{total / LIMIT:.0%} of {_megabytes(LIMIT)}"
            label = f"[bold]{architecture}, {purpose}"
            table.add_row(label, _megabytes(total), "", "", share)
        table.add_section()
    return table


def _cells(summary: Summary) -> tuple[str, ...]:
    size = _megabytes(summary.bytes)
    return size, str(summary.files), dotted(summary.glibc), summary.digest


def _megabytes(size: int) -> str:
    return f"{size / 1024**2:.0f} MB"


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
