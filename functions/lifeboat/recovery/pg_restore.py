"""Runs pg_restore: an archive into an empty database, with every word that it says about it."""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from psycopg.conninfo import make_conninfo

from lifeboat.postgres.jail import LOCAL, OFFLINE, REMOTE
from lifeboat.postgres.login import Login
from lifeboat.postgres.programs import CALLER, SCRUBBED, Account, Child, Programs
from lifeboat.postgres.watch import Watch
from lifeboat.recovery.policy.passes import Pass, passes

_LINES = 50_000
"""Of what pg_restore says. Errors come with their statements; a schema of thousands of objects that
all fail is told well enough by this many."""

_TO_THE_END = "errors ignored on restore: "
"""Says pg_restore in the end, when it has tried everything."""


@dataclass(frozen=True)
class Restored:
    """How a restore ended.

    Attributes:
        code: pg_restore's exit code: 0 without any error; negative: the signal that killed it.
        said: its standard error, without a password.
        whole: whether every pass came to its end, be it with errors.
    """

    code: int
    said: str
    whole: bool


def in_order(passes: Iterable[Restored]) -> Restored:
    """What passes come to, one after the other; none is begun after one that did not end."""
    done: list[Restored] = []
    for each in passes:
        done.append(each)
        if not each.whole:
            break
    codes = [each.code for each in done]
    return Restored(
        code=min(codes) or max(codes),  # a signal, else an error
        said="\n".join(each.said for each in done if each.said),
        whole=done[-1].whole,
    )


@dataclass(frozen=True)
class Restore:
    """One restore of a custom-format archive, in passes.

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

        One pass after the other, see `lifeboat.recovery.policy.passes`; none after one that did not
        come to its end.

        Raises:
            ProgramMissingError: the layer doesn't carry this major.
            LifeboatError: the run was ended for another reason.
        """
        entries = self.contents(archive, watch) if self.entries is None else self.entries
        return in_order(self.one(archive, watch, part) for part in passes(entries))

    def one(self, archive: Path, watch: Watch, part: Pass) -> Restored:
        """Run a single pass.

        Raises:
            ProgramMissingError: the layer doesn't carry this major.
            LifeboatError: the run was ended for another reason.
        """
        chosen = archive.with_suffix(".list")
        chosen.write_bytes("\n".join(part.entries).encode(errors="surrogateescape"))
        chosen.chmod(0o644)  # the account may be another one
        argv = [
            str(self.programs.path("pg_restore", self.major)),
            f"--dbname={make_conninfo(dbname=self.login.endpoint.database)}",
            f"--jobs={self.jobs if part.parallel else 1}",
            "--no-password",
            *(() if self.owners else ("--no-owner", "--no-privileges")),
            *(f"--section={each}" for each in part.sections),
            f"--use-list={chosen}",
        ]
        environment = {**SCRUBBED, **self.login.environment()}
        argv.append(str(archive))
        jail = LOCAL if self.login.endpoint.host.startswith("/") else REMOTE
        child = Child(argv, env=environment, jail=jail, account=self.account, lines=_LINES)
        with watch.child(child):
            code = child.wait()
            watch.check()
            said = child.last_words()
            return Restored(code, said, whole=not code or _TO_THE_END in said)

    def contents(self, archive: Path, watch: Watch) -> list[str]:
        """The archive's table of contents, a line for each entry."""
        argv = [str(self.programs.path("pg_restore", self.major)), "--list", str(archive)]
        child = Child(argv, env=SCRUBBED, jail=OFFLINE, account=self.account)
        with watch.child(child):
            listed = child.read_all()
            child.wait()  # what is wrong with the archive is told by the restore itself
            watch.check()
        return listed.decode(errors="surrogateescape").splitlines()
