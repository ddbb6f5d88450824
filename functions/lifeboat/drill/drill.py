"""Holds one drill: a backup is fetched, decoded, restored, compared, timed and judged."""

from contextlib import ExitStack

from lifeboat.drill.check_capacity import require_room
from lifeboat.drill.find_backup import find_backup
from lifeboat.drill.policy.report_page import render_page
from lifeboat.drill.restore_copy import restore_copy
from lifeboat.drill.run import DrillRequest, DrillRun
from lifeboat.drill.target import DrillPlace, empty_copy, open_place
from lifeboat.drill.try_properties import try_properties
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
from lifeboat.recovery.context import Recovery, RecoveryMeans
from lifeboat.recovery.fetch_archive import clear_archive, decode_archive, fetch_archive
from lifeboat.recovery.publish_report import publish_report
from lifeboat.recovery.scratch import scratch_directory
from lifeboat.runtime.patience import patience
from lifeboat.s3.bucket import Protection

_REFUSALS = (ArchivedError, DoesNotFitError, EventError, NoBackupError, TargetError)
"""What a drill turns down before it has begun; there is nothing to report on then."""


def drill(request: DrillRequest, means: RecoveryMeans) -> DrillReport:
    """Hold the drill and store its report, in which everything stands that it found out.

    Raises:
        EventError: the target is not in the settings.
        NoBackupError: there is no such backup.
        ArchivedError: it has to be thawed first.
        DoesNotFitError: it needs more disk, memory or time than there is.
        TargetError: the target can't be used.
        VaultError: the report could not be stored.
    """
    run = DrillRun(request, means)
    try:
        with Watch(means.remaining(), run.out_of_time) as watch:
            _hold(run, watch)
    except LifeboatError as error:
        if isinstance(error, _REFUSALS) and not run.findings.checks:
            raise
        run.failure = error
    report = run.report()
    _store(run, report)
    return report


def _hold(run: DrillRun, watch: Watch) -> None:
    with run.steps.timed("find"):
        manifest = watch.call(lambda: find_backup(run))
    with scratch_directory(run.means.place) as scratch:
        require_room(run, manifest, scratch)
        recovery = Recovery(
            manifest=manifest,
            vault=run.means.vault,
            programs=run.means.programs,
            jobs=run.settings.drill.jobs,
            scratch=scratch,
            watch=watch,
            steps=run.steps,
            findings=run.findings,
        )
        with ExitStack() as stack:
            with run.steps.timed("start"):
                place = stack.enter_context(open_place(run, recovery))
            _test(run, recovery, place)
            with run.steps.timed("stop"):
                stack.close()


def _test(run: DrillRun, recovery: Recovery, place: DrillPlace) -> None:
    """The steps in the order of trust: no program reads bytes that aren't the backup's."""
    steps = run.steps
    with steps.timed("fetch"):
        is_the_one = fetch_archive(recovery)
    if not is_the_one:
        return
    recovery.scratch.give(recovery.archive)
    with steps.timed("decode"):
        is_whole = decode_archive(recovery)
    if is_whole:
        clear_archive(recovery)
        _bring_back(run, recovery, place)


def _bring_back(run: DrillRun, recovery: Recovery, place: DrillPlace) -> None:
    with empty_copy(run, place) as copy:
        untested = restore_copy(recovery, place, copy)
        run.disk_bytes = recovery.scratch.bytes_used()
        with run.steps.timed("compare"):
            compare_copy(recovery, place, copy, untested)
        with run.steps.timed("validate"):
            settings = run.settings
            queries, seconds = settings.databases[0].validation, settings.drill.validation_seconds
            validate_copy(recovery, place, copy, queries, seconds)
        with run.steps.timed("settings"):
            try_properties(recovery, place, copy)


def _store(run: DrillRun, report: DrillReport) -> None:
    """Store the report, also when the drill's own time is over, but never wait for S3 for long.

    Lambda would end a function that waits on, without a word about what the drill has found.
    """
    seconds = max(run.means.remaining(), patience().report_seconds)
    try:
        with run.steps.timed("report"), Watch(seconds, run.out_of_time) as watch:
            watch.call(lambda: _publish(run.means, report))
    except LifeboatError as error:
        if run.failure:
            error.add_note(f"Before, the drill itself had failed: {run.failure.what}")
        raise


def _publish(means: RecoveryMeans, report: DrillReport) -> None:
    """Store the report and its page. They are small, and not locked: they are no backups."""
    protection = Protection(kms_key=means.settings.kms_key)
    page = render_page(report).encode()
    kind = "text/html; charset=utf-8"
    publish_report(
        means.vault, report.key, report.to_json(), protection, content_type="application/json"
    )
    publish_report(means.vault, report.html_key, page, protection, content_type=kind)
