"""Holds one drill: a backup is fetched, decoded, restored, compared, timed and judged."""

from contextlib import ExitStack

from lifeboat.drill.check_capacity import require_room
from lifeboat.drill.find_backup import find_backup
from lifeboat.drill.policy.report_page import render_page
from lifeboat.drill.restore_copy import restore_copy
from lifeboat.drill.run import DrillRun
from lifeboat.drill.target import empty_copy, open_server
from lifeboat.drill.validate_copy import validate_copy
from lifeboat.errors import (
    ArchivedError,
    DoesNotFitError,
    EventError,
    LifeboatError,
    NoBackupError,
    TargetError,
)
from lifeboat.model.drill_report import DrillReport
from lifeboat.postgres.watch import Watch
from lifeboat.recovery.compare_copy import compare_copy
from lifeboat.recovery.fetch_archive import clear_archive, decode_archive, fetch_archive
from lifeboat.recovery.properties import set_archived_properties
from lifeboat.recovery.publish_report import publish_report
from lifeboat.recovery.scratch import scratch_directory
from lifeboat.runtime.patience import patience

_REFUSALS = (ArchivedError, DoesNotFitError, EventError, NoBackupError, TargetError)
"""What a drill turns down before it has begun; there is nothing to report on then."""


def drill(run: DrillRun) -> DrillReport:
    """Hold the drill and store its report, in which everything stands that it found out.

    Raises:
        EventError: the target is not in the settings.
        NoBackupError: there is no such backup.
        ArchivedError: it has to be thawed first.
        DoesNotFitError: it needs more disk, memory or time than there is.
        TargetError: the target can't be used.
        VaultError: the report could not be stored.
    """
    try:
        with run.begin():
            _hold(run)
    except LifeboatError as error:
        if isinstance(error, _REFUSALS) and not run.checks:
            raise
        run.failure = error
    report = run.report()
    _store(run, report)
    return report


def _hold(run: DrillRun) -> None:
    with run.phases.timed("find"):
        run.watch.call(lambda: find_backup(run))
    with scratch_directory(run.place) as run.scratch:
        require_room(run)
        with ExitStack() as stack:
            with run.phases.timed("start"):
                stack.enter_context(open_server(run))
            _test(run)
            with run.phases.timed("stop"):
                stack.close()


def _test(run: DrillRun) -> None:
    """The steps in the order of trust: no program reads bytes that aren't the backup's."""
    with run.phases.timed("fetch"):
        is_the_one = fetch_archive(run)
    if not is_the_one:
        return
    run.scratch.give(run.archive)
    with run.phases.timed("decode"):
        is_whole = decode_archive(run)
    if is_whole:
        clear_archive(run)
        _bring_back(run)


def _bring_back(run: DrillRun) -> None:
    with empty_copy(run):
        untested = restore_copy(run)
        run.disk_bytes = run.scratch.bytes_used()
        with run.phases.timed("compare"):
            compare_copy(run, untested)
        with run.phases.timed("validate"):
            validate_copy(run)
        with run.phases.timed("settings"):
            _try_properties(run)


def _try_properties(run: DrillRun) -> None:
    """Let the drill's own server set what is set on the database itself; note what it refuses."""
    if run.server:
        run.note("settings", (), notes=set_archived_properties(run))


def _store(run: DrillRun, report: DrillReport) -> None:
    """Store the report, also when the drill's own time is over, but never wait for S3 for long.

    Lambda would end a function that waits on, without a word about what the drill has found.
    """
    seconds = max(run.remaining(), patience().report_seconds)
    try:
        with run.phases.timed("report"), Watch(seconds, run.out_of_time) as watch:
            watch.call(lambda: _publish(run, report))
    except LifeboatError as error:
        if run.failure:
            error.add_note(f"Before, the drill itself had failed: {run.failure.what}")
        raise


def _publish(run: DrillRun, report: DrillReport) -> None:
    """Store the report and its page. They are small, and not locked: they are no backups."""
    protection = run.protection()
    page = render_page(report).encode()
    kind = "text/html; charset=utf-8"
    publish_report(
        run.vault, report.key, report.to_json(), protection, content_type="application/json"
    )
    publish_report(run.vault, report.html_key, page, protection, content_type=kind)
