"""Runs pg_restore: an archive into an empty database, with every word that it says about it."""

from dataclasses import dataclass
from pathlib import Path

from psycopg.conninfo import make_conninfo

from lifeboat.errors import DecodeError
from lifeboat.postgres.login import Login
from lifeboat.postgres.programs import CALLER, SCRUBBED, Account, Child, Programs
from lifeboat.postgres.watch import Watch

_LINES = 50_000
"""Of what pg_restore says. Errors come with their statements; a schema of thousands of objects that
all fail is told well enough by this many."""


@dataclass(frozen=True)
class Restored:
    """How a restore ended.

    Attributes:
        code: pg_restore's exit code: 0 without any error; negative: the signal that killed it.
        said: its standard error, without a password.
    """

    code: int
    said: str


@dataclass(frozen=True)
class Restore:
    """One restore of a custom-format archive.

    The child gets no AWS credentials: an archive is input, and pg_restore has had holes that a
    crafted one could use.

    Attributes:
        programs: where pg_restore is.
        major: the target server's major, and so pg_restore's.
        login: to the empty database.
        jobs: tables and indexes at the same time. From 2 on, a table is loaded in the transaction
            that empties it, which spares a server with wal_level=minimal the log of it.
        owners: also set owners and grants, for which all roles have to be there.
        account: whom it runs as.
    """

    programs: Programs
    major: int
    login: Login
    jobs: int
    owners: bool
    account: Account = CALLER

    def run(self, archive: Path, watch: Watch) -> Restored:
        """Restore, waiting for the end; errors in single objects don't stop it.

        Raises:
            ProgramMissingError: the layer doesn't carry this major.
            LifeboatError: the run was ended for another reason.
        """
        argv = [
            str(self.programs.path("pg_restore", self.major)),
            f"--dbname={make_conninfo(dbname=self.login.endpoint.database)}",
            f"--jobs={self.jobs}",
            "--no-password",
            *(() if self.owners else ("--no-owner", "--no-privileges")),
            str(archive),
        ]
        environment = {**SCRUBBED, **self.login.environment()}
        with watch.child(Child(argv, env=environment, account=self.account, lines=_LINES)) as child:
            child.read_all()
            code = child.wait()
            watch.check()
            return Restored(code, child.last_words())


def schema_script(programs: Programs, major: int, archive: Path, watch: Watch) -> str:
    """What the archive would create, as SQL, without rows.

    Raises:
        DecodeError: pg_restore can't read the archive.
    """
    argv = [
        str(programs.path("pg_restore", major)),
        "--schema-only",
        "--no-owner",
        "--no-privileges",
        "--file=-",
        str(archive),
    ]
    with watch.child(Child(argv, env=SCRUBBED)) as child:
        script = child.read_all()
        code = child.wait()
        watch.check()
        if code:
            raise DecodeError(
                f"pg_restore can't read the archive's definitions ({code}): {child.last_words()}",
                todo="Use another backup, and take a new one by hand.",
            )
    return script.decode(errors="replace")
