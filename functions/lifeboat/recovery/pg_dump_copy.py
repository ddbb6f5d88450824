"""Runs pg_dump on a restored copy, to compare what came back with what is in the archive."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from lifeboat.errors import DumpError
from lifeboat.postgres.jail import LOCAL, REMOTE
from lifeboat.postgres.programs import DUMP_ENV, Process
from lifeboat.recovery.archive_toc import entries_in
from lifeboat.recovery.policy.entry import Entry
from lifeboat.recovery.run import RecoveryRun

_QUOTING = {"PGOPTIONS": "-c quote_all_identifiers=on"}
"""So that the server prints names as the source did. Only where needed: poolers refuse options."""


@contextmanager
def dump_of_copy(
    run: RecoveryRun,
    *options: str,
    database: str | None = None,
    environment: Mapping[str, str] | None = None,
) -> Iterator[Process]:
    """A running pg_dump of the server's major, as the run's reader; its output is the dump.

    It gets no AWS credentials, and is in a jail like pg_restore: what it reads came out of a
    backup. When the block ends without error, pg_dump has read everything and succeeded.

    Args:
        run: whose copy has been restored.
        options: such as --schema-only and --format=custom.
        database: to dump instead of the run's copy, on the same server.
        environment: more of libpq's variables.

    Raises:
        DumpError: pg_dump failed.
        ProgramMissingError: the layer doesn't carry this major.
        LifeboatError: the run was ended for another reason.
    """
    login = run.reader.to(database or run.copy_name)
    argv = [str(run.programs.path("pg_dump", run.major)), "--no-password", *options]
    variables = {**DUMP_ENV, **login.environment(), **(environment or {})}
    jail = LOCAL if login.endpoint.host.startswith("/") else REMOTE
    child = Process(argv, env=variables, jail=jail, account=run.account)
    with run.scope.add_process(child):
        yield child
        code = child.wait()
        run.scope.check()
        if code:
            run.require_alive()
            raise DumpError(
                f"pg_dump can't read the restored copy ({code}): {child.stderr_tail()}",
                todo="If it repeats, restore the backup manually and look at what pg_dump names.",
            )


def entries_of(run: RecoveryRun, database: str) -> tuple[Entry, ...]:
    """The entries of a dump without rows of a database on the copy's server.

    Raises:
        DumpError: pg_dump failed.
        LifeboatError: the run was ended for another reason.
    """
    options = ("--format=custom", "--schema-only", "--compress=0")
    encoding = run.manifest.own_encoding or "UTF8"  # like the archive
    with dump_of_copy(
        run,
        *options,
        f"--encoding={encoding}",
        database=database,
        environment=_QUOTING if run.manifest.source.quote_all_identifiers else None,
    ) as child:
        archive = child.read_all()
    return entries_in(archive)
