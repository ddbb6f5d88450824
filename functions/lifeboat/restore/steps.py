"""The steps of every restore into a server: fetch, check, create a database, fill it, report."""

import json
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from typing import LiteralString

import psycopg

from lifeboat.errors import (
    CapacityError,
    ConnectError,
    LifeboatError,
    RefusedError,
    VerificationError,
)
from lifeboat.model.identifiers import quoted
from lifeboat.model.page import HTML
from lifeboat.postgres.connect import Connection, open_again
from lifeboat.recovery.archive_listing import definitions
from lifeboat.recovery.archive_toc import read_entries
from lifeboat.recovery.database_locale import (
    create_database,
    locale_choices,
    read_locale,
    with_locale,
)
from lifeboat.recovery.fetch_archive import decode_archive, fetch_archive, make_archive_portable
from lifeboat.recovery.locale_dependents import locale_dependents
from lifeboat.recovery.pg_restore import list_entries, restore_archive, run_attempts
from lifeboat.recovery.policy.classify_errors import Classified, Server, classify
from lifeboat.recovery.policy.entry import definition_lines
from lifeboat.recovery.policy.left_out import left_out_of_copies
from lifeboat.recovery.policy.locales import DatabaseLocale
from lifeboat.recovery.policy.managed_errors import MANAGED
from lifeboat.recovery.policy.out_of_resources import resource_advice
from lifeboat.recovery.policy.pg_restore_output import parse
from lifeboat.recovery.policy.untested import Untested
from lifeboat.recovery.prepare_database import drop_database
from lifeboat.recovery.publish_report import publish_report
from lifeboat.restore.policy.event import Action
from lifeboat.restore.policy.report import RestoreReport
from lifeboat.restore.policy.report_page import render_page
from lifeboat.restore.policy.required_roles import needed_roles
from lifeboat.restore.run import RestoreRun, drop_statement


@contextmanager
def abandon_on_error(run: RestoreRun) -> Iterator[None]:
    """If the block fails, terminate all sessions in the copy."""
    try:
        yield
    except LifeboatError:
        if run.leftover:  # else a database of that name is another run's
            _end_sessions(run)
        raise


def _end_sessions(run: RestoreRun) -> None:
    """Terminate the sessions in the copy, if the server can be reached.

    Killing a client doesn't end its statement: the server notices when it next writes to it, which
    for an index may be hours later. If this fails too, DROP DATABASE ... WITH (FORCE) ends them.
    """
    query: LiteralString = (
        "SELECT pg_catalog.pg_terminate_backend(pid) FROM pg_catalog.pg_stat_activity"
        " WHERE datname = %s"
    )
    try:
        with closing(open_again(run.login)) as connection:
            connection.execute(query, [run.copy_name])
    except (ConnectError, psycopg.Error):
        return


def fetch_complete(run: RestoreRun) -> None:
    """Fetch the archive and check that it is unchanged and complete, before anything is created.

    Raises:
        VerificationError: it isn't.
        StorageError: S3 refused or failed.
    """
    with run.phases.timed("fetch"):
        is_the_one = run.add_checks(*fetch_archive(run))
    if is_the_one:
        run.bring_programs_within_reach()
        run.scratch.give(run.archive)
        with run.phases.timed("decode"):
            if run.add_checks(decode_archive(run)):
                make_archive_portable(run)
                return
    reasons = [detail for check in run.checks for detail in check.details]
    listing = {"action": Action.LIST.value, "database": run.event.database}
    raise VerificationError(
        f"The archive of {run.manifest.location.id} is not what its manifest claims:"
        f" {' '.join(reasons)}",
        todo=f"Use another backup: send {json.dumps(listing)} to see them.",
    )


def require_roles(run: RestoreRun) -> None:
    """Raise unless the roles are there that definitions name, and owners and grants if wanted.

    Raises:
        RefusedError: roles are missing, or ours may not act for them.
    """
    facts, needed = run.facts, needed_roles(definitions(run), run.source.roles)
    missing = sorted(needed.of(owners=run.owners) - facts.roles)
    if missing:
        statements = " ".join(f"CREATE ROLE {quoted(role)} NOLOGIN;" for role in missing)
        what = f"roles that the server doesn't have: {', '.join(missing)}"
        without_owners = run.owners and needed.named <= facts.roles
        raise _refused(run, what, statements, without_owners=without_owners)
    foreign = [] if facts.superuser else sorted(needed.owners - facts.member_of)
    if run.owners and foreign:
        role = quoted(facts.role)
        statements = " ".join(f"GRANT {quoted(owner)} TO {role};" for owner in foreign)
        what = f"owners that {role} may not act for: {', '.join(foreign)}"
        raise _refused(run, what, statements, without_owners=True)


def _refused(run: RestoreRun, what: str, statements: str, *, without_owners: bool) -> RefusedError:
    again = (
        f' Or send it with "owners": "none", and everything belongs to the role that restores:'
        f" {json.dumps(run.event.with_changes(owners='none', execute=True))}"
    )
    return RefusedError(
        f"The backup has {what}.",
        todo=f"On the server run: {statements} Then send the event again."
        f"{again if without_owners else ''}",
    )


def create_copy(run: RestoreRun) -> None:
    """Create the empty database to restore into. Until it is complete, it is a leftover.

    Raises:
        ServerError: the server refused.
    """
    comment = f"Restored by Lifeboat from {run.manifest.location.id}"
    with run.session() as connection:
        if run.leftover:
            drop_database(connection, run.copy_name)
        made = _create_like_live(run, connection, run.copy_name, comment)
    wanted = DatabaseLocale.of_source(run.manifest.source)
    if not run.leftover and made and not wanted.is_like(made):
        run.notes.append(f"The copy has the locale {made}; the backup is of one with {wanted}.")
    run.leftover = run.copy_name


def _create_like_live(
    run: RestoreRun, connection: Connection, name: str, comment: str
) -> DatabaseLocale | None:
    """Create an empty database with the encoding and locale of the live one, or of the source.

    Args:
        run: of the backup.
        connection: to another database of the server, in autocommit.
        name: of the new database.
        comment: on the database.

    Returns:
        The locale that it has.

    Raises:
        psycopg.Error: the server refuses, most likely because such a database exists.
    """
    live = read_locale(connection, run.source.live)
    choices = (
        iter([with_locale(*live, run.major)]) if live else locale_choices(run.manifest, run.major)
    )
    create_database(connection, name, choices=choices, comment=comment)
    made = read_locale(connection, name)
    return made and made[1]


def restore_into(run: RestoreRun, entries: Sequence[str] | None) -> Untested:
    """Restore into a new database, once more if pg_restore's workers got into each other's way.

    Args:
        run: the backup and the server.
        entries: of the archive's table of contents; None for all of them.

    Returns:
        What the server could not hold; all other errors are in the run's checks.

    Raises:
        ServerError: the server refused, or the connection broke.
        CapacityError: disk or memory ran out.
    """
    with run.phases.timed("restore"):
        said, notes = run_attempts(run.jobs, lambda jobs: _load(run, entries, jobs))
    run.cures = said.cures
    run.add_check("restore", said.fatal)
    left_out = left_out_of_copies(run.manifest.inventory) if run.whole else ()
    run.notes += (*notes, *said.tolerated, *left_out)
    if said.short_of:
        raise CapacityError(
            f"The restore ran out of {said.short_of}, which says nothing about the backup:"
            f" {said.fatal[0]}",
            todo=resource_advice(said.short_of, run.WORK, run.engine, own_server=False),
        )
    return said.untested


def _load(run: RestoreRun, entries: Sequence[str] | None, jobs: int) -> Classified:
    """Restore into an empty database, and classify pg_restore's errors."""
    create_copy(run)
    lines = list_entries(run) if entries is None else entries
    done = restore_archive(run, run.copy_name, lines, jobs)
    return classify(
        parse(done.said),
        code=done.code,
        whole=done.whole,
        server=Server(
            rules=MANAGED,
            members=run.manifest.inventory.members,
            dependents=locale_dependents(run),
        ),
    )


@contextmanager
def definitions_again(run: RestoreRun, entries: Sequence[str] | None) -> Iterator[str]:
    """Restore the definitions into a second database like the copy; drop it after the block.

    One worker does it, in the archive's order. Errors have been met before, by the copy.

    Args:
        run: the backup and the server.
        entries: as for `restore_into`.

    Raises:
        ServerError: the server refused.
    """
    database = f"lifeboat_definitions_{run.started:%Y%m%dt%H%M%Sz}_{run.run_id[:8]}"
    lines = list_entries(run) if entries is None else entries
    try:
        with run.session() as connection:
            comment = "Lifeboat compares definitions with these. It may be dropped."
            _create_like_live(run, connection, database, comment)
        restore_archive(run, database, definition_lines(lines, read_entries(run.archive)), jobs=1)
        yield database
    finally:
        _drop(run, database)


def _drop(run: RestoreRun, database: str) -> None:
    """Drop a database over a new connection: the run's scope may have closed all others."""
    try:
        with closing(open_again(run.login)) as connection:
            drop_database(connection, database)
    except (ConnectError, psycopg.Error):
        run.notes.append(f"Drop what the comparison left: {drop_statement(database)}")


def publish(run: RestoreRun, report: RestoreReport) -> None:
    """Store the report. From then on the copy is complete, with or without the HTML report.

    Raises:
        StorageError: S3 refused or failed.
        TimeLimitError: S3 took longer than there was time.
    """
    bucket, document, protection = run.bucket, report.to_json(), run.report_protection()
    with run.phases.timed("report"):
        run.scope.call(
            lambda: publish_report(
                bucket, report.key, document, protection, content_type="application/json"
            )
        )
    run.leftover = None
    _publish_page(run, report)


def _publish_page(run: RestoreRun, report: RestoreReport) -> None:
    """Store the report as HTML. A restore that is complete does not fail for lack of it."""
    bucket, page, protection = run.bucket, render_page(report).encode(), run.report_protection()
    try:
        run.scope.call(
            lambda: publish_report(bucket, report.html_key, page, protection, content_type=HTML)
        )
    except LifeboatError as error:
        run.notes.append(f"There is no HTML report of this restore. {error.what}")
    else:
        run.html_key = report.html_key
