"""Reduces manifests and drill reports, while they are read, to what checks need.

A parsed manifest of 50,000 tables takes tens of megabytes. So each is reduced and freed before the
next one is read, and the tables of consecutive backups are compared on the way.
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

MAX_WAITING = 4
"""Backups are read by scheduled time and compared by the time of their data. A late backup is
compared with its neighbours if the two orders differ by no more places than this."""

_REASONS = 100


@dataclass
class Reduction:
    """Turns the manifests of one database into facts.

    Attributes:
        versions: its objects.
        limits: from which on lost rows count.
    """

    versions: Versions
    limits: MonitorSettings
    _facts: dict[str, BackupFacts] = field(default_factory=dict)
    _waiting: list[tuple[BackupFacts, Counts]] = field(default_factory=list)
    _names: dict[TableName, TableName] = field(default_factory=dict)
    _newest: Counts | None = None

    def add(self, manifest: Manifest) -> None:
        """Add the next manifest; the caller goes from newer scheduled times to older ones."""
        facts = _facts_of(manifest)
        self._facts[facts.key] = facts
        if not self.versions.is_complete(facts) or self._is_history(facts):
            return
        self._waiting.append((facts, counts(manifest.inventory.tables, self._names)))
        self._waiting.sort(key=lambda each: order(each[0]), reverse=True)
        if len(self._waiting) > MAX_WAITING:
            self._compare()

    def done(self) -> tuple[BackupFacts, ...]:
        """The facts of all manifests."""
        while self._waiting:
            self._compare()
        return tuple(self._facts.values())

    def _is_history(self, facts: BackupFacts) -> bool:
        """Whether it is too old to be compared, and a newer old one is already waiting."""
        return any(
            not self._is_recent(each.data_as_of) and order(each) >= order(facts)
            for each, _ in self._waiting
        )

    def _is_recent(self, moment: datetime) -> bool:
        return self.versions.now - moment <= RECENT

    def _compare(self) -> None:
        """Compare the newest waiting backup with the next one, and remove it."""
        newer, after = self._waiting.pop(0)
        if self._newest is None:  # the first that is compared is the newest of all
            self._newest = after
        if self._waiting and self._is_recent(newer.data_as_of):
            older, before = self._waiting[0]
            lost = losses(older.location, before, after, self.limits, newest=self._newest)
            self._facts[newer.key] = replace(newer, losses=lost)


def order(facts: BackupFacts) -> tuple[datetime, str]:
    """The sort key of backups: the time of their data."""
    return facts.data_as_of, facts.key


def without_details(report: DrillReport) -> DrillReport:
    """A drill report without what only people read: checks, and the results of each table.

    It keeps one table that passed, to show that at least one did.
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
        data_as_of=source.snapshot_time,
        seconds=max((manifest.finished - manifest.started).total_seconds(), 0.0),
        archive=manifest.archive.objects,
        globals=manifest.globals,
        compression=manifest.archive.compression,
        pg_dump=manifest.archive.pg_dump,
        server_version=source.server_version,
        standby=source.standby,
        expires=manifest.retention.expires,
        database_bytes=source.bytes,
        lsn=source.lsn,
        rows=inventory.rows,
        excluded=_digest(
            sorted((each.schema, each.name) for each in inventory.tables if each.data_excluded)
        ),
        content=_digest([*_content(inventory), source.lsn]),
        detects_changes=source.lsn is not None or all(table.digest for table in tables),
        bytes_read=manifest.bytes_read,
        provider=source.provider,
        endpoint=source.endpoint,
        largest_row_bytes=manifest.archive.largest_row_bytes,
        largest_row_table=manifest.archive.largest_row_table,
        engine=manifest.engine,
        branch_missing=manifest.branch_missing,
    )


def _content(inventory: Inventory) -> Iterator[object]:
    yield sorted((each.schema, each.name, each.rows, each.digest) for each in inventory.tables)
    yield sorted((each.schema, each.name, each.last_value) for each in inventory.sequences)


def _digest(value: object) -> bytes:
    return hashlib.blake2b(repr(value).encode("utf-8", "surrogatepass"), digest_size=16).digest()
