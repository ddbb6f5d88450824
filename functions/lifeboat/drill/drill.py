"""Runs one drill: fetches a backup, decodes, restores and compares it, and stores the report.

What doesn't fit into a function is handed over to a job, which runs the same drill.
"""

from contextlib import ExitStack
from functools import partial

from lifeboat.drill.branch_target import own_branch
from lifeboat.drill.check_capacity import check_capacity
from lifeboat.drill.check_properties import check_properties
from lifeboat.drill.find_backup import find_backup
from lifeboat.drill.hand_over import hand_over, hand_over_after
from lifeboat.drill.policy.report_page import render_page
from lifeboat.drill.restore_copy import definitions_again, restore_copy
from lifeboat.drill.run import DrillRun
from lifeboat.drill.target import dropping, open_server
from lifeboat.drill.validate_copy import validate_copy
from lifeboat.errors import (
    ArchivedError,
    CapacityError,
    EndpointError,
    EventError,
    LifeboatError,
    NoBackupError,
    SecretError,
    ServerError,
    TerminatedError,
    VerificationError,
)
from lifeboat.model.drill_report import Check, DrillReport, Outcome
from lifeboat.model.hand_over import HandOver
from lifeboat.model.page import HTML
from lifeboat.postgres.cancel_scope import CancelScope
from lifeboat.recovery.compare_copy import compare_copy
from lifeboat.recovery.compare_definitions import compare_definitions
from lifeboat.recovery.fetch_archive import decode_archive, fetch_archive, make_archive_portable
from lifeboat.recovery.policy.untested import Untested
from lifeboat.recovery.publish_report import publish_report
from lifeboat.recovery.scratch import scratch_directory
from lifeboat.runtime.timeouts import timeouts

_REFUSALS = (
    ArchivedError,
    CapacityError,
    EndpointError,
    EventError,
    NoBackupError,
    SecretError,
    ServerError,
)
"""Refusals before a drill has begun; then there is nothing to report."""


def drill(run: DrillRun) -> DrillReport | HandOver:
    """Run the drill and store its report, which has everything that it found.

    Returns:
        The report; or the job that goes on with the drill, and writes its report.

    Raises:
        EventError: the target is not in the settings.
        NoBackupError: there is no such backup.
        ArchivedError: it has to be thawed first.
        CapacityError: it needs more disk, memory or time than there is, also in a job.
        JobNotStartedError: it needs a job, and CodeBuild did not start it.
        SecretError: that of the target can't be read or makes no sense.
        EndpointError: the target's connection isn't encrypted.
        ServerError: the target can't be reached or used.
        StorageError: the report could not be stored.
        TerminatedError: the process was asked to end.
    """
    try:
        with run.begin():
            moved = _run_steps(run)
    except TerminatedError:
        raise  # a verdict about who stopped it would be none about the backup
    except LifeboatError as error:
        if isinstance(error, _REFUSALS) and not run.checks:
            raise
        moved = hand_over_after(run, error)
        run.failure = error
    if moved:
        return moved
    report = run.report()
    _store(run, report)
    return report


def _run_steps(run: DrillRun) -> HandOver | None:
    with run.phases.timed("find"):
        run.scope.call(lambda: find_backup(run))
    with scratch_directory(run.place) as run.scratch:
        if move := check_capacity(run):
            return hand_over(run, move)
        with ExitStack() as stack:
            stack.enter_context(own_branch(run))
            if run.branch_missing and (move := check_capacity(run)):
                return hand_over(run, move)
            with run.scope.alongside(lambda: _fetch(run)) as fetching:
                with run.phases.timed("start"):
                    stack.enter_context(open_server(run))
                fetched = fetching.result()
            if run.add_checks(*fetched):  # no program reads bytes that aren't the backup's
                run.scratch.give(run.archive)
                _restore_and_compare(run)
            with run.phases.timed("stop"):
                stack.close()
    return None


def _fetch(run: DrillRun) -> tuple[Check, ...]:
    with run.phases.timed("fetch"):
        return fetch_archive(run)


def _restore_and_compare(run: DrillRun) -> None:
    with dropping(run, run.copy_name):
        untested = _restore_and_decode(run)
        if untested is None:
            return
        run.disk_bytes = run.scratch.bytes_used()
        with run.phases.timed("compare"):
            compare_copy(run, untested)
        compare_definitions(run, untested, partial(definitions_again, run))
        with run.phases.timed("validate"):
            validate_copy(run)
        with run.phases.timed("settings"):
            check_properties(run)


def _restore_and_decode(run: DrillRun) -> Untested | None:
    """Restore the archive, and decode it meanwhile, which takes less time.

    Returns:
        What the server could not hold, or None if the archive isn't what the manifest lists. Then
        that is the only finding, whatever came of the restore.
    """
    place = len(run.checks)
    decoded: Check | None = None
    untested: Untested | None = None
    failure: LifeboatError | None = None
    try:
        with run.scope.alongside(lambda: _decode(run)) as decoding:
            try:
                make_archive_portable(run)
                untested = restore_copy(run)
            finally:
                decoded = decoding.result()
    except LifeboatError as error:
        failure = error
    if decoded:
        run.checks.insert(place, decoded)
        if decoded.outcome is Outcome.FAILED:
            del run.checks[place + 1 :]
            return None
    if failure:
        raise failure
    return untested


def _decode(run: DrillRun) -> Check:
    """Decode the archive; if it isn't what the manifest lists, end the restore."""
    with run.phases.timed("decode"):
        check = decode_archive(run)
    if check.outcome is Outcome.FAILED:
        run.scope.fail(
            VerificationError(
                f"The archive is not what its manifest lists: {' '.join(check.details)}",
                todo="Use another backup, and take a new one manually.",
            )
        )
    return check


def _store(run: DrillRun, report: DrillReport) -> None:
    """Store the report, also when the drill's time is over, but without a long wait for S3.

    Lambda would kill a function that waits too long, and the drill's result would be lost.
    """
    seconds = max(run.remaining(), timeouts().report_seconds)
    try:
        with run.phases.timed("report"), CancelScope(seconds, run.out_of_time) as scope:
            scope.call(lambda: _publish(run, report))
    except LifeboatError as error:
        if run.failure:
            error.add_note(f"Before, the drill itself had failed: {run.failure.what}")
        raise


def _publish(run: DrillRun, report: DrillReport) -> None:
    """Store the report and its HTML page. Unlike backups, they aren't locked."""
    protection = run.report_protection()
    page = render_page(report).encode()
    publish_report(
        run.bucket, report.key, report.to_json(), protection, content_type="application/json"
    )
    publish_report(run.bucket, report.html_key, page, protection, content_type=HTML)
