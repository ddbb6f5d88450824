"""Says what the minor release of a server means for its backups."""

import re

_STANDBY_FIX = {14: 25, 15: 20, 16: 16, 17: 12, 18: 7}
"""The first minor of each major with "Fix snapshot export and import to work properly on a snapshot
taken during recovery" (release notes of 2026-11-12). Later majors had it from the beginning."""

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


def unfixed_standby(server: str, *, standby: bool) -> tuple[str, str] | None:
    """Both releases, such as 17.11 and 17.12, if the second mends what the first, a standby, lacks.

    Before, a session that imports a standby's snapshot may see what was committed later.

    Args:
        server: the server's own version text.
        standby: whether it is one.
    """
    release = _RELEASE.match(server)
    if not standby or not release or int(release[2]) >= _STANDBY_FIX.get(int(release[1]), 0):
        return None
    return release[0], f"{release[1]}.{_STANDBY_FIX[int(release[1])]}"


def unfixed_standby_notes(server: str, *, standby: bool) -> tuple[str, ...]:
    """A note about it for a backup's manifest; empty if the server is fixed or no standby."""
    releases = unfixed_standby(server, standby=standby)
    if releases is None:
        return ()
    note = (
        f"The server is a standby with PostgreSQL {releases[0]}: before {releases[1]}, pg_dump may"
        " see there what was committed after its snapshot was taken, so the data may be of more"
        " than one moment. The number of rows is that of the snapshot. Upgrade the standby, or back"
        " up the primary."
    )
    return (note,)
