"""One database before the judge: its facts, put in order once for all who look at them."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cached_property

from lifeboat.model.commands import Commands
from lifeboat.model.drill_report import DrillReport
from lifeboat.model.keys import BackupLocation
from lifeboat.model.utc import is_ahead
from lifeboat.monitor.policy.backup_facts import BackupFacts
from lifeboat.monitor.policy.facts import DatabaseFacts, StoredVersion, Unreadable
from lifeboat.monitor.policy.versions import Versions
from lifeboat.settings import WatchedDatabase, WatchedSettings

GRACE = timedelta(hours=1)
"""For so long after its slot a run may still be under way: it begins within a window of 15 minutes,
Lambda may be busy, and it lasts 15 more at most."""

RECENT = timedelta(days=3)
"""For so long something that happened stays in the list of findings."""


@dataclass(frozen=True, kw_only=True)
class Case:
    """What is known of one database, and what it is judged by.

    Attributes:
        database: its settings.
        settings: everybody's.
        facts: what was seen of it.
        objects: the same as `facts.objects`, once that is known to be known.
        commands: for advice.
        now: when it is judged.
    """

    database: WatchedDatabase
    settings: WatchedSettings
    facts: DatabaseFacts
    objects: tuple[StoredVersion, ...]
    commands: Commands
    now: datetime

    @property
    def name(self) -> str:
        """The database's name."""
        return self.database.name

    @cached_property
    def listing(self) -> Versions:
        """What the bucket lists of it."""
        return Versions(self.objects, self.now)

    @property
    def versions(self) -> Mapping[str, Sequence[StoredVersion]]:
        """The versions of each key, the latest first."""
        return self.listing.by_key

    @cached_property
    def published(self) -> list[BackupLocation]:
        """Every backup that has a manifest, read or not, the newest slot first."""
        return list(self.listing.published)

    @cached_property
    def early(self) -> list[BackupLocation]:
        """Those of them that claim a slot later than now, or than when they were written."""
        return [each for each in self.published if self.listing.is_early(each)]

    @cached_property
    def past(self) -> list[BackupLocation]:
        """The others."""
        return [each for each in self.published if not self.listing.is_early(each)]

    @cached_property
    def manifests(self) -> tuple[BackupFacts, ...]:
        """Those that could be read, each once, by the moment that they show, the newest first."""
        read = {each.key: each for each in self.facts.manifests if isinstance(each, BackupFacts)}
        return tuple(sorted(read.values(), key=_order, reverse=True))

    @cached_property
    def whole(self) -> tuple[BackupFacts, ...]:
        """The backups that can be relied on: not from the future, and with the very archive."""
        return tuple(filter(self.listing.is_whole, self.manifests))

    @cached_property
    def unreadable(self) -> tuple[Unreadable, ...]:
        """The manifests that could not be read, in the order of their keys."""
        found = {each.key: each for each in self.facts.manifests if isinstance(each, Unreadable)}
        return tuple(found[key] for key in sorted(found))

    @cached_property
    def unreadable_reports(self) -> tuple[Unreadable, ...]:
        """The drill reports that could not be read."""
        return tuple(each for each in self.facts.drills if isinstance(each, Unreadable))

    @cached_property
    def reports(self) -> tuple[DrillReport, ...]:
        """The drills whose reports could be read, the newest first; none from the future."""
        read = {each.key: each for each in self.facts.drills if isinstance(each, DrillReport)}
        past = [each for each in read.values() if not is_ahead(each.started, self.now)]
        return tuple(sorted(past, key=lambda each: each.started, reverse=True))

    def past_end(self, location: BackupLocation) -> timedelta | None:
        """How long ago S3 might delete a backup, by the settings as they are now.

        Negative while it has to stay; None for what is kept forever.
        """
        days = self.settings.retention.of(location.tier).days
        return None if days is None else self.now - location.scheduled_at - timedelta(days=days)

    def pairs(self) -> Iterator[tuple[BackupFacts, BackupFacts]]:
        """Each whole backup with the one before it, the newest first."""
        return zip(self.whole, self.whole[1:], strict=False)


def _order(backup: BackupFacts) -> tuple[datetime, str]:
    return backup.shows, backup.key
