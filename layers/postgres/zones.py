"""Time zones for servers that lie anywhere.

The wheels' servers look for time zones where they were compiled to, in `/usr/share/zoneinfo`, which
Lambda's system need not have. That path is overwritten in place by a relative one, so that a server
finds them through a link in its working directory, wherever the layer lies.
"""

import shutil
from collections.abc import Iterable
from pathlib import Path

from layers.postgres.lock import ZONES, Hashes, single_wheel
from layers.target import Platform
from layers.wheels import unpacked
from lifeboat.errors import LayerError

RELATIVE_ZONES = "zoneinfo"
"""Where a server looks, from its working directory. That is the data directory once it runs, and
before that the one in which it, or initdb, was started."""

_COMPILED_IN = b"\0/usr/share/zoneinfo\0"
_TZIF = b"TZif"
"""How a compiled time zone begins (RFC 9636)."""


def relocate_zones(programs: Iterable[Path]) -> None:
    """Let these programs look for time zones in their working directory's `zoneinfo`.

    Raises:
        LayerError: a program does not hold the compiled-in path exactly once.
    """
    relative = b"\0" + RELATIVE_ZONES.encode()
    for program in programs:
        content = program.read_bytes()
        if content.count(_COMPILED_IN) != 1:
            raise LayerError(
                f"{program} has {content.count(_COMPILED_IN)} compiled-in paths of time zones "
                "instead of one.",
                todo="Go back to the version before in layers.lock.json, and see what has changed.",
            )
        program.write_bytes(content.replace(_COMPILED_IN, relative.ljust(len(_COMPILED_IN), b"\0")))


def add_zones(into: Path, platform: Platform, hashes: Hashes, *, build: Path) -> None:
    """Copy all time zones of the IANA's database into a directory that isn't there yet.

    Raises:
        LayerError: the wheel can't be had.
    """
    source = unpacked(single_wheel(ZONES, platform, hashes), build=build) / "tzdata" / "zoneinfo"
    for path in source.rglob("*"):
        if path.is_file() and path.read_bytes().startswith(_TZIF):
            target = into / path.relative_to(source)
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(path, target)
