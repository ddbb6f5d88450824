"""Restores a whole database into a new one beside whatever is there, and proves what came back."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import psycopg
from psycopg import sql

from lifeboat.errors import LifeboatError, RestoreFailedError, RestoreRefusedError
from lifeboat.policy.copies import name_of
from lifeboat.policy.drill_report import Verdict
from lifeboat.policy.identifiers import quoted
from lifeboat.policy.needed_roles import needed_roles
from lifeboat.policy.restore_errors import parse
from lifeboat.policy.restore_excuses import MANAGED
from lifeboat.policy.restore_facts import Room, Source
from lifeboat.policy.restore_faults import Classified, classify
from lifeboat.policy.restore_plan import plan_restore, require_open
from lifeboat.policy.restore_report import RestoreReport
from lifeboat.policy.verdict import Untested
from lifeboat.policy.words import at
from lifeboat.postgres.archive_text import definitions
from lifeboat.postgres.restore import Restore
from lifeboat.postgres.scratch import Scratch
from lifeboat.postgres.stage import drop_database
from lifeboat.postgres.target import create_like
from lifeboat.postgres.watch import Watch
from lifeboat.services.compare_copy import compare_copy, validate_copy
from lifeboat.services.fetch_archive import decode_archive, fetch_archive
from lifeboat.services.recovery import Recovery
from lifeboat.services.restore_run import RestoreRun, drop_statement
from lifeboat.services.restore_target import Target

_ATTEMPTS = 3
"""pg_restore's workers may deadlock around foreign keys to partitioned tables, now and then."""

_TO_SPARE_SECONDS = 30.0
"""Kept for the report when statistics are gathered."""


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


def restore_database(
    run: RestoreRun, source: Source, target: Target, room: Room, scratch: Scratch, watch: Watch
) -> dict[str, object]:
    """Plan it; with `go` also do it. Gives the plan, or what the restore came to.

    Raises:
        RestoreRefusedError: something stands in the way; nothing was touched.
        RestoreFailedError: what came back is not what was backed up.
        RestoreTargetError: the server refused something, or the connection broke.
        VaultReadError: S3 refused or failed.
    """
    copy = name_of(source.live, "restored", run.request.started)
    plan = plan_restore(run.event, source, target.facts, room, copy)
    if not run.event.go:
        return plan.answer()
    require_open(plan)
    bringing = Bringing(run, source, target, run.recovery(source.manifest, scratch, watch))
    fetch_whole(bringing)
    require_roles(bringing)
    with given_up(bringing, copy):
        untested = _restore(bringing, copy)
        _compare(bringing, copy, untested)
        report = run.report("restore", source.manifest, target.facts, copy)
        publish(run, report)
    return _answer(bringing, report)


@contextmanager
def given_up(bringing: Bringing, copy: str) -> Iterator[None]:
    """Let nothing work on in a copy whose restore has failed."""
    try:
        yield
    except LifeboatError:
        bringing.target.end_sessions(copy)
        raise


def fetch_whole(bringing: Bringing) -> None:
    """Fetch the archive and make sure that it is the backup, and whole, before anything is made.

    Raises:
        RestoreFailedError: it isn't.
        VaultReadError: S3 refused or failed.
    """
    run, recovery = bringing.run, bringing.recovery
    with run.steps.timed("fetch"):
        is_the_one = fetch_archive(recovery)
    if is_the_one:
        with run.steps.timed("decode"):
            if decode_archive(recovery):
                return
    reasons = [detail for check in run.findings.checks for detail in check.details]
    raise RestoreFailedError(
        f"The archive of {recovery.manifest.location.id} is not what its manifest claims:"
        f" {' '.join(reasons)}",
        todo='Use another backup: send {"action": "list", "database":'
        f' "{run.event.database}"}} to see them.',
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
        f" {run.event.again(owners='none', go=True)}",
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


def _restore(bringing: Bringing, copy: str) -> Untested:
    run = bringing.run
    with run.steps.timed("restore"):
        for attempt in range(1, _ATTEMPTS + 1):
            make_copy(bringing, copy)
            said = load(bringing, copy)
            if not said.deadlock or attempt == _ATTEMPTS:
                break
    run.findings.note("restore", said.fatal)
    run.notes += said.excused
    return said.untested


def load(bringing: Bringing, copy: str) -> Classified:
    """Restore the archive into the empty database, and sort out what pg_restore said."""
    run, recovery, facts = bringing.run, bringing.recovery, bringing.target.facts
    done = Restore(
        programs=recovery.programs,
        major=facts.major,
        login=bringing.target.login.to(copy),
        jobs=recovery.jobs,
        owners=run.event.owners == "keep",
    ).run(recovery.archive, recovery.watch)
    return classify(parse(done.said), code=done.code, excuses=MANAGED)


def _compare(bringing: Bringing, copy: str, untested: Untested) -> None:
    run, recovery = bringing.run, bringing.recovery
    place = bringing.target.place(run)
    with run.steps.timed("compare"):
        compare_copy(recovery, place, copy, untested)
    with run.steps.timed("validate"):
        seconds = run.means.settings.drill.validation_seconds
        validate_copy(recovery, place, copy, run.database.validation, seconds)
    with run.steps.timed("analyze"):
        _gather_statistics(bringing, copy)


def _gather_statistics(bringing: Bringing, copy: str) -> None:
    """A dump has none, and without them the first queries after a swap are slow ones."""
    run = bringing.run
    seconds = run.means.remaining() - _TO_SPARE_SECONDS
    if seconds >= 1:
        with bringing.target.session(bringing.watch, copy) as connection:
            limit = sql.Literal(f"{int(seconds)}s")
            connection.execute(sql.SQL("SET statement_timeout = {}").format(limit))
            try:
                connection.execute("ANALYZE")
            except psycopg.errors.QueryCanceled:
                bringing.watch.check()
            else:
                return
    run.notes.append(f"Run ANALYZE in {copy}: there was no time left for it, and queries are slow.")


def publish(run: RestoreRun, report: RestoreReport) -> None:
    """Store the report; what was made is complete now.

    Raises:
        VaultError: S3 refused or failed.
    """
    run.means.vault.put(
        report.key, report.to_json(), run.protection(), content_type="application/json"
    )
    run.leftover = None


def _answer(bringing: Bringing, report: RestoreReport) -> dict[str, object]:
    """What came of it, with the event that swaps it in.

    Raises:
        RestoreFailedError: something that came back is wrong.
    """
    run, copy = bringing.run, report.copy_name
    where = f"s3://{run.means.vault.bucket}/{report.key}"
    if report.verdict is Verdict.FAILED:
        raise RestoreFailedError(
            f"{copy} on {report.server} is not what {report.backup} claims:"
            f" {' '.join(report.reasons)} The report: {where}",
            safe="The live database and all backups are untouched; the copy is there to look at.",
            todo="Look into the copy for what you need, or restore another backup. When you are"
            f" done with it: {drop_statement(copy)}",
        )
    swap = {
        "action": "swap",
        "database": run.event.database,
        "copy": copy,
        "target": run.event.target,
        "unproven": report.verdict is Verdict.PARTIAL or None,
    }
    return {
        "restored": copy,
        "server": report.server,
        "backup": report.backup,
        "shows": at(report.snapshot_time),
        "verdict": report.verdict.value,
        "reasons": list(report.reasons),
        "notes": list(report.notes),
        "rows": report.rows,
        "seconds": round(report.total_seconds, 3),
        "report": where,
        "drop": drop_statement(copy),
        "next": {key: value for key, value in swap.items() if value is not None},
    }
