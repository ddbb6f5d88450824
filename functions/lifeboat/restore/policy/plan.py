"""What a restore would do, before it does anything: the answer to every event without `execute`.

Pure: the facts are gathered by the services. A plan names what will be made, what may go wrong
here, and what stands in the way for good; then the exact event that goes on.
"""

from dataclasses import dataclass
from math import ceil

from lifeboat.errors import RestoreRefusedError
from lifeboat.model.commands import copy_backup, restore_archive
from lifeboat.model.identifiers import qualified, quoted
from lifeboat.model.manifest import Manifest
from lifeboat.model.text import at, listed, several, size
from lifeboat.model.thaw import Lying, price, speed_of
from lifeboat.restore.policy.event import RestoreEvent
from lifeboat.restore.policy.facts import Room, Source, TargetFacts
from lifeboat.restore.policy.preconditions import cautions, export_walls, walls
from lifeboat.settings import RestoreSettings


@dataclass(frozen=True, kw_only=True)
class Plan:
    """What would be done.

    Attributes:
        event: that was asked.
        backup: the id of the backup that it is about; None where it is about none.
        shows: the moment that the backup shows, in words.
        will: what will be done, a sentence each.
        beware: what could go wrong here, or would be different from the original.
        blocked: why it can't be done like this; an event with `execute` is refused for the same.
        by_hand: stock commands that do the same on any machine.
        downloads: bytes from the vault.
        seconds: how long it will take; None where that can't be known.
        changes: keys of the next event that differ from this one's.
    """

    event: RestoreEvent
    backup: str | None = None
    shows: str | None = None
    will: tuple[str, ...] = ()
    beware: tuple[str, ...] = ()
    blocked: tuple[str, ...] = ()
    by_hand: tuple[str, ...] = ()
    downloads: int = 0
    seconds: float | None = None
    changes: tuple[tuple[str, object], ...] = ()

    def answer(self) -> dict[str, object]:
        """The plan as the function returns it."""
        told: dict[str, object] = {
            "plan": self.event.action.value,
            "database": self.event.database,
            "backup": self.backup,
            "shows": self.shows,
            "will": list(self.will),
            "beware": list(self.beware),
            "blocked": list(self.blocked),
            "downloads_bytes": self.downloads,
            "expected_minutes": None if self.seconds is None else ceil(self.seconds / 60),
            "by_hand": list(self.by_hand),
            "touched": "nothing yet",
        }
        told["next"] = (
            "Cure what stands under `blocked`, then ask again."
            if self.blocked
            else self.event.again(execute=True, **dict(self.changes))
        )
        return {key: value for key, value in told.items() if value not in (None, [])}


def plan_restore(
    event: RestoreEvent, source: Source, facts: TargetFacts, room: Room, copy: str
) -> Plan:
    """A whole database into a new one.

    Args:
        event: what was asked for.
        source: the backup.
        facts: the server to restore into.
        room: what the function has.
        copy: what the new database would be called if it were made now.
    """
    manifest = source.manifest
    return Plan(
        event=event,
        backup=manifest.location.id,
        shows=at(manifest.source.snapshot_time),
        will=(
            f"Fetch {size(manifest.archive.bytes)} from the vault and check every byte and row.",
            f"Make a database like {quoted(copy)}, by the time of the run, on {facts.server}.",
            "Restore into it. Nothing else on that server is touched.",
            "Compare what came back with the manifest and store a report.",
        ),
        beware=tuple(cautions(event, source, facts)),
        blocked=tuple(walls(event, source, facts, room)),
        by_hand=by_hand(source.vault, manifest),
        downloads=manifest.archive.bytes,
        seconds=source.seconds(room),
    )


def plan_export(event: RestoreEvent, source: Source, room: Room, url: str) -> Plan:
    """A backup, or some of its tables, as a file of plain SQL.

    Args:
        event: what was asked for.
        source: the backup.
        room: what the function has.
        url: where the file would go if it were written now.
    """
    manifest, settings = source.manifest, room.settings
    what = listed(qualified(*name) for name in event.tables) or "the whole database"
    return Plan(
        event=event,
        backup=manifest.location.id,
        shows=at(manifest.source.snapshot_time),
        will=(
            f"Fetch {size(manifest.archive.bytes)} from the vault and check every byte and row.",
            f"Write {what} as SQL, without owners and grants, to a file like {url}.",
            f"Give a link to it that works for {several(settings.link_minutes, 'minute')}.",
        ),
        beware=(
            f"S3 removes the file after {several(settings.export_days, 'day')}.",
            "Whoever has the link has the rows: treat it like a password.",
        ),
        blocked=tuple(export_walls(source, room)),
        by_hand=(
            by_hand(source.vault, manifest)[0],
            "pg_restore --no-owner --no-privileges --file=- archive.dump | gzip > database.sql.gz",
        ),
        downloads=manifest.archive.bytes,
        seconds=source.seconds(room),
    )


def require_open(plan: Plan) -> None:
    """Let pass only a plan that nothing stands in the way of.

    Raises:
        RestoreRefusedError: something does; names all of it, and the ways out.
    """
    if plan.blocked:
        raise RestoreRefusedError(
            f"This can't be done: {' '.join(plan.blocked)}",
            todo=f"Cure that, or do it by hand: {' && '.join(plan.by_hand)}"
            if plan.by_hand
            else "Cure that, then send the event again.",
        )


def by_hand(vault: str, manifest: Manifest) -> tuple[str, ...]:
    """The stock commands that restore a backup on any machine with PostgreSQL's programs."""
    return (
        copy_backup(vault, manifest.location.prefix),
        *restore_archive("--no-owner --no-privileges --dbname='<URL of a new, empty database>'"),
    )


def thaw_sentence(manifest: Manifest, lying: Lying, settings: RestoreSettings) -> str:
    """How the archive is thawed: how fast, for how long and at which price."""
    tier, speed = speed_of(lying.storage_class, settings.thaw_tier)
    objects = manifest.archive.objects
    dollars = price(manifest.archive.bytes, speed, objects=len(objects), days=settings.thaw_days)
    return (
        f"Ask S3 to thaw {size(manifest.archive.bytes)} out of {lying.storage_class}, {tier}:"
        f" {speed.takes}, about ${dollars:.2f} (us-east-1), readable for"
        f" {several(settings.thaw_days, 'day')}."
    )
