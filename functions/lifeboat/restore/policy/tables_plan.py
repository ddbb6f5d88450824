"""The plans for restoring tables: into a new database, or into the live one."""

from collections.abc import Collection, Iterator
from dataclasses import dataclass

from lifeboat.model.commands import copy_backup
from lifeboat.model.identifiers import TableName, qualified, quoted
from lifeboat.model.manifest import Manifest
from lifeboat.model.text import format_size, join_first, plural
from lifeboat.restore.policy.event import RestoreEvent
from lifeboat.restore.policy.facts import Capacity, RestoreSource, TargetFacts
from lifeboat.restore.policy.plan import Plan
from lifeboat.restore.policy.preconditions import blockers, warnings


@dataclass(frozen=True)
class LiveTable:
    """A table of the live database that rows would be loaded into.

    Attributes:
        name: schema and name.
        rows: that are in it; None where there is no such table.
    """

    name: TableName
    rows: int | None

    @property
    def description(self) -> str:
        """The table and its rows, in words."""
        return f"{qualified(*self.name)} ({plural(self.rows or 0, 'row')})"


@dataclass(frozen=True)
class LiveKey:
    """A foreign key from or to one of them.

    Attributes:
        description: the key in words.
        plain: all its triggers have the default state: it is dropped and created again.
        fires: rows of these tables would fire some of them.
        gaps: some of its triggers are off, so rows may be there that don't fit.
    """

    description: str
    plain: bool = True
    fires: bool = True
    gaps: bool = False


@dataclass(frozen=True, kw_only=True)
class LiveTables:
    """The chosen tables of the live database, with their keys and triggers.

    Attributes:
        tables: each that was chosen.
        foreign_keys: from or to them.
        triggers: that rows would fire, in words.
    """

    tables: tuple[LiveTable, ...]
    foreign_keys: tuple[LiveKey, ...] = ()
    triggers: tuple[str, ...] = ()


def plan_tables(
    event: RestoreEvent,
    source: RestoreSource,
    facts: TargetFacts,
    capacity: Capacity,
    copy: str,
) -> Plan:
    """Some tables into a new database."""
    manifest = source.manifest
    names = join_first(qualified(*name) for name in event.tables)
    return Plan(
        event=event,
        backup=manifest.location.id,
        data_as_of=manifest.source.snapshot_time,
        steps=(
            (
                f"Fetch {format_size(manifest.archive.bytes)} from the bucket and check every byte"
                " and row."
            ),
            f"Make a database like {quoted(copy)}, by the time of the run, on {facts.server}.",
            f"Restore {names} into it, with indexes, constraints, sequences, partitions and types.",
            "Nothing else on that server is touched.",
        ),
        warnings=(
            *warnings(event, source, facts),
            *_unlisted(event, manifest),
            "Foreign keys to tables that you don't choose are left out, and the answer names them.",
        ),
        blockers=tuple(blockers(event, source, facts, capacity)),
        manual_commands=_manual_tables(event, source),
        download_bytes=manifest.archive.bytes,
        seconds=source.seconds(capacity),
    ).placed(source, capacity)


def plan_rows(
    event: RestoreEvent,
    source: RestoreSource,
    facts: TargetFacts,
    capacity: Capacity,
    live: LiveTables,
) -> Plan:
    """Rows into tables of the live database that are there already."""
    manifest = source.manifest
    there = [each for each in live.tables if each.rows is not None]
    old = (
        [f"Remove all rows of {join_first(each.description for each in there)}."]
        if event.replace
        else []
    )
    plain = [each.description for each in live.foreign_keys if each.plain]
    keys = (
        f"Take off {plural(len(plain), 'foreign key')}: {join_first(plain)}.",
        "Put them back in the end, checked against all rows.",
    )
    return Plan(
        event=event,
        backup=manifest.location.id,
        data_as_of=manifest.source.snapshot_time,
        steps=(
            (
                f"Fetch {format_size(manifest.archive.bytes)} from the bucket and check every byte"
                " and row."
            ),
            f"In one transaction, in which nobody else can use them in {quoted(source.live)}:",
            *(keys if plain else ()),
            *old,
            f"Load the backup's rows of {join_first(qualified(*name) for name in event.tables)}.",
            "Count them; anything unexpected undoes all of it.",
            "Set sequences forward where the backup's stood higher; never back.",
        ),
        warnings=(*_about_rows(event, live), *_unlisted(event, manifest)),
        blockers=(
            *blockers(event, source, facts, capacity),
            *_row_blockers(event, source, facts, live),
        ),
        manual_commands=_manual_tables(event, source),
        download_bytes=manifest.archive.bytes,
        seconds=source.seconds(capacity),
        next_changes=(("confirm", source.live),) if event.replace else (),
    ).placed(source, capacity)


def _about_rows(event: RestoreEvent, live: LiveTables) -> Iterator[str]:
    if live.triggers:
        yield f"Triggers don't fire for these rows: {join_first(live.triggers)}."
    if partly := [each.description for each in live.foreign_keys if each.gaps]:
        yield (
            "Triggers of these foreign keys are disabled. They stay so, and rows are not checked"
            f" where they are: {join_first(partly)}."
        )
    if event.replace:
        yield (
            "What was written to these tables after the backup's moment is lost. Restore them into"
            " a database of their own first (without data_only) and look at them there."
        )
    if live.foreign_keys:
        yield (
            "If rows elsewhere refer to rows that the backup doesn't have, the foreign keys can't"
            " come back and nothing is changed: choose these tables, too."
        )


def _row_blockers(
    event: RestoreEvent, source: RestoreSource, facts: TargetFacts, live: LiveTables
) -> Iterator[str]:
    fixed = [each.description for each in live.foreign_keys if each.fires and not each.plain]
    if fixed and not facts.superuser:
        yield (
            "Only a superuser can turn off the triggers of these foreign keys, and give them back"
            f" as they are: {join_first(fixed)}. Give `target` the secret of one, or leave"
            " data_only out."
        )
    missing = [qualified(*each.name) for each in live.tables if each.rows is None]
    if missing:
        yield (
            f"{quoted(source.live)} has no table {join_first(missing)}: without data_only, tables"
            " come back in a database of their own."
        )
    full = [each.description for each in live.tables if each.rows]
    if full and not event.replace:
        yield (
            f"Not empty: {join_first(full)}. To have the backup's rows in place"
            ' of these, say "replace": true; or leave data_only out.'
        )


def _unlisted(event: RestoreEvent, manifest: Manifest) -> Iterator[str]:
    known = {(table.schema, table.name) for table in manifest.inventory.tables}
    if unknown := [qualified(*name) for name in event.tables if name not in known]:
        yield (
            f"The manifest lists no rows of {join_first(unknown)}: a partitioned table comes with"
            " its partitions; a table that isn't in the archive is refused."
        )
    excluded = _named(event.tables, manifest)
    if excluded:
        yield f"The settings leave the rows of {join_first(excluded)} out of backups."


def _named(names: Collection[TableName], manifest: Manifest) -> list[str]:
    return [
        qualified(table.schema, table.name)
        for table in manifest.inventory.tables
        if table.data_excluded and (table.schema, table.name) in names
    ]


def _manual_tables(event: RestoreEvent, source: RestoreSource) -> tuple[str, ...]:
    """Standard commands: pg_restore's own choice of tables leaves out indexes and constraints."""
    fetch = copy_backup(source.bucket, source.manifest.location.prefix)
    names = "|".join(name for _, name in event.tables)
    options = "--no-owner --use-list=chosen.list --dbname='<URL of an empty database>'"
    return (
        fetch,
        f"pg_restore --list archive.dump | grep -E ' ({names}) ' > chosen.list",
        f"pg_restore {options} archive.dump",
    )
