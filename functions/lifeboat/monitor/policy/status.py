"""The status: an object for programs, and a table for a terminal."""

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta

from lifeboat.alerts.policy.findings import Finding, Health, Level, overall
from lifeboat.alerts.policy.installation import Installation
from lifeboat.model.answers import Answer
from lifeboat.model.attempt import AttemptKind, AttemptOutcome
from lifeboat.model.drill_report import Verdict
from lifeboat.model.drill_target import EMBEDDED
from lifeboat.model.engine import Engine
from lifeboat.model.text import format_time, line, printable
from lifeboat.model.tiers import Tier
from lifeboat.monitor.policy.bill import Bill
from lifeboat.monitor.policy.bill_estimate import bill_text, estimate_bill
from lifeboat.monitor.policy.checks.age import backup_age, unprotected
from lifeboat.monitor.policy.checks.drills import drill_age
from lifeboat.monitor.policy.cost import monthly_cost
from lifeboat.monitor.policy.database_view import DatabaseView
from lifeboat.monitor.policy.evaluate import health_of, view_of
from lifeboat.monitor.policy.facts import Facts
from lifeboat.monitor.policy.neon_status import ProviderStatus, provider_status
from lifeboat.monitor.policy.run_state import job_under_way
from lifeboat.monitor.policy.silence_answer import MutedFindings
from lifeboat.monitor.policy.status_text import block_of, muted_text, table_of
from lifeboat.monitor.policy.transfer_status import TransferStatus, transfer_status
from lifeboat.settings import WatchedDatabase, WatchedSettings

_HOUR = timedelta(hours=1)
_DAY = timedelta(days=1)


class BackupStatus(Answer):
    """The newest complete backup of a database.

    Attributes:
        backup: its id, as events take it.
        tier: which retention applies.
        data_as_of: the time of its data.
        age_hours: hours since then.
        archive_bytes: size of the archive.
        rows: in it.
        seconds: its duration.
        engine: what it was taken in.
    """

    backup: str
    tier: Tier
    data_as_of: datetime
    age_hours: float
    archive_bytes: int
    rows: int
    seconds: float
    engine: Engine = Engine.FUNCTION


class JobStatus(Answer):
    """A run that goes on as a job.

    Attributes:
        kind: what runs.
        build: the id of its build in CodeBuild; None if it is not known.
        since: when the job began, or its function if the job waits.
        waits: whether its build has not begun yet, as far as is known.
        reason: why it is a job.
    """

    kind: AttemptKind
    build: str | None
    since: datetime
    waits: bool
    reason: str | None


class DrillStatus(Answer):
    """The newest drill of a database.

    Attributes:
        verdict: about the backup.
        backup: the id of the backup; None if there was none.
        started_at: when it began.
        age_days: days since then.
        seconds: its duration.
        rto_seconds: the target for its duration.
        rto_margin_seconds: seconds left of the target; negative if it took longer.
        target: where it restored: "embedded", "neon-branch", or the secret of a server.
    """

    verdict: Verdict
    backup: str | None
    started_at: datetime
    age_days: float
    seconds: float
    rto_seconds: int
    rto_margin_seconds: float
    target: str = EMBEDDED


class DatabaseStatus(Answer):
    """One database.

    Attributes:
        name: in the settings.
        health: from its findings, and whether it has a backup and a drill.
        critical_findings: how many critical findings it has.
        warnings: how many findings are warnings.
        checked: whether its backups could be checked; if not, the rest is unknown.
        backups: how many it has.
        newest_backup: the newest complete one; None if there is none.
        newest_drill: the newest drill; None if there was none.
        monthly_cost: of its backups in the bucket and its transfer, in US dollars.
        transfer: what backups read from its server; None if it has no backup.
        provider: what its provider itself can give back; None if the provider is not asked.
        worst_finding: its worst finding in a few words; None if there is none.
        jobs: its runs that go on as jobs.
    """

    name: str
    health: Health
    critical_findings: int
    warnings: int
    checked: bool
    backups: int = 0
    newest_backup: BackupStatus | None = None
    newest_drill: DrillStatus | None = None
    monthly_cost: float | None = None
    transfer: TransferStatus | None = None
    provider: ProviderStatus | None = None
    worst_finding: str | None = None
    jobs: tuple[JobStatus, ...] = ()


class Status(Answer):
    """The status of the installation.

    Attributes:
        health: that of the worst database, or of the bucket if that is worse.
        checked_at: the time of the check.
        stack: its name.
        account: the AWS account's 12 digits; "" if they are unknown.
        bucket: the backup bucket.
        region: of the bucket.
        databases: in the order of the settings.
        findings: all of them, the worst first.
        muted: about which nobody is notified, and until when.
        bill: what everything costs per month.
        unprotected_hours: the longest time for which a database has had no backup; None if it is
            unknown for all.
    """

    health: Health
    checked_at: datetime
    stack: str
    account: str
    bucket: str
    region: str
    databases: tuple[DatabaseStatus, ...]
    findings: tuple[Finding, ...]
    muted: tuple[MutedFindings, ...]
    bill: Bill
    unprotected_hours: float | None

    def as_text(self) -> str:
        """The same for a terminal: a row for each database, the worst first, then the findings.

        The table is at most 80 columns wide, unless names are long.
        """
        whose = f"{self.installation.sentence} Bucket: s3://{self.bucket}"
        state = f"{self.stack}: {self.health.words.upper()}   {format_time(self.checked_at)}"
        table = table_of(self.databases)
        found = [block_of(each, self.checked_at) for each in self.findings]
        head = f"{line(state)}\n{line(whose)}"
        silent = [muted_text(self.muted)] if self.muted else []
        parts = [head, table, *(found or ["Nothing is wrong."]), *silent, bill_text(self.bill)]
        text = "\n\n".join(parts) + "\n"
        return printable(text)

    @property
    def installation(self) -> Installation:
        """The installation that it is about."""
        return Installation(
            stack=self.stack, account=self.account, region=self.region, bucket=self.bucket
        )


def status_of(
    facts: Facts,
    settings: WatchedSettings,
    findings: Sequence[Finding],
    now: datetime,
    *,
    secrets: int | None = None,
    muted: tuple[MutedFindings, ...] = (),
) -> Status:
    """The status of the installation.

    Args:
        facts: about the bucket and the databases.
        settings: of the monitor.
        findings: from `evaluate` for the same facts.
        now: the time of the check.
        secrets: how many the installation has in Secrets Manager; None: one for each database.
        muted: what people have muted.
    """
    views = {each: view_of(each, facts, settings, now) for each in settings.databases}
    known = [view for view in views.values() if view]
    databases = tuple(_database(each, view, findings, facts.region) for each, view in views.items())
    healths = [overall(findings), *(each.health for each in databases)]
    return Status(
        health=min(healths, key=lambda each: each.rank),
        checked_at=now,
        stack=facts.stack,
        account=facts.account,
        bucket=facts.bucket_name,
        region=facts.region,
        databases=databases,
        findings=tuple(findings),
        muted=muted,
        bill=estimate_bill(views, facts, settings, now, secrets=secrets),
        unprotected_hours=max(
            (round(age / _HOUR, 4) for view in known if (age := unprotected(view)) is not None),
            default=None,
        ),
    )


def _database(
    database: WatchedDatabase, view: DatabaseView | None, findings: Sequence[Finding], region: str
) -> DatabaseStatus:
    own = [each for each in findings if each.database == database.name]
    levels = [each.level for each in own]
    judged = DatabaseStatus(
        name=database.name,
        health=health_of(view, own),
        critical_findings=levels.count(Level.CRITICAL),
        warnings=levels.count(Level.WARNING),
        checked=view is not None,
        worst_finding=own[0].headline if own else None,
    )
    if view is None:
        return judged
    cost = monthly_cost(view.objects, view.settings.retention, region, view.now)
    transfer = transfer_status(view)
    known = {
        "backups": len(view.published),
        "newest_backup": _backup(view),
        "newest_drill": _drill(view),
        "monthly_cost": round(cost.total + (transfer.monthly_cost if transfer else 0), 4),
        "transfer": transfer,
        "jobs": tuple(_jobs(view)),
        "provider": provider_status(view),
    }
    return judged.model_copy(update=known)


def _backup(view: DatabaseView) -> BackupStatus | None:
    age = backup_age(view)
    if age is None:
        return None
    newest = view.complete[0]
    return BackupStatus(
        backup=newest.location.id,
        tier=newest.location.tier,
        data_as_of=newest.data_as_of,
        age_hours=round(age / _HOUR, 4),
        archive_bytes=newest.bytes,
        rows=newest.rows,
        seconds=newest.seconds,
        engine=newest.engine,
    )


def _jobs(view: DatabaseView) -> Iterator[JobStatus]:
    for kind in AttemptKind:
        if job := job_under_way(view, kind):
            yield JobStatus(
                kind=kind,
                build=job.build,
                since=job.started,
                waits=job.outcome is AttemptOutcome.HANDED_OVER,
                reason=job.reason,
            )


def _drill(view: DatabaseView) -> DrillStatus | None:
    age = drill_age(view)
    if age is None:
        return None
    newest = view.reports[0]
    return DrillStatus(
        verdict=newest.verdict,
        backup=newest.backup,
        started_at=newest.started,
        age_days=round(age / _DAY, 4),
        seconds=newest.total_seconds,
        rto_seconds=newest.rto_seconds,
        rto_margin_seconds=newest.rto_margin_seconds,
        target=newest.target,
    )
