"""Gives the servers a core of their own, and the pipelines another one.

A function of 1,769 MB has one core, and its database and S3 are elsewhere
(https://docs.aws.amazon.com/lambda/latest/dg/configuration-memory.html). On shared cores a pipeline
of several processes would use a core that such a function doesn't have.
"""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

WANTED = "It needs Linux and two cores."


@dataclass(frozen=True)
class Cores:
    """Two cores, by the system's numbers.

    Attributes:
        client: of the pipeline and all that it starts.
        servers: of PostgreSQL and of the S3 server.
    """

    client: int
    servers: int


def two_cores() -> Cores | None:
    """Two of the cores that this process may use, if possible not two threads of one core.

    None where the system can't bind a process to a core (macOS), and where there is only one.
    """
    if not hasattr(os, "sched_setaffinity"):
        return None
    client, *others = sorted(os.sched_getaffinity(0))
    apart = sorted(set(others) - _threads_of_the_core_of(client)) or others
    return Cores(client, apart[0]) if apart else None


@contextmanager
def only_on(core: int | None) -> Iterator[None]:
    """What this thread starts within the block runs on this core only, and its children too.

    The kernel hands the binding down at fork and keeps it at exec (sched_setaffinity(2)), so no
    thread of a program ever runs elsewhere. None: nothing is bound.
    """
    if core is None:
        yield
        return
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {core})
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)


def _threads_of_the_core_of(core: int) -> set[int]:
    """The numbers that are threads of the same core; Linux writes them as `0,4` or `0-1`."""
    try:
        listed = Path(f"/sys/devices/system/cpu/cpu{core}/topology/thread_siblings_list")
        ranges = [each.split("-") for each in listed.read_text().strip().split(",")]
    except FileNotFoundError:
        return {core}
    return {number for ends in ranges for number in range(int(ends[0]), int(ends[-1]) + 1)}
