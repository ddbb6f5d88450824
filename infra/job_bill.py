"""What jobs cost and take, for docs/large-databases.md: `make bill` prints it too.

Computed, not measured: the pace is that of `make bench` through a network of 78 MB/s
(docs/benchmarks.md), the prices are those of CodeBuild, and a build is assumed to begin in a
minute.
"""

from collections.abc import Iterator

from lifeboat.model.aws import Architecture
from lifeboat.model.engine import MACHINES, ComputeName
from lifeboat.model.prices import US_EAST_1
from lifeboat.model.text import format_duration
from lifeboat.monitor.policy.run_cost import job_dollars

BACKUP_SECONDS_A_GB = 12.3
"""Of the database: 11.93 s for 967 MB."""

DRILL_SECONDS_A_GB = 14.6
"""Of the database: 14.07 s for 967 MB."""

DRILL_DISK_SHARE = 1.33
"""Disk that a drill uses for archive and database, of the database: 1,280 MB for 967 MB."""

SIZES_GB = (10, 100, 1000)
"""Databases that are shown."""

_ARCHITECTURE: Architecture = "arm64"
_HEADINGS = ("database", "a backup", "costs", "a drill", "costs")
_MACHINES: tuple[ComputeName, ...] = ("large", "xlarge", "2xlarge")


def drill_machine(gigabytes: float) -> ComputeName | None:
    """The smallest machine from the default one on whose disk a drill fits; None if none is enough.

    Args:
        gigabytes: of the database.
    """
    needed = gigabytes * DRILL_DISK_SHARE * 10**9
    for name in _MACHINES:
        if MACHINES[_ARCHITECTURE][name].disk_mb * 2**20 >= needed:
            return name
    return None


def table() -> str:
    """The table of docs/large-databases.md, in Markdown."""
    return "\n".join(_rows())


def _rows() -> Iterator[str]:
    yield _row(_HEADINGS)
    yield "|---:" * len(_HEADINGS) + "|"
    for gigabytes in SIZES_GB:
        backup = gigabytes * BACKUP_SECONDS_A_GB
        drill = gigabytes * DRILL_SECONDS_A_GB
        machine = drill_machine(gigabytes)
        of_drill = (
            (f"{format_duration(drill)} (`{machine}`)", _dollars(drill, machine))
            if machine
            else ("needs a server of its own (`target`)", "-")
        )
        of_backup = (format_duration(backup), _dollars(backup, "medium"))
        yield _row((f"{gigabytes} GB", *of_backup, *of_drill))


def _dollars(seconds: float, compute: ComputeName) -> str:
    return f"${job_dollars(seconds, compute, _ARCHITECTURE, US_EAST_1):.2f}"


def _row(cells: tuple[str, ...]) -> str:
    return f"| {' | '.join(cells)} |"


if __name__ == "__main__":
    print(table())  # noqa: T201 - this is what the command is for
