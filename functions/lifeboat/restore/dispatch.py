"""Answers one event of a person who needs a backup: with a plan, or by doing what it says."""

import shutil

from lifeboat.errors import BackupError, DrillError, LifeboatError, NoBackupError, RestoreError
from lifeboat.model.identifiers import quoted
from lifeboat.postgres.watch import Watch
from lifeboat.recovery.context import RecoveryMeans
from lifeboat.recovery.policy.duration import MB
from lifeboat.recovery.scratch import Scratch, scratch_directory
from lifeboat.restore.choose_backup import choose_backup
from lifeboat.restore.export_backup import export_backup
from lifeboat.restore.list_backups import list_backups
from lifeboat.restore.load_tables import load_tables
from lifeboat.restore.policy.answers import RestoreAnswer
from lifeboat.restore.policy.event import Action, require_past
from lifeboat.restore.policy.facts import Room, Source
from lifeboat.restore.restore_database import restore_database
from lifeboat.restore.restore_tables import list_tables, restore_tables
from lifeboat.restore.run import RestoreRequest, RestoreRun, drop_statement
from lifeboat.restore.swap_databases import swap_databases
from lifeboat.restore.target import open_target
from lifeboat.restore.thaw_backup import thaw_backup


def restore(request: RestoreRequest, means: RecoveryMeans) -> RestoreAnswer:
    """Do what the event asks for; without `execute` that is a plan, and nothing is touched.

    Returns:
        What was found, planned or done, and the exact next event.

    Raises:
        LifeboatError: it was not done, or not to the end. Says whether a database was left behind
            and how to drop it; live databases and backups are as they were.
    """
    require_past(request.event, request.started)
    run = RestoreRun(request, means)
    try:
        with Watch(means.remaining(), run.out_of_time) as watch:
            answer = _answer(run, watch)
    except LifeboatError as error:
        raise _told(run, error) from None
    return answer.model_copy(update={"skipped": tuple(run.skipped)})


def _answer(run: RestoreRun, watch: Watch) -> RestoreAnswer:
    if run.event.action is Action.LIST:
        return watch.call(lambda: list_backups(run))
    with scratch_directory(run.means.place) as scratch:
        if run.event.action is Action.SWAP:
            return swap_databases(run, scratch, watch)
        with run.steps.timed("find"):
            source = watch.call(lambda: choose_backup(run))
        run.pin(source.manifest.location)
        return _with_backup(run, source, scratch, watch)


def _with_backup(run: RestoreRun, source: Source, scratch: Scratch, watch: Watch) -> RestoreAnswer:
    if run.event.action is Action.THAW:
        return watch.call(lambda: thaw_backup(run, source))
    if run.event.action is Action.TABLES:
        return list_tables(run, source)
    if run.event.action is Action.EXPORT:
        return export_backup(run, source, _room(run, scratch), scratch, watch)
    with run.steps.timed("look"):
        target = open_target(run, scratch, watch, source.live)
    given = (run, source, target, _room(run, scratch), scratch, watch)
    if run.event.action is Action.RESTORE:
        return restore_database(*given)
    return load_tables(*given) if run.event.data_only else restore_tables(*given)


def _room(run: RestoreRun, scratch: Scratch) -> Room:
    free = shutil.disk_usage(scratch.path).free
    return Room(
        settings=run.settings,
        memory_mb=run.means.memory_mb,
        # Where /tmp is shared with others (not in Lambda), the settings are the limit all the same.
        tmp_free_bytes=min(free, run.settings.ephemeral_mb * MB),
        seconds_left=run.means.remaining(),
    )


def _told(run: RestoreRun, error: LifeboatError) -> LifeboatError:
    """The same error in a restore's words, with what it leaves behind."""
    foreign = isinstance(error, BackupError | DrillError) and not isinstance(error, NoBackupError)
    if not foreign and run.leftover is None:
        return error
    kind = RestoreError if foreign else type(error)
    if run.leftover is None:
        return kind(error.what, todo=error.todo)
    return kind(
        error.what,
        safe=f"{RestoreError.safe_by_default} The unfinished database {quoted(run.leftover)} is"
        " left on the server, and nothing uses it.",
        todo=f"{error.todo} Drop what is left: {drop_statement(run.leftover)}",
    )
