"""Reads an archive as text by pg_restore: its definitions, and its table of contents."""

import re
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager

from lifeboat.errors import DecodeError
from lifeboat.model.identifiers import TableName
from lifeboat.postgres.jail import OFFLINE
from lifeboat.postgres.programs import MINIMAL_ENV, Process
from lifeboat.recovery.run import RecoveryRun

_OF_DATABASE = re.compile(
    r"\d+; \d+ \d+ (DATABASE|DATABASE PROPERTIES|(ACL|COMMENT|SECURITY LABEL) - DATABASE) "
)


def definitions(run: RecoveryRun) -> str:
    """The archive's definitions as SQL, with owners and grants, without rows.

    Raises:
        DecodeError: pg_restore can't read the archive.
    """
    return _text(run, "--schema-only", "--file=-")


def database_statements(run: RecoveryRun) -> str:
    """The archive's statements about the database itself: settings, grants, comment, owner.

    Raises:
        DecodeError: pg_restore can't read the archive, or can't write the database's name.
    """
    listed = _text(run, "--create", "--list")
    chosen = [line for line in listed.splitlines() if _OF_DATABASE.match(line)]
    with script(run, "--create", entries=chosen) as child:
        text = child.read_all()
    return text.decode(errors="surrogateescape")


def contents(run: RecoveryRun) -> str:
    """The archive's table of contents, with dependencies.

    Raises:
        DecodeError: pg_restore can't read the archive.
    """
    return _text(run, "--list", "--verbose")


def entries_of(run: RecoveryRun, table: TableName) -> str:
    """The entries of one table and its rows. Empty when there is no such table.

    Raises:
        DecodeError: pg_restore can't read the archive.
    """
    schema, name = table
    return _text(run, "--list", f"--schema={schema}", f"--table={name}")


@contextmanager
def script(run: RecoveryRun, *options: str, entries: Iterable[str] | None) -> Iterator[Process]:
    """A running pg_restore that writes SQL. When the block ends without error, it has succeeded.

    Args:
        run: whose archive has been fetched.
        options: such as --data-only.
        entries: of the table of contents, a line for each; None for all of them.

    Raises:
        DecodeError: pg_restore can't read the archive.
    """
    argv = [str(run.programs.path("pg_restore", run.major)), *options, "--file=-"]
    if entries is not None:
        chosen = run.archive.with_suffix(".list")
        chosen.write_bytes("\n".join(entries).encode(errors="surrogateescape"))
        chosen.chmod(0o644)  # the account may be another one
        argv.append(f"--use-list={chosen}")
    with _reading(run, [*argv, str(run.archive)]) as child:
        yield child


def _text(run: RecoveryRun, *options: str) -> str:
    argv = [str(run.programs.path("pg_restore", run.major)), *options, str(run.archive)]
    with _reading(run, argv) as child:
        text = child.read_all()
    return text.decode(errors="surrogateescape")


@contextmanager
def _reading(run: RecoveryRun, argv: Sequence[str]) -> Iterator[Process]:
    """A running pg_restore, which has to succeed."""
    child = Process(argv, env=MINIMAL_ENV, jail=OFFLINE, account=run.account)
    with run.scope.add_process(child):
        yield child
        code = child.wait()
        run.scope.check()
        if code:
            raise DecodeError(
                f"pg_restore can't read the archive ({code}): {child.stderr_tail()}",
                todo="Use another backup, and take a new one manually.",
            )
