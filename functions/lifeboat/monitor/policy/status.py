"""The whole status: as an object for programs, and as a table for a terminal."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from pydantic_core import to_jsonable_python

from lifeboat.alerts.policy.findings import Finding, Health, Level, overall
from lifeboat.alerts.policy.installation import Installation
from lifeboat.model.text import at, line, printable
from lifeboat.monitor.policy.bill import Bill
from lifeboat.monitor.policy.checks.age import backup_age, unprotected
from lifeboat.monitor.policy.checks.drills import drill_age
from lifeboat.monitor.policy.cost import monthly_cost
from lifeboat.monitor.policy.database_view import Case
from lifeboat.monitor.policy.evaluate import case_of, health_of
from lifeboat.monitor.policy.facts import Facts
from lifeboat.monitor.policy.reckoning import bill_text, reckon
from lifeboat.monitor.policy.status_text import block_of, table_of
from lifeboat.monitor.policy.transfer_status import TransferStatus, transfer_status
from lifeboat.settings import WatchedDatabase, WatchedSettings

_HOUR = timedelta(hours=1)
_DAY = timedelta(days=1)


@dataclass(frozen=True, kw_only=True)
class BackupStatus:
    """The newest whole backup of a database.

    Attributes:
        id: as a person types it.
        tier: its tier.
        shows: the moment that it shows.
        age_hours: hours since then.
        bytes: of the archive.
        rows: in it.
        seconds: that it took.
    """

    id: str
    tier: str
    shows: datetime
    age_hours: float
    bytes: int
    rows: int
    seconds: float


@dataclass(frozen=True, kw_only=True)
class DrillStatus:
    """The newest drill of a database.

    Attributes:
        verdict: proven, partial or failed.
        backup: the id of the backup that was tried; None when there was none to try.
        started: when it began.
        age_days: days since then.
        seconds: that it took.
        rto_seconds: that it may take.
        margin_seconds: what was left of that; negative when it took longer.
    """

    verdict: str
    backup: str | None
    started: datetime
    age_days: float
    seconds: float
    rto_seconds: int
    margin_seconds: float


@dataclass(frozen=True, kw_only=True)
class DatabaseStatus:
    """One database.

    Attributes:
        name: in the settings.
        health: what its findings come to, and whether it has a backup and a drill at all.
        critical: how many critical findings it has.
        warning: how many warnings.
        seen: whether it could be looked at; if not, the rest is unknown.
        backups: how many backups there are.
        backup: the newest whole one; None when there is none.
        drill: the newest drill; None when there was none.
        monthly_cost: of its backups in the bucket and its transfer, in US dollars.
        transfer: what backups read from its server; None while there is none.
        worst: its gravest finding in a few words; None when there is none.
    """

    name: str
    health: Health
    critical: int
    warning: int
    seen: bool
    backups: int = 0
    backup: BackupStatus | None = None
    drill: DrillStatus | None = None
    monthly_cost: float | None = None
    transfer: TransferStatus | None = None
    worst: str | None = None


@dataclass(frozen=True, kw_only=True)
class Status:
    """Everything.

    Attributes:
        health: that of the worst database, or of the bucket if that is worse.
        checked: when the vault was looked at.
        stack: its name.
        account: the AWS account's 12 digits; "" where nobody knows them.
        vault: the bucket.
        region: where it lies.
        databases: in the order of the settings.
        findings: all of them, the gravest first.
        bill: what all of it costs a month.
        unprotected_hours: for how long a database has had no backup, of the one for which it is
            longest; None where that isn't known of any.
    """

    health: Health
    checked: datetime
    stack: str
    account: str
    vault: str
    region: str
    databases: tuple[DatabaseStatus, ...]
    findings: tuple[Finding, ...]
    bill: Bill
    unprotected_hours: float | None

    def as_json(self) -> dict[str, object]:
        """The same as plain values that any JSON encoder takes; times as ISO 8601."""
        plain: dict[str, object] = to_jsonable_python(self)
        return plain

    def as_text(self) -> str:
        """The same for a terminal: a row for each database, the worst first, then what was found.

        The table is at most 80 columns wide, unless names are long.
        """
        whose = f"{self.installation.sentence} Bucket: s3://{self.vault}"
        state = f"{self.stack}: {self.health.words.upper()}   {at(self.checked)}"
        table = table_of(self.databases)
        found = [block_of(each, self.checked) for each in self.findings]
        head = f"{line(state)}\n{line(whose)}"
        parts = [head, table, *(found or ["Nothing is wrong."]), bill_text(self.bill)]
        text = "\n\n".join(parts) + "\n"
        return printable(text)

    @property
    def installation(self) -> Installation:
        """Whose status it is."""
        return Installation(
            stack=self.stack, account=self.account, region=self.region, vault=self.vault
        )


def status_of(
    facts: Facts,
    settings: WatchedSettings,
    findings: Sequence[Finding],
    now: datetime,
    *,
    secrets: int | None = None,
) -> Status:
    """The status of the vault.

    Args:
        facts: what was seen.
        settings: what should be.
        findings: as `judge` gave them for the same facts.
        now: when the vault was looked at.
        secrets: how many the installation has in Secrets Manager; None: one for each database.
    """
    cases = {each: case_of(each, facts, settings, now) for each in settings.databases}
    known = [case for case in cases.values() if case]
    databases = tuple(_database(each, case, findings, facts.region) for each, case in cases.items())
    healths = [overall(findings), *(each.health for each in databases)]
    return Status(
        health=min(healths, key=lambda each: each.rank),
        checked=now,
        stack=facts.stack,
        account=facts.account,
        vault=facts.vault,
        region=facts.region,
        databases=databases,
        findings=tuple(findings),
        bill=reckon(cases, facts, settings, now, secrets=secrets),
        unprotected_hours=max(
            (round(age / _HOUR, 4) for case in known if (age := unprotected(case)) is not None),
            default=None,
        ),
    )


def _database(
    database: WatchedDatabase, case: Case | None, findings: Sequence[Finding], region: str
) -> DatabaseStatus:
    own = [each for each in findings if each.database == database.name]
    levels = [each.level for each in own]
    judged = DatabaseStatus(
        name=database.name,
        health=health_of(case, own),
        critical=levels.count(Level.CRITICAL),
        warning=levels.count(Level.WARNING),
        seen=case is not None,
        worst=own[0].headline if own else None,
    )
    if case is None:
        return judged
    cost = monthly_cost(case.objects, case.settings.retention, region, case.now)
    transfer = transfer_status(case)
    return replace(
        judged,
        backups=len(case.published),
        backup=_backup(case),
        drill=_drill(case),
        monthly_cost=round(cost.total + (transfer.monthly_cost if transfer else 0), 4),
        transfer=transfer,
    )


def _backup(case: Case) -> BackupStatus | None:
    age = backup_age(case)
    if age is None:
        return None
    newest = case.whole[0]
    return BackupStatus(
        id=newest.location.id,
        tier=newest.location.tier.value,
        shows=newest.shows,
        age_hours=round(age / _HOUR, 4),
        bytes=newest.bytes,
        rows=newest.rows,
        seconds=newest.seconds,
    )


def _drill(case: Case) -> DrillStatus | None:
    age = drill_age(case)
    if age is None:
        return None
    newest = case.reports[0]
    return DrillStatus(
        verdict=newest.verdict.value,
        backup=newest.backup,
        started=newest.started,
        age_days=round(age / _DAY, 4),
        seconds=newest.total_seconds,
        rto_seconds=newest.rto_seconds,
        margin_seconds=newest.rto_margin_seconds,
    )
