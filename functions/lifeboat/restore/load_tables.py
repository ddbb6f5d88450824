"""Loads rows of a backup into tables of the live database, in one transaction."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager

import psycopg
from psycopg import sql

from lifeboat.errors import LifeboatError, RefusedError, VerificationError
from lifeboat.model.hand_over import HandOverAnswer
from lifeboat.model.identifiers import TableName, qualified
from lifeboat.model.inventory import Sequence as Counter
from lifeboat.postgres.connect import Connection
from lifeboat.postgres.redact import redacted_message
from lifeboat.recovery.archive_listing import script
from lifeboat.restore.choose_entries import choose_entries
from lifeboat.restore.commit_state import CommitWords, certain_transaction
from lifeboat.restore.constraints import empty, without_constraints
from lifeboat.restore.load_rows import load_rows
from lifeboat.restore.policy.answers import (
    LoadedTable,
    LoadResult,
    RaisedSequence,
    RestorePlan,
)
from lifeboat.restore.policy.plan import require_no_blockers
from lifeboat.restore.policy.table_of_contents import Selection
from lifeboat.restore.policy.tables_plan import LiveKey, LiveTable, LiveTables, plan_rows
from lifeboat.restore.run import RestoreRun
from lifeboat.restore.steps import fetch_complete
from lifeboat.restore.swap_databases import require_confirmed
from lifeboat.restore.table_state import firing_triggers, foreign_keys, leaf_partitions, row_scopes
from lifeboat.runtime.timeouts import milliseconds, timeouts

_UNDONE = "Nothing was changed: the transaction was undone as a whole."
_COMMIT = CommitWords(
    undone=_UNDONE,
    unknown="All backups are untouched. It is not known whether the load was committed: either all"
    " chosen tables have the backup's rows now, or nothing was changed.",
    look="First send the event without `execute`: its plan names the tables that have rows, and how"
    " many.",
)
_LOADED = (
    "All backups are untouched, and the rows were loaded and checked; only sequences may still"
    " stand too low."
)


def load_tables(run: RestoreRun) -> RestorePlan | LoadResult | HandOverAnswer:
    """Plan the load, or with `execute` do it. Returns the plan, the rows then and now, or its job.

    Raises:
        RefusedError: something stands in the way; nothing was touched.
        VerificationError: the rows aren't those of the backup, or don't fit; all is undone.
        ServerError: the server refused something, or the connection broke; all is undone, unless
            `safe` says that nobody knows whether it was committed.
        StorageError: S3 refused or failed.
    """
    with run.session(run.source.live) as connection:
        live = _read_live_tables(connection, run.event.tables)
    plan = plan_rows(run.event, run.source, run.facts, run.capacity(), live)
    if not run.event.execute:
        return plan.answer()
    require_no_blockers(plan)
    if run.event.replace:
        require_confirmed(run, run.source.live)
    if job := run.moved():
        return job
    fetch_complete(run)
    selection = choose_entries(run, run.event.tables, relatives=False)
    with run.phases.timed("load"):
        with run.session(run.source.live) as connection:
            before, after, sequences = _load(run, connection, selection)
        # In a new session, since the one that loaded may have broken after its COMMIT.
        with _loaded(run), run.session(run.source.live) as connection:
            raised = _raise_sequences(connection, sequences)
    return _answer(run, before, after, raised)


@contextmanager
def _loaded(run: RestoreRun) -> Iterator[None]:
    """Around what comes after the rows: whatever ends it, they are in the live database."""
    try:
        with run.own_failure():
            yield
    except LifeboatError as error:
        raise error.ending(_LOADED) from None


def _read_live_tables(connection: Connection, tables: tuple[TableName, ...]) -> LiveTables:
    found = [LiveTable(name, _rows(connection, name)) for name in tables]
    there = [each.name for each in found if each.rows is not None]
    found_keys = foreign_keys(connection, there)
    return LiveTables(
        tables=tuple(found),
        foreign_keys=tuple(LiveKey(k.description, k.plain, k.fires, k.gaps) for k in found_keys),
        triggers=tuple(each.description for each in firing_triggers(connection, there)),
    )


def _rows(connection: Connection, table: TableName) -> int | None:
    """Number of rows in it or its partitions, without children; None if there is no such table."""
    try:
        (name,) = row_scopes(connection, [table])
        row = connection.execute(sql.SQL("SELECT count(*) FROM {}").format(name)).fetchone()
    except (psycopg.errors.UndefinedTable, psycopg.errors.InvalidSchemaName):
        return None
    return int(str(row[0])) if row else None


def _load(
    run: RestoreRun, connection: Connection, selection: Selection
) -> tuple[Mapping[TableName, int], Mapping[TableName, int], tuple[Counter, ...]]:
    tables, event = run.event.tables, run.event
    try:
        with certain_transaction(run, connection, _COMMIT):
            _lock(connection, tables)
            before = _counted(connection, tables)
            if not event.replace and any(before.values()):
                raise _not_empty(before)
            with without_constraints(connection, tables) as kept:
                if event.replace:
                    empty(connection, tables, kept)
                sequences = _load_from_archive(run, connection, selection)
                after = _counted(connection, tables)
                _require_expected_rows(
                    run, after | _counted(connection, leaf_partitions(connection, tables))
                )
    except psycopg.errors.ForeignKeyViolation as error:
        raise VerificationError(
            "The backup's rows don't fit to the rows elsewhere:"
            f" {redacted_message(error, run.login.endpoint)}.",
            safe=_UNDONE,
            todo="Choose the other table, too; or restore without data_only, into a database of"
            " their own, and copy from there what you need.",
        ) from None
    return before, after, sequences


def _lock(connection: Connection, tables: tuple[TableName, ...]) -> None:
    wait = milliseconds(timeouts().load_lock_seconds)
    connection.execute(sql.SQL("SET LOCAL lock_timeout = {}").format(wait))
    names = sql.SQL(", ").join(row_scopes(connection, tables))
    connection.execute(sql.SQL("LOCK TABLE {} IN ACCESS EXCLUSIVE MODE").format(names))


def _counted(connection: Connection, tables: Sequence[TableName]) -> dict[TableName, int]:
    return {table: _rows(connection, table) or 0 for table in tables}


def _load_from_archive(
    run: RestoreRun, connection: Connection, selection: Selection
) -> tuple[Counter, ...]:
    """Copy the rows from the archive into the tables; pg_restore has to succeed."""
    entries = [each.line for each in selection.rows_only]
    with script(run, "--data-only", entries=entries) as child:
        return load_rows(connection, child.read)


def _require_expected_rows(run: RestoreRun, after: Mapping[TableName, int]) -> None:
    """Compare the rows with the manifest, which counts a partitioned table by its partitions."""
    expected = {
        (table.schema, table.name): table.rows
        for table in run.manifest.inventory.tables
        if not table.data_excluded
    }
    wrong = [
        f"{qualified(*table)}: {expected[table]} rows claimed, {rows} came back."
        for table, rows in after.items()
        if table in expected and expected[table] != rows
    ]
    if wrong:
        raise VerificationError(
            " ".join(wrong),
            safe=_UNDONE,
            todo="Restore without data_only, into a database of their own, and look there.",
        )


def _not_empty(before: Mapping[TableName, int]) -> RefusedError:
    full = ", ".join(f"{qualified(*table)} has {rows}" for table, rows in before.items() if rows)
    return RefusedError(
        f"There are rows meanwhile: {full}.",
        safe=_UNDONE,
        todo='Say "replace": true, or leave data_only out.',
    )


def _raise_sequences(
    connection: Connection, sequences: tuple[Counter, ...]
) -> list[RaisedSequence]:
    """Raise sequences to the backup's values, never lower: newer rows may have used more."""
    raised = []
    for each in sequences:
        name = sql.Identifier(each.schema, each.name)
        query = sql.SQL(
            "SELECT pg_catalog.setval({text}, {value}, {called}) FROM {name}"
            " WHERE (last_value, is_called) < ({value}, {called})"
        ).format(
            text=name.as_string(connection),
            value=sql.Literal(each.last_value),
            called=sql.Literal(each.is_called),
            name=name,
        )
        if connection.execute(query).fetchone():
            sequence = qualified(each.schema, each.name)
            raised.append(RaisedSequence(sequence=sequence, last_value=each.last_value))
    return raised


def _answer(
    run: RestoreRun,
    before: Mapping[TableName, int],
    after: Mapping[TableName, int],
    raised: list[RaisedSequence],
) -> LoadResult:
    return LoadResult(
        action=run.event.action,
        database=run.event.database,
        changed=True,
        backup=run.manifest.location.id,
        live_database=run.source.live,
        tables=tuple(
            LoadedTable(table=qualified(*table), rows_before=before[table], rows_after=after[table])
            for table in after
        ),
        sequences_raised=tuple(raised),
        notes=(
            "Run ANALYZE on these tables when it suits you.",
            "The loaded rows were counted, not compared by their content.",
        ),
        seconds=round(run.phases.total(), 3),
    )
