"""Restores into a drill's own server, where next to nothing is done by a superuser."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import LiteralString

from lifeboat.drill.roles import DrillRoles
from lifeboat.postgres.connect import Connection
from lifeboat.postgres.login import Login
from lifeboat.postgres.watch import Watch
from lifeboat.recovery.archive_toc import read_entries
from lifeboat.recovery.pg_restore import Restore, Restored, in_order
from lifeboat.recovery.policy.rights import Turn, turns

_PARAMETERS: LiteralString = """
SELECT name FROM pg_catalog.pg_settings WHERE context IN ('superuser', 'superuser-backend')
"""


@dataclass(frozen=True)
class RestoreByRights:
    """One restore, in turns of a superuser and of a role that is none.

    Who is none logs in as itself: a session that a superuser has begun could become one again.

    Attributes:
        restore: as the one who is none.
        admin: the superuser's login to the same database.
        roles: the server's.
        session: the superuser's, in that database.
    """

    restore: Restore
    admin: Login
    roles: DrillRoles
    session: Connection

    def run(self, archive: Path, watch: Watch) -> Restored:
        """Restore, waiting for the end; errors in single objects don't stop it.

        Raises:
            DecodeError: the archive's table of contents can't be read.
            ProgramMissingError: the layer doesn't carry this major.
            LifeboatError: the run was ended for another reason.
            psycopg.Error: the server refused what every server of ours takes.
        """
        return in_order(self._all(archive, watch))

    def _all(self, archive: Path, watch: Watch) -> Iterator[Restored]:
        contents = self.restore.contents(archive, watch)
        parameters = [str(name) for (name,) in self.session.execute(_PARAMETERS)]
        planned = turns(contents, read_entries(archive), parameters)
        self.roles.open(self.session)
        for turn in planned.building:
            yield self._one(archive, watch, turn)
            if turn.superuser:
                self.roles.open(self.session)  # the schemas that it has made
        self.roles.close(self.session)
        for turn in planned.finishing:
            yield self._one(archive, watch, turn)

    def _one(self, archive: Path, watch: Watch, turn: Turn) -> Restored:
        if not turn.superuser:
            return self.restore.one(archive, watch, turn.run)
        with self.roles.superusers_again(self.session):
            return replace(self.restore, login=self.admin).one(archive, watch, turn.run)
