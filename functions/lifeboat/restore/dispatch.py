"""Answers one restore event: with a plan, or by carrying it out."""

from lifeboat.errors import LifeboatError
from lifeboat.model.hand_over import HandOverAnswer
from lifeboat.model.identifiers import quoted
from lifeboat.recovery.scratch import scratch_directory
from lifeboat.restore.choose_backup import choose_backup
from lifeboat.restore.export_backup import export_backup
from lifeboat.restore.left_databases import list_left_databases
from lifeboat.restore.list_backups import list_backups, list_tables
from lifeboat.restore.load_tables import load_tables
from lifeboat.restore.policy.answers import RestoreAnswer
from lifeboat.restore.policy.event import Action, require_past
from lifeboat.restore.restore_database import restore_database
from lifeboat.restore.run import RestoreRun, drop_statement
from lifeboat.restore.swap_databases import swap_databases
from lifeboat.restore.target import open_target
from lifeboat.restore.thaw_backup import thaw_backup


def restore(run: RestoreRun) -> RestoreAnswer | HandOverAnswer:
    """Do what the event asks for. Without `execute`, that is a plan, and nothing changes.

    Returns:
        What was found, planned or done, and the exact next event; or the job that does it.

    Raises:
        LifeboatError: it was not done, or not to the end. Says whether a database was left behind
            and how to drop it; live databases and backups are as they were.
    """
    require_past(run.event, run.started)
    try:
        with run.begin():
            answer = _answer(run)
    except LifeboatError as error:
        if run.leftover is None:
            raise
        raise _left_behind(run.leftover, error) from None
    if isinstance(answer, HandOverAnswer):
        return answer
    return answer.model_copy(update={"skipped": tuple(run.skipped)})


def _answer(run: RestoreRun) -> RestoreAnswer | HandOverAnswer:
    if run.event.action is Action.LIST:
        return run.scope.call(lambda: list_backups(run))
    with scratch_directory(run.place) as run.scratch:
        if run.event.action in {Action.SWAP, Action.UNDO}:
            return swap_databases(run)
        if run.event.action is Action.DATABASES:
            return list_left_databases(run)
        with run.phases.timed("find"):
            run.source = run.scope.call(lambda: choose_backup(run))
        run.pin(run.manifest.location)
        return _with_backup(run)


def _with_backup(run: RestoreRun) -> RestoreAnswer | HandOverAnswer:
    if run.event.action is Action.THAW:
        return run.scope.call(lambda: thaw_backup(run))
    if run.event.action is Action.TABLES:
        return list_tables(run)
    if run.event.action is Action.EXPORT:
        return export_backup(run)
    with run.phases.timed("look"):
        open_target(run, run.source.live)
    return load_tables(run) if run.event.data_only else restore_database(run)


def _left_behind(leftover: str, error: LifeboatError) -> LifeboatError:
    """The same error, with the unfinished database that it leaves on the server."""
    return type(error)(
        error.what,
        safe=f"{RestoreRun.SAFE} The unfinished database {quoted(leftover)} is left on the server,"
        " and nothing uses it.",
        todo=f"{error.todo} Drop what is left: {drop_statement(leftover)}",
    )
