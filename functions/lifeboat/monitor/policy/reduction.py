"""Manifests and drill reports, reduced to what judging needs while they are read.

A manifest of 50,000 tables takes tens of megabytes once it is read. So each is reduced and let go
before the next one, and the tables of two backups that follow each other are compared on the way.
"""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime

from lifeboat.model.drill_report import DrillReport, Outcome
from lifeboat.model.identifiers import TableName
from lifeboat.model.inventory import Inventory
from lifeboat.model.manifest import Manifest
from lifeboat.monitor.policy.backup_facts import BackupFacts
from lifeboat.monitor.policy.database_view import RECENT
from lifeboat.monitor.policy.table_losses import Counts, counts, losses
from lifeboat.monitor.policy.versions import Versions
from lifeboat.settings import MonitorSettings

WAITING = 4
"""Backups are read by their slots and compared by the moments that they show. One that was late
finds its neighbours as long as it stands no more than so many places off."""

_REASONS = 100


@dataclass
class Reduction:
    """The backups of one database on their way from manifests to facts.

    Attributes:
        versions: its objects.
        limits: by which losses are told.
    """

    versions: Versions
    limits: MonitorSettings
    _facts: dict[str, BackupFacts] = field(default_factory=dict)
    _waiting: list[tuple[BackupFacts, Counts]] = field(default_factory=list)
    _names: dict[TableName, TableName] = field(default_factory=dict)

    def add(self, manifest: Manifest) -> None:
        """Take what is needed of the next one, going from newer slots to older ones."""
        facts = _facts_of(manifest)
        self._facts[facts.key] = facts
        if not self.versions.is_whole(facts) or self._is_history(facts):
            return
        self._waiting.append((facts, counts(manifest.inventory.tables, self._names)))
        self._waiting.sort(key=lambda each: order(each[0]), reverse=True)
        if len(self._waiting) > WAITING:
            self._compare()

    def done(self) -> tuple[BackupFacts, ...]:
        """All of them."""
        while self._waiting:
            self._compare()
        return tuple(self._facts.values())

    def _is_history(self, facts: BackupFacts) -> bool:
        """Whether it is too old to be compared, and another old one is nearer to those that are."""
        return any(
            not self._is_recent(each.shows) and order(each) >= order(facts)
            for each, _ in self._waiting
        )

    def _is_recent(self, moment: datetime) -> bool:
        return self.versions.now - moment <= RECENT

    def _compare(self) -> None:
        """Compare the newest that waits with the next one, and let it go."""
        newer, after = self._waiting.pop(0)
        if self._waiting and self._is_recent(newer.shows):
            older, before = self._waiting[0]
            lost = losses(older.location, before, after, self.limits)
            self._facts[newer.key] = replace(newer, losses=lost)


def order(facts: BackupFacts) -> tuple[datetime, str]:
    """By which backups follow each other: the moments that they show."""
    return facts.shows, facts.key


def gist(report: DrillReport) -> DrillReport:
    """A drill's report without what only people read: checks, and results of each table.

    One table that passed is kept, as it shows that anything did.
    """
    passed = next((each for each in report.tables if each.outcome is Outcome.PASSED), None)
    reasons = report.reasons
    if len(reasons) > _REASONS:
        more = len(reasons) - _REASONS
        reasons = (*reasons[:_REASONS], f"and {more:,} more, which the report has")
    return report.model_copy(
        update={"checks": (), "tables": (passed,) if passed else (), "reasons": reasons}
    )


def _facts_of(manifest: Manifest) -> BackupFacts:
    inventory, source = manifest.inventory, manifest.source
    tables = [table for table in inventory.tables if not table.data_excluded]
    return BackupFacts(
        location=manifest.location,
        shows=source.snapshot_time,
        seconds=max((manifest.finished - manifest.started).total_seconds(), 0.0),
        archive=manifest.archive.objects,
        globals=manifest.globals,
        compression=manifest.archive.compression,
        pg_dump=manifest.archive.pg_dump,
        server_version=source.server_version,
        expires=manifest.retention.expires,
        database_bytes=source.bytes,
        lsn=source.lsn,
        rows=inventory.rows,
        excluded=_digest(
            sorted((each.schema, each.name) for each in inventory.tables if each.data_excluded)
        ),
        content=_digest([*_content(inventory), source.lsn]),
        shows_changes=source.lsn is not None or all(table.checksum for table in tables),
        bytes_read=manifest.bytes_read,
        provider=source.provider,
        endpoint=source.endpoint,
    )


def _content(inventory: Inventory) -> Iterator[object]:
    yield sorted((each.schema, each.name, each.rows, each.checksum) for each in inventory.tables)
    yield sorted((each.schema, each.name, each.last_value) for each in inventory.sequences)


def _digest(value: object) -> bytes:
    return hashlib.blake2b(repr(value).encode("utf-8", "surrogatepass"), digest_size=16).digest()
