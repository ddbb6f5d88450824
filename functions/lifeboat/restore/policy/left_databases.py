"""Decides which databases of a server a restore or a swap has left there."""

from collections.abc import Iterable
from datetime import datetime, timedelta

from lifeboat.restore.policy.copy_names import CopyName, parse_copy_name
from lifeboat.restore.policy.report import RestoreReport

_SLACK = timedelta(minutes=5)
"""Clocks differ, and two swaps in the same second get names of two seconds."""


def newest_copies(databases: Iterable[str], now: datetime) -> list[tuple[str, CopyName]]:
    """Those whose names restores and swaps give, the newest first; none from the future.

    A name proves little: whoever may create databases on the server can choose it. One from the
    future would be the newest forever.
    """
    found = [
        (name, parsed)
        for name in databases
        if (parsed := parse_copy_name(name)) and parsed.moment <= now + _SLACK
    ]
    return sorted(found, key=lambda each: (each[1].moment, each[0]), reverse=True)


def is_restored(name: str, report: RestoreReport | None, endpoint: str) -> bool:
    """Whether a restore has made this very database, whole, on this server.

    Args:
        name: of the database.
        report: of the restore that began when the name says.
        endpoint: a digest of the server's host and port.
    """
    return (
        report is not None
        and report.restored_database == name
        and report.endpoint == endpoint
        and report.action == "restore"
    )
