"""Recognizes a restore that ran out of disk or memory, and says what to do."""

from collections.abc import Iterable
from enum import StrEnum
from signal import SIGKILL

from lifeboat.model.engine import Engine
from lifeboat.settings import Work
from lifeboat.settings.size_names import Want, size_setting


class Resource(StrEnum):
    """What can run out."""

    DISK = "disk space"
    SERVER_MEMORY = "memory in the server"
    OWN_MEMORY = "memory"


def exhausted_resource(errors: Iterable[str], code: int) -> Resource | None:
    """The resource that ran out; None if nothing points to one.

    Args:
        errors: the first line of each error of the server or pg_restore.
        code: pg_restore's exit code; the kernel kills with signal 9 when memory runs out.
    """
    if code == -SIGKILL:
        return Resource.OWN_MEMORY
    for error in errors:
        if "No space left on device" in error or "Disk quota exceeded" in error:
            return Resource.DISK
        if error.startswith("out of memory"):
            return Resource.SERVER_MEMORY
    return None


def resource_advice(short_of: Resource, kind: Work, engine: Engine, *, own_server: bool) -> str:
    """What to do about it.

    Args:
        short_of: the resource that ran out.
        kind: of run, as the settings name it.
        engine: what it ran in.
        own_server: whether the server runs beside it and shares its disk and memory.
    """
    want: Want = "disk" if short_of is Resource.DISK else "memory"
    if own_server or short_of is Resource.OWN_MEMORY:
        change = f"Raise {size_setting(engine, kind, want)} in lifeboat.toml, then: make deploy."
        return f"{change} Then send the event again."
    thing = "disk" if short_of is Resource.DISK else "memory"
    return f"Give the server that was restored into more {thing}, then send the event again."
