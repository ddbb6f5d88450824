"""Runs pg_restore: an archive into an empty database, with every word that it says about it."""

import re
from dataclasses import dataclass
from pathlib import Path

from psycopg.conninfo import make_conninfo

from lifeboat.postgres.login import Login
from lifeboat.postgres.programs import CALLER, SCRUBBED, Account, Child, Programs
from lifeboat.postgres.watch import Watch

_LINES = 50_000
"""Of what pg_restore says. Errors come with their statements; a schema of thousands of objects that
all fail is told well enough by this many."""


_EVENT_TRIGGER = re.compile(r"\d+; \d+ \d+ (COMMENT - )?EVENT TRIGGER ")


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
        entries: of the archive's table of contents, a line for each; None for all of them.
    """

    programs: Programs
    major: int
    login: Login
    jobs: int
    owners: bool
    account: Account = CALLER
    entries: tuple[str, ...] | None = None

    def run(self, archive: Path, watch: Watch) -> Restored:
        """Restore, waiting for the end; errors in single objects don't stop it.

        Event triggers come last and on their own: pg_restore makes them at the same time as it
        refreshes materialized views, and one that objects to definitions may object to that.

        Raises:
            ProgramMissingError: the layer doesn't carry this major.
            LifeboatError: the run was ended for another reason.
        """
        if self.entries is not None:
            return self._run(archive, watch, jobs=self.jobs, only=list(self.entries))
        contents = self._list(archive, watch)
        triggers = [line for line in contents if _EVENT_TRIGGER.match(line)]
        if not triggers:
            return self._run(archive, watch, jobs=self.jobs)
        rest = [line for line in contents if line not in triggers]
        first = self._run(archive, watch, jobs=self.jobs, only=rest)
        last = self._run(archive, watch, jobs=1, only=triggers)
        return Restored(first.code or last.code, "\n".join(filter(None, (first.said, last.said))))

    def _run(
        self, archive: Path, watch: Watch, *, jobs: int, only: list[str] | None = None
    ) -> Restored:
        argv = [
            str(self.programs.path("pg_restore", self.major)),
            f"--dbname={make_conninfo(dbname=self.login.endpoint.database)}",
            f"--jobs={jobs}",
            "--no-password",
            *(() if self.owners else ("--no-owner", "--no-privileges")),
        ]
        if only is not None:
            chosen = archive.with_suffix(".list")
            chosen.write_bytes("\n".join(only).encode(errors="surrogateescape"))
            chosen.chmod(0o644)  # the account may be another one
            argv.append(f"--use-list={chosen}")
        environment = {**SCRUBBED, **self.login.environment()}
        argv.append(str(archive))
        with watch.child(Child(argv, env=environment, account=self.account, lines=_LINES)) as child:
            code = child.wait()
            watch.check()
            return Restored(code, child.last_words())

    def _list(self, archive: Path, watch: Watch) -> list[str]:
        """The archive's table of contents, a line for each entry."""
        argv = [str(self.programs.path("pg_restore", self.major)), "--list", str(archive)]
        with watch.child(Child(argv, env=SCRUBBED, account=self.account)) as child:
            contents = child.read_all()
            child.wait()  # what is wrong with the archive is told by the restore itself
            watch.check()
        return contents.decode(errors="surrogateescape").splitlines()
