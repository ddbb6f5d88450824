"""Restores into a drill's own server, almost entirely without superuser rights.

The ordinary role has its own login: code in a superuser's session could regain superuser rights.
"""

from collections.abc import Iterable, Iterator
from typing import LiteralString

from lifeboat.drill.roles import DrillRoles
from lifeboat.drill.run import DrillRun
from lifeboat.postgres.connect import Connection
from lifeboat.recovery.archive_toc import read_entries
from lifeboat.recovery.pg_restore import PgRestoreResult, restore_pass, run_in_order
from lifeboat.recovery.policy.rights import RolePass, passes_by_role

_PARAMETERS: LiteralString = """
SELECT name FROM pg_catalog.pg_settings WHERE context IN ('superuser', 'superuser-backend')
"""


def restore_unprivileged(
    run: DrillRun, roles: DrillRoles, database: str, lines: Iterable[str], jobs: int
) -> PgRestoreResult:
    """Restore in passes, each by a superuser or by an ordinary role, and wait for the end.

    Errors in single objects don't stop it.

    Args:
        run: whose archive has been fetched.
        roles: of the server.
        database: of the server, and empty.
        lines: of the archive's table of contents.
        jobs: see `restore_archive`.

    Raises:
        DecodeError: the archive's table of contents can't be read.
        ProgramMissingError: the layer doesn't carry this major.
        LifeboatError: the run was ended for another reason, or the server refused what every
            server of ours takes.
    """
    with run.session(database) as session:
        return run_in_order(_run_all(run, roles, session, lines, jobs))


def _run_all(
    run: DrillRun, roles: DrillRoles, session: Connection, lines: Iterable[str], jobs: int
) -> Iterator[PgRestoreResult]:
    database = session.info.dbname
    parameters = [str(name) for (name,) in session.execute(_PARAMETERS)]
    planned = passes_by_role(lines, read_entries(run.archive), parameters)

    def run_one(role_pass: RolePass) -> PgRestoreResult:
        if not role_pass.superuser:
            return restore_pass(run, role_pass.run, jobs, run.restorer.to(database))
        with roles.as_superusers(session):
            return restore_pass(run, role_pass.run, jobs, run.login.to(database))

    roles.open(session)
    for role_pass in planned.building:
        yield run_one(role_pass)
        if role_pass.superuser:
            roles.open(session)  # the schemas that it has made
    roles.close(session)
    for role_pass in planned.finishing:
        yield run_one(role_pass)
