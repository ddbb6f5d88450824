"""Compares the minor release of a server with that of the pg_dump that reads it."""

import re

_RELEASE = re.compile(r"(\d{1,4})\.(\d{1,4})(?!\d)")


def newer_server(server: str, program: str) -> tuple[str, str] | None:
    """Both releases, such as 17.12 and 17.11, if the server has the later minor of the same major.

    Args:
        server: the server's own version text, such as "17.12 (Debian 17.12-1)".
        program: the version of pg_dump; a beta, or one without a minor, gives None.
    """
    theirs, ours = _RELEASE.match(server), _RELEASE.match(program)
    if not theirs or not ours or theirs[1] != ours[1] or int(theirs[2]) <= int(ours[2]):
        return None
    return theirs[0], ours[0]


def newer_server_notes(server: str, program: str) -> tuple[str, ...]:
    """A note about it for a backup's manifest; empty if pg_dump is new enough."""
    releases = newer_server(server, program)
    if releases is None:
        return ()
    note = (
        f"The server runs PostgreSQL {releases[0]}, newer than the pg_dump {releases[1]} that read"
        " it: the archive may name what only newer servers know, such as pg_attver; restores by"
        " Lifeboat leave that out; for manual ones see docs/runbooks/lifeboat-is-gone.md."
    )
    return (note,)
