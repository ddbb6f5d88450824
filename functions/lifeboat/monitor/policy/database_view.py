"""One database's facts, sorted once for all checks."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import cached_property

from lifeboat.model.commands import Commands
from lifeboat.model.drill_report import DrillReport
from lifeboat.model.keys import BackupLocation
from lifeboat.model.utc import is_ahead
from lifeboat.monitor.policy.backup_facts import BackupFacts
from lifeboat.monitor.policy.build_facts import BuildFacts
from lifeboat.monitor.policy.facts import DatabaseFacts, StoredVersion, Unknown, Unreadable
from lifeboat.monitor.policy.versions import Versions
from lifeboat.settings import WatchedDatabase, WatchedSettings

RUN_GRACE = timedelta(hours=1)
"""A function may be under way for this long after its scheduled time: it starts within 15 minutes,
Lambda may be busy, and it lasts 15 minutes at most. A job may be under way for longer, which its
record says."""

RECENT = timedelta(days=3)
"""For this long a past event is a finding."""


@dataclass(frozen=True, kw_only=True)
class DatabaseView:
    """The facts about one database, and what the checks need besides.

    Attributes:
        database: its settings.
        settings: of the monitor.
        facts: about it.
        objects: the same as `facts.objects`, which is not `Unknown` here.
        commands: for advice.
        now: the time of the check.
        builds: what CodeBuild says of the builds of runs that have not ended, by their ids.
    """

    database: WatchedDatabase
    settings: WatchedSettings
    facts: DatabaseFacts
    objects: tuple[StoredVersion, ...]
    commands: Commands
    now: datetime
    builds: Mapping[str, BuildFacts] | Unknown = field(default_factory=dict)

    @property
    def name(self) -> str:
        """The database's name."""
        return self.database.name

    @cached_property
    def listing(self) -> Versions:
        """Its objects in the bucket."""
        return Versions(self.objects, self.now)

    @property
    def versions(self) -> Mapping[str, Sequence[StoredVersion]]:
        """The versions of each key, the latest first."""
        return self.listing.by_key

    @cached_property
    def published(self) -> list[BackupLocation]:
        """Every backup with a manifest, read or not, by scheduled time, the newest first."""
        return list(self.listing.published)

    @cached_property
    def from_future(self) -> list[BackupLocation]:
        """Those whose scheduled time is later than now, or than the time they were written."""
        return [each for each in self.published if self.listing.is_early(each)]

    @cached_property
    def past(self) -> list[BackupLocation]:
        """The others, the newest first."""
        return [each for each in self.published if not self.listing.is_early(each)]

    @cached_property
    def manifests(self) -> tuple[BackupFacts, ...]:
        """Those that could be read, each once, by the time of their data, the newest first."""
        read = {each.key: each for each in self.facts.manifests if isinstance(each, BackupFacts)}
        return tuple(sorted(read.values(), key=_order, reverse=True))

    @cached_property
    def complete(self) -> tuple[BackupFacts, ...]:
        """The backups that can be relied on: not from the future, and with their exact archive."""
        return tuple(filter(self.listing.is_complete, self.manifests))

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
        """The drill reports that could be read, the newest first; none from the future."""
        read = {each.key: each for each in self.facts.drills if isinstance(each, DrillReport)}
        past = [each for each in read.values() if not is_ahead(each.started, self.now)]
        return tuple(sorted(past, key=lambda each: each.started, reverse=True))

    def past_end(self, location: BackupLocation) -> timedelta | None:
        """How long a backup is past its retention, by the current settings.

        Negative while it must be kept; None if it is kept forever.
        """
        days = self.settings.retention.of(location.tier).days
        return None if days is None else self.now - location.scheduled_at - timedelta(days=days)

    def pairs(self) -> Iterator[tuple[BackupFacts, BackupFacts]]:
        """Each complete backup with the one before it, the newest first."""
        return zip(self.complete, self.complete[1:], strict=False)


def _order(backup: BackupFacts) -> tuple[datetime, str]:
    return backup.data_as_of, backup.key
