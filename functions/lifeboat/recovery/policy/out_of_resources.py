"""Tells a restore that ran out of room from one of a bad backup, and says what makes room."""

from collections.abc import Iterable
from enum import StrEnum
from signal import SIGKILL
from typing import Literal


class Shortage(StrEnum):
    """What there was too little of."""

    DISK = "disk space"
    SERVER_MEMORY = "memory in the server"
    OWN_MEMORY = "memory"


def shortage(errors: Iterable[str], code: int) -> Shortage | None:
    """What a restore was short of; None where nothing points to that.

    Args:
        errors: the first line of each error, as the server or pg_restore said it.
        code: how pg_restore ended; the kernel kills by signal 9 when memory is short.
    """
    if code == -SIGKILL:
        return Shortage.OWN_MEMORY
    for error in errors:
        if "No space left on device" in error or "Disk quota exceeded" in error:
            return Shortage.DISK
        if error.startswith("out of memory"):
            return Shortage.SERVER_MEMORY
    return None


def cure(short_of: Shortage, kind: Literal["drill", "restore"], *, own_server: bool) -> str:
    """What to do about it.

    Args:
        short_of: what there was too little of.
        kind: of function, as the settings call it.
        own_server: the server is the function's own, and shares its disk and memory.
    """
    setting = "ephemeral_mb" if short_of is Shortage.DISK else "memory_mb"
    if own_server or short_of is Shortage.OWN_MEMORY:
        change = f"Raise {kind}.{setting} in lifeboat.toml, then: make deploy."
        return f"{change} Then send the event again."
    thing = "disk" if short_of is Shortage.DISK else "memory"
    return f"Give the server that was restored into more {thing}, then send the event again."
