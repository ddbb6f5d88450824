"""The plan of a restore: the answer to every event without `execute`.

A plan lists its steps, warnings and blockers, and the exact event that carries it out.
"""

from dataclasses import dataclass, replace
from datetime import datetime
from math import ceil

from lifeboat.errors import RefusedError
from lifeboat.model.commands import copy_backup, restore_archive
from lifeboat.model.identifiers import qualified, quoted
from lifeboat.model.manifest import Manifest
from lifeboat.model.text import format_size, join_first, plural
from lifeboat.model.thaw import StorageState, price, speed_of
from lifeboat.restore.policy.answers import RestorePlan
from lifeboat.restore.policy.event import RestoreEvent
from lifeboat.restore.policy.facts import Capacity, RestoreSource, TargetFacts
from lifeboat.restore.policy.placement import job_step, move_of
from lifeboat.restore.policy.preconditions import blockers, export_blockers, warnings
from lifeboat.settings import RestoreSettings


@dataclass(frozen=True, kw_only=True)
class Plan:
    """What would be done.

    Attributes:
        event: that was asked.
        backup: the id of the backup that it is about; None where it is about none.
        data_as_of: the moment whose data the backup has.
        steps: what will be done, a sentence each.
        warnings: what could go wrong here, or would be different from the original.
        blockers: why it can't be done like this; an event with `execute` is refused for the same.
        manual_commands: standard commands that do the same on any machine.
        download_bytes: from the bucket.
        seconds: how long it will take; None where that can't be known.
        next_changes: keys of the next event that differ from this one's.
    """

    event: RestoreEvent
    backup: str | None = None
    data_as_of: datetime | None = None
    steps: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()
    blockers: tuple[str, ...] = ()
    manual_commands: tuple[str, ...] = ()
    download_bytes: int = 0
    seconds: float | None = None
    next_changes: tuple[tuple[str, object], ...] = ()

    def placed(self, source: RestoreSource, capacity: Capacity) -> "Plan":
        """The same plan, with the step that says so if it runs as a job."""
        move = move_of(source, capacity)
        if move is None or capacity.job is None:
            return self
        steps = (job_step(move, capacity.job), *self.steps)
        return replace(self, steps=steps, seconds=move.seconds)

    def answer(self) -> RestorePlan:
        """The plan as the function returns it."""
        next_event = self.event.with_changes(execute=True, **dict(self.next_changes))
        return RestorePlan(
            action=self.event.action,
            database=self.event.database,
            next_event=None if self.blockers else next_event,
            backup=self.backup,
            data_as_of=self.data_as_of,
            steps=self.steps,
            warnings=self.warnings,
            blockers=self.blockers,
            manual_commands=self.manual_commands,
            download_bytes=self.download_bytes,
            estimated_minutes=None if self.seconds is None else ceil(self.seconds / 60),
        )


def plan_restore(
    event: RestoreEvent,
    source: RestoreSource,
    facts: TargetFacts,
    capacity: Capacity,
    copy: str,
) -> Plan:
    """A whole database into a new one.

    Args:
        event: what was asked for.
        source: the backup.
        facts: the server to restore into.
        capacity: what the function or job has.
        copy: what the new database would be called if it were made now.
    """
    manifest = source.manifest
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
            "Restore into it. Nothing else on that server is touched.",
            "Read what came back, compare it with the manifest and store a report.",
        ),
        warnings=tuple(warnings(event, source, facts)),
        blockers=tuple(blockers(event, source, facts, capacity)),
        manual_commands=manual_commands(source.bucket, manifest),
        download_bytes=manifest.archive.bytes,
        seconds=source.seconds(capacity),
    ).placed(source, capacity)


def plan_export(event: RestoreEvent, source: RestoreSource, capacity: Capacity, url: str) -> Plan:
    """A backup, or some of its tables, as a file of plain SQL.

    Args:
        event: what was asked for.
        source: the backup.
        capacity: what the function or job has.
        url: where the file would go if it were written now.
    """
    manifest, settings = source.manifest, capacity.settings
    what = join_first(qualified(*name) for name in event.tables) or "the whole database"
    return Plan(
        event=event,
        backup=manifest.location.id,
        data_as_of=manifest.source.snapshot_time,
        steps=(
            (
                f"Fetch {format_size(manifest.archive.bytes)} from the bucket and check every byte"
                " and row."
            ),
            f"Write {what} as SQL, without owners and grants, to a file like {url}.",
            f"Give a link to it that works for {plural(settings.link_minutes, 'minute')}.",
        ),
        warnings=(
            f"S3 removes the file after {plural(settings.export_days, 'day')}.",
            "Whoever has the link has the rows: treat it like a password.",
        ),
        blockers=tuple(export_blockers(source, capacity)),
        manual_commands=(
            manual_commands(source.bucket, manifest)[0],
            "pg_restore --no-owner --no-privileges --file=- archive.dump | gzip > database.sql.gz",
        ),
        download_bytes=manifest.archive.bytes,
        seconds=source.seconds(capacity),
    ).placed(source, capacity)


def require_no_blockers(plan: Plan | RestorePlan) -> None:
    """Raise if the plan has blockers.

    Raises:
        RefusedError: something does; names all of it, and the ways out.
    """
    if plan.blockers:
        raise RefusedError(
            f"This can't be done: {' '.join(plan.blockers)}",
            todo=f"Fix that, or do it manually: {' && '.join(plan.manual_commands)}"
            if plan.manual_commands
            else "Fix that, then send the event again.",
        )


def manual_commands(bucket: str, manifest: Manifest) -> tuple[str, ...]:
    """The standard commands that restore a backup on any machine with PostgreSQL's programs."""
    return (
        copy_backup(bucket, manifest.location.prefix),
        *restore_archive("--no-owner --no-privileges --dbname='<URL of a new, empty database>'"),
    )


def thaw_sentence(manifest: Manifest, storage: StorageState, settings: RestoreSettings) -> str:
    """How the archive is thawed: how fast, for how long and at which price."""
    tier, speed = speed_of(storage.storage_class, settings.thaw_tier)
    objects = manifest.archive.objects
    dollars = price(manifest.archive.bytes, speed, objects=len(objects), days=settings.thaw_days)
    return (
        f"Ask S3 to thaw {format_size(manifest.archive.bytes)} out of {storage.storage_class},"
        f" {tier}: {speed.takes}, about ${dollars:.2f} (us-east-1), readable for"
        f" {plural(settings.thaw_days, 'day')}."
    )
