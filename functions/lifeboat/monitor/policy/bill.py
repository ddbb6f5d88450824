"""What an installation costs per month: one line for each thing that AWS charges.

Counts come from the settings (a test compares them with the template), durations from the backups
and drills, storage from the objects in the bucket (`lifeboat.monitor.policy.cost`), prices from
`lifeboat.model.prices`. Without free tiers: an account's ten alarms, ten metrics and three
dashboards may be in use elsewhere.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache
from statistics import fmean

from lifeboat.model.aws import MONTH
from lifeboat.model.engine import Engine
from lifeboat.model.metrics import (
    DAILY,
    DAILY_PER_DATABASE,
    DAILY_PER_DRILLED_DATABASE,
    EACH_BACKUP,
    EACH_CHECK,
    EACH_DRILL,
)
from lifeboat.model.prices import Prices, prices_in
from lifeboat.model.text import plural
from lifeboat.monitor.policy.cost import Cost, price_note
from lifeboat.monitor.policy.run_cost import Work, function_dollars, job_dollars
from lifeboat.monitor.policy.scheduled_times import scheduled_times
from lifeboat.settings import Settings, WatchedDatabase, WatchedSettings
from lifeboat.settings.function_size import FunctionSize
from lifeboat.settings.secret_arns import is_parameter

ALARMS = 4
"""Alarms of the stack."""

MONITOR_MEMORY_MB = 1024
"""Memory of the monitor's function."""

BACKUP_SECONDS, DRILL_SECONDS = 60.0, 60.0
"""The estimated duration of a run, as long as there was none."""

_CHECK_SECONDS, _CHECK_SECONDS_EACH = 3.0, 0.3
"""The duration of a check, and what each database adds to it; four are read in parallel."""

LIST_REQUESTS, OTHER_REQUESTS = 7, 6
"""Requests to S3 of a check, without those for documents (`lifeboat.monitor.observe`)."""

WRITE_REQUESTS = 2
"""Requests that write the status page and the record of evidence, billed like those that list."""

RECORD_REQUESTS, NEON_REQUESTS = 3, 1
"""Requests for the records of a database's last runs, and for what Neon says, if it is asked."""

_DOCUMENTS = 35
"""Documents that a check usually reads per database: 30 manifests, 5 reports."""

_PAGE = 1000
"""Versions in one page of a listing."""

_SAMPLE = timedelta(days=28)
"""Runs are counted over this time, with all weekdays equally often, and scaled to a month."""

_SAMPLES = MONTH / _SAMPLE
_HOURS = MONTH / timedelta(hours=1)
_DAYS = MONTH / timedelta(days=1)

_EXCLUDED = (
    "List prices, without free tiers. Not included, since they come to less than a cent or are not"
    " this stack's: KMS, logs, SNS, SQS, EventBridge; KMS keys, NAT gateways and endpoints of your"
    " own; restores."
)


@dataclass(frozen=True, kw_only=True)
class Line:
    """One thing that is charged.

    Attributes:
        name: what it is, with its count if it has one.
        dollars: a month.
    """

    name: str
    dollars: float


@dataclass(frozen=True, kw_only=True)
class Bill:
    """Everything that is charged per month, if the next month is like the last one.

    Attributes:
        lines: its parts.
        total: dollars.
        notes: the region of the prices, and what is not included.
    """

    lines: tuple[Line, ...]
    total: float
    notes: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class DatabaseUsage:
    """The use of its functions by a database.

    Attributes:
        database: its settings.
        backup_seconds: durations of its backups, as far as known.
        drill_seconds: durations of its drills.
        backup_engine: what its backups run in.
        drill_engine: what its drills run in.
        documents: manifests and reports that a check reads; None: as many as usual.
        versions: its versions in the bucket.
    """

    database: WatchedDatabase
    backup_seconds: Sequence[float] = ()
    drill_seconds: Sequence[float] = ()
    backup_engine: Engine = Engine.FUNCTION
    drill_engine: Engine = Engine.FUNCTION
    documents: int | None = None
    versions: int = 0


@dataclass(frozen=True, kw_only=True)
class BilledInstallation:
    """What is charged.

    Attributes:
        settings: of the installation; databases are counted by `usages`.
        usages: one for each database.
        secrets: in Secrets Manager that its functions read.
    """

    settings: WatchedSettings
    usages: Sequence[DatabaseUsage]
    secrets: int


def monthly_bill(
    installation: BilledInstallation,
    *,
    region: str,
    now: datetime,
    stored: Cost | None = None,
    others: Sequence[Line] = (),
) -> Bill:
    """What an installation costs.

    Args:
        installation: what is charged.
        region: its region.
        now: the start of the weeks in which runs are counted.
        stored: the cost of the bucket's objects; None: without them.
        others: charges by others than AWS, such as a provider's transfer.
    """
    prices, secrets = prices_in(region), installation.secrets
    keeping = Line(
        name=f"Secrets Manager, {plural(secrets, 'secret')}", dollars=secrets * prices.secret
    )
    lines = [
        *_cloudwatch(installation, prices, now),
        keeping,
        Line(name="Lambda", dollars=_functions(installation, prices, now)),
        *_jobs(installation, prices, now),
        Line(
            name="S3 requests of the monitor", dollars=_monitor_requests(installation, prices, now)
        ),
        *(_storage(stored) if stored else ()),
        *others,
    ]
    return Bill(
        lines=tuple(Line(name=each.name, dollars=round(each.dollars, 4)) for each in lines),
        total=round(sum(each.dollars for each in lines), 4),
        notes=(*(stored.notes if stored else (price_note(prices, region),)), _EXCLUDED),
    )


def secrets_of(settings: Settings) -> int:
    """The number of secrets in Secrets Manager that the functions read; parameters are free.

    The stack itself makes one for each database whose backups read a branch, and one for each whose
    drills restore into one.
    """
    arns = {
        *(each.secret_arn for each in settings.databases),
        *(each.neon.api_key_secret_arn for each in settings.databases if each.neon),
        *settings.drill.target_secret_arns,
        *settings.restore.target_secret_arns,
        *filter(None, settings.alerts.url_secret_arns),
    }
    broker = settings.at_broker()
    made = len(broker.names("backup")) + len(broker.names("drill"))
    return sum(not is_parameter(arn) for arn in arns) + made


def metric_hours(installation: BilledInstallation, now: datetime) -> float:
    """Hours per month in which a metric is sent, summed over all metrics."""
    settings, usages = installation.settings, installation.usages
    checks = {check.replace(minute=0) for check in _fired(settings.monitor.cron, "UTC", now)}
    hours = len(checks) * _SAMPLES * len(EACH_CHECK)
    if not settings.dashboard:
        return hours
    drilled = settings.drill.enabled
    daily = len(DAILY) + len(usages) * len(
        DAILY_PER_DATABASE + DAILY_PER_DRILLED_DATABASE * drilled
    )
    runs = sum(
        _backups(each, now) * len(EACH_BACKUP) + _drills(each, settings, now) * len(EACH_DRILL)
        for each in usages
    )
    return hours + daily * _DAYS + runs


def _cloudwatch(installation: BilledInstallation, prices: Prices, now: datetime) -> Iterator[Line]:
    yield Line(name=f"CloudWatch, {ALARMS} alarms", dollars=ALARMS * prices.alarm)
    hours = metric_hours(installation, now)
    yield Line(name="CloudWatch, metrics", dollars=hours / _HOURS * prices.metric)
    if installation.settings.dashboard:
        yield Line(name="CloudWatch, dashboard", dollars=prices.dashboard)


def _functions(installation: BilledInstallation, prices: Prices, now: datetime) -> float:
    """Backups, drills and checks: memory and /tmp by the second, and each invocation."""
    arm, checks = installation.settings.architecture, installation.settings.monitor.cron
    check = _CHECK_SECONDS + _CHECK_SECONDS_EACH * len(installation.usages)
    monitor = FunctionSize(memory_mb=MONITOR_MEMORY_MB)
    dollars = _runs(checks, "UTC", now) * function_dollars(check, monitor, prices, arm)
    for each in _works(installation, now):
        dollars += each.runs * function_dollars(each.function_seconds, each.size, prices, arm)
    return dollars


def _jobs(installation: BilledInstallation, prices: Prices, now: datetime) -> Iterator[Line]:
    """What runs as a job, if anything does."""
    arm = installation.settings.architecture
    dollars = [
        each.runs * job_dollars(each.seconds, each.compute, arm, prices)
        for each in _works(installation, now)
        if each.engine is Engine.JOB
    ]
    if dollars:
        yield Line(name="CodeBuild, jobs", dollars=sum(dollars))


def _works(installation: BilledInstallation, now: datetime) -> Iterator[Work]:
    """Backups and drills of each database."""
    settings = installation.settings
    for each in installation.usages:
        yield Work(
            runs=_backups(each, now),
            seconds=fmean(each.backup_seconds or [BACKUP_SECONDS]),
            engine=each.backup_engine,
            size=settings.backup,
            compute=settings.job.backup_compute,
        )
        yield Work(
            runs=_drills(each, settings, now),
            seconds=fmean(each.drill_seconds or [DRILL_SECONDS]),
            engine=each.drill_engine,
            size=settings.drill,
            compute=settings.job.drill_compute,
        )


def _monitor_requests(installation: BilledInstallation, prices: Prices, now: datetime) -> float:
    usages, cron = installation.usages, installation.settings.monitor.cron
    lists = LIST_REQUESTS + WRITE_REQUESTS + sum(each.versions for each in usages) // _PAGE
    documents = (_DOCUMENTS if each.documents is None else each.documents for each in usages)
    asked = sum(each.database.neon is not None for each in usages)
    one = (
        lists * prices.put
        + (OTHER_REQUESTS + RECORD_REQUESTS * len(usages) + NEON_REQUESTS * asked + sum(documents))
        * prices.get
    ) / 1000
    return _runs(cron, "UTC", now) * one


def _storage(stored: Cost) -> Iterator[Line]:
    for storage_class, dollars in sorted(stored.by_class.items()):
        yield Line(name=f"S3 storage, {storage_class}", dollars=dollars)
    yield Line(name="S3 requests of backups", dollars=stored.requests)
    if stored.early:
        yield Line(name="S3 days billed after deletion", dollars=stored.early)


def _backups(usage: DatabaseUsage, now: datetime) -> float:
    return _runs(usage.database.cron, usage.database.timezone, now)


def _drills(usage: DatabaseUsage, settings: WatchedSettings, now: datetime) -> float:
    if not settings.drill.enabled:
        return 0
    return _runs(settings.drill.cron, usage.database.timezone, now)


def _runs(cron: str, timezone: str, now: datetime) -> float:
    """How often a schedule fires in a month."""
    return len(_fired(cron, timezone, now)) * _SAMPLES


@lru_cache(maxsize=64)  # most databases have the same schedule
def _fired(cron: str, timezone: str, now: datetime) -> list[datetime]:
    return list(scheduled_times(cron, timezone, now, now + _SAMPLE - timedelta(seconds=1)))
