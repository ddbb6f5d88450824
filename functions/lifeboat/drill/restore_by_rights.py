"""Restores into a drill's own server, where next to nothing is done by a superuser.

Who is none logs in as itself: a session that a superuser has begun could become one again.
"""

from collections.abc import Iterator
from typing import LiteralString

from lifeboat.drill.roles import DrillRoles
from lifeboat.drill.run import DrillRun
from lifeboat.postgres.connect import Connection
from lifeboat.recovery.archive_toc import read_entries
from lifeboat.recovery.pg_restore import Restored, in_order, list_entries, restore_pass
from lifeboat.recovery.policy.rights import Turn, turns

_PARAMETERS: LiteralString = """
SELECT name FROM pg_catalog.pg_settings WHERE context IN ('superuser', 'superuser-backend')
"""


def restore_by_rights(run: DrillRun, roles: DrillRoles, jobs: int) -> Restored:
    """Restore in turns of a superuser and of a role that is none, waiting for the end.

    Errors in single objects don't stop it.

    Args:
        run: with the archive in its place, and the empty copy.
        roles: the server's.
        jobs: see `restore_archive`.

    Raises:
        DecodeError: the archive's table of contents can't be read.
        ProgramMissingError: the layer doesn't carry this major.
        LifeboatError: the run was ended for another reason, or the server refused what every
            server of ours takes.
    """
    with run.session(run.copy_name) as session:
        return in_order(_all(run, roles, session, jobs))


def _all(run: DrillRun, roles: DrillRoles, session: Connection, jobs: int) -> Iterator[Restored]:
    contents = list_entries(run)
    parameters = [str(name) for (name,) in session.execute(_PARAMETERS)]
    planned = turns(contents, read_entries(run.archive), parameters)

    def one(turn: Turn) -> Restored:
        if not turn.superuser:
            return restore_pass(run, turn.run, jobs)
        with roles.superusers_again(session):
            return restore_pass(run, turn.run, jobs, run.login)

    roles.open(session)
    for turn in planned.building:
        yield one(turn)
        if turn.superuser:
            roles.open(session)  # the schemas that it has made
    roles.close(session)
    for turn in planned.finishing:
        yield one(turn)
