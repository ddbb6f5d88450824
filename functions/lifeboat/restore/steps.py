"""The steps of every restore into a server: fetch, check, make a database, fill it, report."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from lifeboat.errors import LifeboatError, RestoreFailedError, RestoreRefusedError
from lifeboat.model.identifiers import quoted
from lifeboat.postgres.watch import Watch
from lifeboat.recovery.archive_listing import definitions
from lifeboat.recovery.attempts import in_attempts
from lifeboat.recovery.context import Recovery
from lifeboat.recovery.fetch_archive import clear_archive, decode_archive, fetch_archive
from lifeboat.recovery.pg_restore import Restore
from lifeboat.recovery.policy.classify_errors import Classified, classify
from lifeboat.recovery.policy.out_of_resources import cure
from lifeboat.recovery.policy.pg_restore_output import parse
from lifeboat.recovery.policy.tolerated_errors import MANAGED
from lifeboat.recovery.policy.verdict import Untested
from lifeboat.recovery.prepare_database import drop_database
from lifeboat.recovery.publish_report import publish_report
from lifeboat.restore.policy.event import Action
from lifeboat.restore.policy.facts import Source
from lifeboat.restore.policy.report import RestoreReport
from lifeboat.restore.policy.required_roles import needed_roles
from lifeboat.restore.run import RestoreRun
from lifeboat.restore.server_facts import create_like
from lifeboat.restore.target import Target


@dataclass(frozen=True)
class Bringing:
    """A backup on its way into a server.

    Attributes:
        run: what was asked for.
        source: the backup.
        target: the server.
        recovery: what the steps share with a drill's.
    """

    run: RestoreRun
    source: Source
    target: Target
    recovery: Recovery

    @property
    def watch(self) -> Watch:
        """Ends the run."""
        return self.recovery.watch


@contextmanager
def given_up(bringing: Bringing, copy: str) -> Iterator[None]:
    """Let nothing work on in a copy whose restore has failed."""
    try:
        yield
    except LifeboatError:
        if bringing.run.leftover:  # else a database of that name is another run's
            bringing.target.end_sessions(copy)
        raise


def fetch_whole(run: RestoreRun, recovery: Recovery) -> None:
    """Fetch the archive and make sure that it is the backup, and whole, before anything is made.

    Raises:
        RestoreFailedError: it isn't.
        VaultReadError: S3 refused or failed.
    """
    with run.steps.timed("fetch"):
        is_the_one = fetch_archive(recovery)
    if is_the_one:
        with run.steps.timed("decode"):
            if decode_archive(recovery):
                clear_archive(recovery)
                return
    reasons = [detail for check in run.findings.checks for detail in check.details]
    listing = {"action": Action.LIST.value, "database": run.event.database}
    raise RestoreFailedError(
        f"The archive of {recovery.manifest.location.id} is not what its manifest claims:"
        f" {' '.join(reasons)}",
        todo=f"Use another backup: send {json.dumps(listing)} to see them.",
    )


def require_roles(bringing: Bringing) -> None:
    """Let pass only a restore whose owners and grants can be set, or that leaves them out.

    Raises:
        RestoreRefusedError: roles are missing, or ours may not act for them.
    """
    run, recovery, facts = bringing.run, bringing.recovery, bringing.target.facts
    if run.event.owners == "none":
        return
    script = definitions(recovery.programs, facts.major, recovery.archive, recovery.watch)
    needed = needed_roles(script, bringing.source.roles)
    missing = sorted((needed.owners | needed.others) - facts.roles)
    if missing:
        statements = " ".join(f"CREATE ROLE {quoted(role)} NOLOGIN;" for role in missing)
        raise _refused(run, f"roles that the server doesn't have: {', '.join(missing)}", statements)
    foreign = [] if facts.superuser else sorted(needed.owners - facts.belongs_to)
    if foreign:
        role = quoted(facts.role)
        statements = " ".join(f"GRANT {quoted(owner)} TO {role};" for owner in foreign)
        what = f"owners that {role} may not act for: {', '.join(foreign)}"
        raise _refused(run, what, statements)


def _refused(run: RestoreRun, what: str, statements: str) -> RestoreRefusedError:
    return RestoreRefusedError(
        f"The backup has {what}.",
        todo=f"On the server run: {statements} Then send the event again; or send it with"
        f' "owners": "none", and everything belongs to the role that restores:'
        f" {json.dumps(run.event.again(owners='none', execute=True))}",
    )


def make_copy(bringing: Bringing, copy: str) -> None:
    """Make the empty database to restore into; from then on it is a leftover until it is complete.

    Raises:
        RestoreTargetError: the server refused.
    """
    run, manifest = bringing.run, bringing.source.manifest
    with bringing.target.session(bringing.watch) as connection:
        if run.leftover:
            drop_database(connection, copy)
        notes = create_like(
            connection,
            copy,
            live=manifest.source.database,
            sql_ascii=manifest.source.encoding == "SQL_ASCII",
            comment=f"Restored by Lifeboat from {manifest.location.id}",
        )
    if not run.leftover:
        run.notes += notes
    run.leftover = copy


def bring(bringing: Bringing, copy: str, entries: tuple[str, ...] | None = None) -> Untested:
    """Restore into a new database, again from clean where pg_restore stumbled over itself.

    Args:
        bringing: the backup and the server.
        copy: the new database's name.
        entries: of the archive's table of contents; None for all of them.

    Returns:
        What the server could not hold; everything else that went wrong is among the findings.

    Raises:
        RestoreTargetError: the server refused, or the connection broke.
        RestoreFailedError: disk or memory ran out.
    """
    run = bringing.run
    with run.steps.timed("restore"):
        said, notes = in_attempts(
            bringing.recovery.jobs, lambda jobs: _load(bringing, copy, entries, jobs)
        )
    run.findings.note("restore", said.fatal)
    run.notes += (*notes, *said.excused)
    if said.short_of:
        raise RestoreFailedError(
            f"The restore ran out of {said.short_of}, which says nothing about the backup:"
            f" {said.fatal[0]}",
            todo=cure(said.short_of, "restore", own_server=False),
        )
    return said.untested


def _load(bringing: Bringing, copy: str, entries: tuple[str, ...] | None, jobs: int) -> Classified:
    """Restore into an empty database, and sort out what pg_restore said."""
    make_copy(bringing, copy)
    run, recovery, facts = bringing.run, bringing.recovery, bringing.target.facts
    done = Restore(
        programs=recovery.programs,
        major=facts.major,
        login=bringing.target.login.to(copy),
        jobs=jobs,
        owners=run.event.owners == "keep",
        entries=entries,
    ).run(recovery.archive, recovery.watch)
    return classify(parse(done.said), code=done.code, whole=done.whole, excuses=MANAGED)


def publish(bringing: Bringing, report: RestoreReport) -> None:
    """Store the report; what was made is complete now.

    Raises:
        VaultError: S3 refused or failed.
        RestoreTimeError: S3 took longer than there was time.
    """
    run = bringing.run
    vault, document, protection = run.means.vault, report.to_json(), run.protection()
    with run.steps.timed("report"):
        bringing.watch.call(
            lambda: publish_report(
                vault, report.key, document, protection, content_type="application/json"
            )
        )
    run.leftover = None
