"""Swaps a restored database with the live one, after confirmation. It drops nothing."""

import json

import psycopg

from lifeboat.errors import (
    ConnectError,
    RefusedError,
    ReportError,
    StatementError,
    StorageError,
    TargetError,
)
from lifeboat.model.identifiers import quoted
from lifeboat.restore.commit_state import CommitWords, certain_transaction
from lifeboat.restore.left_databases import choose_database, read_restore_report
from lifeboat.restore.policy.copy_names import parse_copy_name
from lifeboat.restore.policy.database_answers import RenamedDatabase, SwapPlan, SwapResult
from lifeboat.restore.policy.plan import require_no_blockers
from lifeboat.restore.policy.report import RestoreReport
from lifeboat.restore.policy.swap_plan import (
    Swap,
    describe_clients,
    live_of,
    plan_swap,
    swap_of,
)
from lifeboat.restore.rename_databases import (
    clients_of,
    copy_database_properties,
    rename,
    replication_of,
)
from lifeboat.restore.run import RestoreRun, drop_statement
from lifeboat.restore.target import open_target

_NAMES = "Both databases are untouched and have the names that they had."
_UNKNOWN = (
    "The rows of both databases and all backups are untouched. It is not known whether the"
    " databases were renamed."
)


def swap_databases(run: RestoreRun) -> SwapPlan | SwapResult:
    """Plan the swap, or do it with `execute` and the live database's name in `confirm`.

    A plan chooses the database to swap in if the event names none, and pins it in `next_event`.

    Raises:
        NoBackupError: none is named, and without backups the live database isn't known.
        RefusedError: something stands in the way, or the name is another; nothing changed.
        TargetError: somebody stayed connected; nothing changed.
        ServerError: the server can't be reached, or refused; nothing changed, unless `safe` says
            that nobody knows whether it was committed.
    """
    if run.event.restored_database is None:
        run.event = run.event.model_copy(update={"restored_database": choose_database(run)})
    report = run.scope.call(lambda: _report(run))
    copy = str(run.event.restored_database)
    live = live_of(copy, report)
    if live is None:
        raise _unknown(copy)
    open_target(run, live, avoid=(copy,))
    swap = swap_of(run.event, live, run.facts.databases, run.started)
    with run.session() as connection:
        clients = clients_of(connection, list(swap.renames))
        replication = replication_of(connection, live)
    plan = plan_swap(run.event, swap, run.facts, report, clients, replication)
    if not run.event.execute:
        return plan
    require_no_blockers(plan)
    require_confirmed(run, live)
    _swap(run, swap)
    return _answer(run, swap)


def require_confirmed(run: RestoreRun, live: str) -> None:
    """Raise unless the event confirms the live database, which will be changed, by its name.

    Raises:
        RefusedError: it names none, or another one.
    """
    if run.event.confirm != live:
        said = f"has {run.event.confirm!r}" if run.event.confirm else "is missing"
        raise RefusedError(
            f"This changes the live database {quoted(live)}, and key 'confirm' {said}.",
            todo=f'If that is what you mean, send it with "confirm": {json.dumps(live)}.',
        )


def _report(run: RestoreRun) -> RestoreReport | None:
    """The report of the restore that made the copy; None for a previous live database."""
    name = parse_copy_name(str(run.event.restored_database))
    if name is None:
        raise _unknown(str(run.event.restored_database))
    if name.kind == "before":
        return None
    try:
        report = read_restore_report(run, name.moment)
    except (StorageError, ReportError) as error:
        raise RefusedError(
            f"Nothing shows what {quoted(str(run.event.restored_database))} is: {error.what}",
            todo="Most likely its restore did not come to its end: restore again. Or look into it"
            " and rename it manually (ALTER DATABASE ... RENAME TO ...).",
        ) from None
    if report.restored_database != run.event.restored_database:
        raise _unknown(str(run.event.restored_database))
    return report


def _unknown(copy: str) -> RefusedError:
    return RefusedError(
        f"{quoted(copy)} is no database that a restore of this database has made.",
        todo="Give `restored_database` as the restore's answer has it. To rename manually, run in"
        f" another database of the server: ALTER DATABASE {quoted(copy)} RENAME TO <name>;",
    )


def _swap(run: RestoreRun, swap: Swap) -> None:
    """Rename the databases in a transaction whose end is known."""
    try:
        with (
            run.session() as connection,
            run.session() as helper,
        ):
            if swap.before:
                with run.phases.timed("database_settings"):
                    run.notes += copy_database_properties(connection, swap.live, swap.copy)
            with run.phases.timed("swap"):
                transaction = certain_transaction(run, connection, _commit_words(swap))
                try:
                    rename(connection, helper, swap.renames, transaction)
                except psycopg.errors.ObjectInUse as error:
                    raise _still_connected(helper, swap, error) from None
                except psycopg.errors.LockNotAvailable as error:
                    raise _still_connected(helper, swap, error) from None
    except (ConnectError, StatementError) as error:
        raise error.ending(_NAMES) from None


def _still_connected(helper: object, swap: Swap, error: psycopg.Error) -> TargetError:
    clients = clients_of(helper, list(swap.renames))  # type: ignore[arg-type]
    who = f" Connected: {describe_clients(clients)}." if clients else ""
    return TargetError(
        f"Somebody stays connected and can't be ended by this role: {error.diag.message_primary}."
        f"{who}",
        todo="Stop the application, or grant the role pg_signal_backend (a superuser's sessions can"
        " only be ended by a superuser), then send the event again.",
        safe=_NAMES,
    )


def _commit_words(swap: Swap) -> CommitWords:
    return CommitWords(
        undone=_NAMES,
        unknown=_UNKNOWN,
        look="First list the server's databases (psql --list): if they were renamed, there is no"
        f" {quoted(swap.copy)} any more.",
    )


def _answer(run: RestoreRun, swap: Swap) -> SwapResult:
    back = {"restored_database": swap.before, "allow_unverified": None}
    return SwapResult(
        action=run.event.action,
        database=run.event.database,
        changed=True,
        next_event=run.event.with_changes(**back) if swap.before else None,
        live_database=swap.live,
        swapped=tuple(
            RenamedDatabase.model_validate({"from": old, "to": new})
            for old, new in swap.renames.items()
        ),
        previous_database=swap.before,
        cleanup_sql=drop_statement(swap.before) if swap.before else None,
        rollback_sql=swap.rollback_sql,
        notes=tuple(run.notes),
        seconds=run.phases.seconds.get("swap"),
    )
