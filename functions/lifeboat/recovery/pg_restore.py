"""Runs pg_restore: an archive into an empty database, with every word that it says about it."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from psycopg.conninfo import make_conninfo

from lifeboat.postgres.jail import LOCAL, OFFLINE, REMOTE
from lifeboat.postgres.login import Login
from lifeboat.postgres.programs import SCRUBBED, Child
from lifeboat.recovery.policy.classify_errors import Classified
from lifeboat.recovery.policy.passes import Pass, passes
from lifeboat.recovery.run import RecoveryRun

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


def in_attempts(
    jobs: int, attempt: Callable[[int], Classified]
) -> tuple[Classified, tuple[str, ...]]:
    """What the last attempt came to, and a note where it was not the first.

    Two at most, as the second has one worker, which meets nobody and keeps to the archive's order.

    Args:
        jobs: workers of the first.
        attempt: restores from clean with that many workers.
    """
    first = attempt(jobs)
    if first.parallel is None or jobs == 1:
        return first, ()
    note = f"A second attempt, with one worker, was needed. The first met: {first.parallel}"
    return attempt(1), (note,)


def restore_archive(run: RecoveryRun, jobs: int, entries: Sequence[str] | None = None) -> Restored:
    """Restore into the empty copy, waiting for the end; errors in single objects don't stop it.

    One pass after the other, see `lifeboat.recovery.policy.passes`; none after one that did not
    come to its end.

    Args:
        run: with the archive in its place.
        jobs: tables and indexes at the same time. From 2 on, a table is loaded in the transaction
            that empties it, which spares a server with wal_level=minimal the log of it.
        entries: of the archive's table of contents, a line for each; None for all of them.

    Raises:
        ProgramMissingError: the layer doesn't carry this major.
        LifeboatError: the run was ended for another reason.
    """
    listed = list_entries(run) if entries is None else entries
    return in_order(restore_pass(run, part, jobs) for part in passes(listed))


def restore_pass(run: RecoveryRun, part: Pass, jobs: int, login: Login | None = None) -> Restored:
    """Run a single pass, as the run's restorer or with another login to the copy's server.

    The child gets no AWS credentials: an archive is input, and pg_restore has had holes that a
    crafted one could use.

    Raises:
        ProgramMissingError: the layer doesn't carry this major.
        LifeboatError: the run was ended for another reason.
    """
    login = (login or run.restorer).to(run.copy_name)
    chosen = run.archive.with_suffix(".list")
    chosen.write_bytes("\n".join(part.entries).encode(errors="surrogateescape"))
    chosen.chmod(0o644)  # the account may be another one
    argv = [
        str(run.programs.path("pg_restore", run.major)),
        f"--dbname={make_conninfo(dbname=login.endpoint.database)}",
        f"--jobs={jobs if part.parallel else 1}",
        "--no-password",
        *(() if run.owners else ("--no-owner", "--no-privileges")),
        *(f"--section={each}" for each in part.sections),
        f"--use-list={chosen}",
        str(run.archive),
    ]
    environment = {**SCRUBBED, **login.environment()}
    jail = LOCAL if login.endpoint.host.startswith("/") else REMOTE
    child = Child(argv, env=environment, jail=jail, account=run.account, lines=_LINES)
    with run.watch.child(child):
        code = child.wait()
        run.watch.check()
        said = child.last_words()
        return Restored(code, said, whole=not code or _TO_THE_END in said)


def list_entries(run: RecoveryRun) -> list[str]:
    """The archive's table of contents, a line for each entry."""
    argv = [str(run.programs.path("pg_restore", run.major)), "--list", str(run.archive)]
    child = Child(argv, env=SCRUBBED, jail=OFFLINE, account=run.account)
    with run.watch.child(child):
        listed = child.read_all()
        child.wait()  # what is wrong with the archive is told by the restore itself
        run.watch.check()
    return listed.decode(errors="surrogateescape").splitlines()
