"""Runs pg_restore: from an archive into an empty database. Keeps all messages."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from psycopg.conninfo import make_conninfo

from lifeboat.postgres.jail import LOCAL, OFFLINE, REMOTE
from lifeboat.postgres.login import Login
from lifeboat.postgres.programs import MINIMAL_ENV, Process
from lifeboat.recovery.policy.classify_errors import Classified
from lifeboat.recovery.policy.left_out import without_left_out
from lifeboat.recovery.policy.passes import Pass, passes
from lifeboat.recovery.run import RecoveryRun

_MAX_LINES = 50_000
"""Lines of pg_restore's messages to keep. Errors come with their statements; this is enough for a
schema of thousands of objects that all fail."""

_FINISHED_MARK = "errors ignored on restore: "
"""pg_restore prints this at the end, when it has tried everything."""


@dataclass(frozen=True)
class PgRestoreResult:
    """How a restore ended.

    Attributes:
        code: pg_restore's exit code: 0 without any error; negative: the signal that killed it.
        said: its standard error, without a password.
        whole: whether every pass came to its end, with or without errors.
    """

    code: int
    said: str
    whole: bool


def run_in_order(passes: Iterable[PgRestoreResult]) -> PgRestoreResult:
    """Run passes in order, and combine their results. Stop after one that did not finish."""
    done: list[PgRestoreResult] = []
    for each in passes:
        done.append(each)
        if not each.whole:
            break
    codes = [each.code for each in done]
    return PgRestoreResult(
        code=min(codes) or max(codes),  # a signal, else an error
        said="\n".join(each.said for each in done if each.said),
        whole=done[-1].whole,
    )


def run_attempts(
    jobs: int, attempt: Callable[[int], Classified]
) -> tuple[Classified, tuple[str, ...]]:
    """Restore, and once more if workers got into each other's way.

    There are two attempts at most: the second has one worker, which keeps the archive's order.

    Args:
        jobs: workers of the first attempt.
        attempt: restores into a new database, with that many workers.

    Returns:
        The result of the last attempt, and notes.
    """
    first = attempt(jobs)
    if first.parallel is None or jobs == 1:
        return first, ()
    note = f"A second attempt, with one worker, was needed. The first met: {first.parallel}"
    return attempt(1), (note,)


def restore_archive(
    run: RecoveryRun, database: str, entries: Iterable[str], jobs: int
) -> PgRestoreResult:
    """Restore into an empty database, and wait for the end. Errors in single objects don't stop it.

    It runs the passes of `lifeboat.recovery.policy.passes` in order, and stops after one that did
    not finish.

    Args:
        run: whose archive has been fetched.
        database: of the run's server.
        entries: of the archive's table of contents, a line for each.
        jobs: number of workers. From 2 on, a table is loaded in the transaction that truncates it;
            with wal_level=minimal, the server then writes no WAL for its rows.

    Raises:
        ProgramMissingError: the layer doesn't carry this major.
        LifeboatError: the run was ended for another reason.
    """
    login = run.restorer.to(database)
    return run_in_order(restore_pass(run, part, jobs, login) for part in passes(entries))


def restore_pass(run: RecoveryRun, part: Pass, jobs: int, login: Login) -> PgRestoreResult:
    """Run one pass with a login to the database that is restored into.

    pg_restore gets no AWS credentials: an archive is untrusted input, and pg_restore has had
    vulnerabilities that a crafted archive could use.

    Raises:
        ProgramMissingError: the layer doesn't carry this major.
        LifeboatError: the run was ended for another reason.
    """
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
    environment = {**MINIMAL_ENV, **login.environment()}
    jail = LOCAL if login.endpoint.host.startswith("/") else REMOTE
    child = Process(argv, env=environment, jail=jail, account=run.account, lines=_MAX_LINES)
    with run.scope.add_process(child):
        code = child.wait()
        run.scope.check()
        said = child.stderr_tail()
        return PgRestoreResult(code, said, whole=not code or _FINISHED_MARK in said)


def list_entries(run: RecoveryRun) -> list[str]:
    """The archive's table of contents, a line for each entry that belongs into a copy."""
    argv = [str(run.programs.path("pg_restore", run.major)), "--list", str(run.archive)]
    child = Process(argv, env=MINIMAL_ENV, jail=OFFLINE, account=run.account)
    with run.scope.add_process(child):
        listed = child.read_all()
        child.wait()  # the restore itself reports what is wrong with the archive
        run.scope.check()
    return without_left_out(listed.decode(errors="surrogateescape").splitlines())
