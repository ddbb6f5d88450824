"""What an installation costs a month, all of it: one line for each thing that AWS charges.

Counts come from the settings (a test holds them to the template), times from the backups and drills
that there are, storage from the objects in the bucket (`lifeboat.monitor.policy.cost`), prices from
`lifeboat.model.prices`. Without free tiers: an account's ten alarms, ten metrics and three
dashboards may be in use elsewhere.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache
from statistics import fmean

from lifeboat.model.aws import MONTH, Architecture
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
from lifeboat.monitor.policy.cost import Cost, whose
from lifeboat.monitor.policy.slots import slots
from lifeboat.settings import Settings, WatchedDatabase, WatchedSettings
from lifeboat.settings.secret_arns import is_parameter

ALARMS = 4
"""Of the stack."""

MONITOR_MEMORY_MB = 1024
"""Of the monitor's function."""

BACKUP_SECONDS, DRILL_SECONDS = 60.0, 60.0
"""What a run is reckoned to take as long as there was none."""

_LOOK_SECONDS, _LOOK_SECONDS_EACH = 3.0, 0.3
"""What a look of the monitor takes, and what each database adds; it reads four at once."""

LISTS, OTHERS = 7, 6
"""Requests to S3 of a look, besides one for each document (`lifeboat.monitor.observe`)."""

RECORDS = 2
"""Requests for each database besides: for how its last backup and its last drill went."""

_DOCUMENTS = 35
"""What it reads of a database after a while: 30 manifests, 5 reports."""

_PAGE = 1000
"""Versions that one request lists."""

_SAMPLE = timedelta(days=28)
"""Runs are counted over so many days, as many of each weekday, and then taken for a month."""

_SAMPLES = MONTH / _SAMPLE
_HOURS = MONTH / timedelta(hours=1)
_DAYS = MONTH / timedelta(days=1)
_FREE_TMP_MB = 512
_MB_A_GB = 1024

_EXCLUDED = (
    "List prices, without free tiers. Not included, since they come to less than a cent or are not"
    " this stack's: KMS, logs, SNS, SQS, EventBridge; KMS keys, NAT gateways and endpoints of your"
    " own; restores."
)


@dataclass(frozen=True, kw_only=True)
class Line:
    """One thing that is charged.

    Attributes:
        name: what it is, with its count where it is counted.
        dollars: a month.
    """

    name: str
    dollars: float


@dataclass(frozen=True, kw_only=True)
class Bill:
    """Everything that is charged a month, if it goes on as in the last one.

    Attributes:
        lines: what it consists of.
        total: dollars.
        notes: whose prices these are, and what is left out.
    """

    lines: tuple[Line, ...]
    total: float
    notes: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class Use:
    """How a database uses its functions.

    Attributes:
        database: when it is backed up.
        backup_seconds: that its backups took, as far as they are known.
        drill_seconds: that its drills took.
        documents: manifests and reports that a look reads; None: as many as there will be.
        versions: that the bucket lists of it.
    """

    database: WatchedDatabase
    backup_seconds: Sequence[float] = ()
    drill_seconds: Sequence[float] = ()
    documents: int | None = None
    versions: int = 0


@dataclass(frozen=True, kw_only=True)
class Charged:
    """What is there to be charged for.

    Attributes:
        settings: of everything; databases are counted by `uses`.
        uses: of each database.
        secrets: in Secrets Manager that its functions read.
    """

    settings: WatchedSettings
    uses: Sequence[Use]
    secrets: int


def monthly_bill(
    installation: Charged,
    *,
    region: str,
    now: datetime,
    stored: Cost | None = None,
    others: Sequence[Line] = (),
) -> Bill:
    """What an installation costs.

    Args:
        installation: what there is.
        region: where it is.
        now: when the weeks begin in which runs are counted.
        stored: what the bucket's objects cost; None: leave archives out.
        others: what is charged by others than AWS, such as a provider's transfer.
    """
    prices, secrets = prices_in(region), installation.secrets
    keeping = Line(
        name=f"Secrets Manager, {plural(secrets, 'secret')}", dollars=secrets * prices.secret
    )
    lines = [
        *_cloudwatch(installation, prices, now),
        keeping,
        Line(name="Lambda", dollars=_compute(installation, prices, now)),
        Line(name="S3 requests of the monitor", dollars=_looking(installation, prices, now)),
        *(_storage(stored) if stored else ()),
        *others,
    ]
    return Bill(
        lines=tuple(Line(name=each.name, dollars=round(each.dollars, 4)) for each in lines),
        total=round(sum(each.dollars for each in lines), 4),
        notes=(*(stored.notes if stored else (whose(prices, region),)), _EXCLUDED),
    )


def secrets_of(settings: Settings) -> int:
    """How many secrets in Secrets Manager the functions of the stack read; parameters are free."""
    arns = {
        *(each.secret_arn for each in settings.databases),
        *settings.drill.target_secret_arns,
        *settings.restore.target_secret_arns,
        *filter(None, [settings.alerts.webhook_url_secret_arn]),
    }
    return sum(not is_parameter(arn) for arn in arns)


def metric_hours(installation: Charged, now: datetime) -> float:
    """Hours in which the functions send a metric, a month, summed up over all metrics."""
    settings, uses = installation.settings, installation.uses
    looks = {look.replace(minute=0) for look in _fired(settings.monitor.cron, "UTC", now)}
    hours = len(looks) * _SAMPLES * len(EACH_CHECK)
    if not settings.dashboard:
        return hours
    drilled = settings.drill.enabled
    daily = len(DAILY) + len(uses) * len(DAILY_PER_DATABASE + DAILY_PER_DRILLED_DATABASE * drilled)
    runs = sum(
        _backups(each, now) * len(EACH_BACKUP) + _drills(each, settings, now) * len(EACH_DRILL)
        for each in uses
    )
    return hours + daily * _DAYS + runs


def _cloudwatch(installation: Charged, prices: Prices, now: datetime) -> Iterator[Line]:
    yield Line(name=f"CloudWatch, {ALARMS} alarms", dollars=ALARMS * prices.alarm)
    hours = metric_hours(installation, now)
    yield Line(name="CloudWatch, metrics", dollars=hours / _HOURS * prices.metric)
    if installation.settings.dashboard:
        yield Line(name="CloudWatch, dashboard", dollars=prices.dashboard)


def _compute(installation: Charged, prices: Prices, now: datetime) -> float:
    """Backups, drills and looks: memory and /tmp by the second, and a little for each start."""
    settings, uses = installation.settings, installation.uses
    backup, drill, arm = settings.backup, settings.drill, settings.architecture
    looks = _runs(settings.monitor.cron, "UTC", now)
    look = _LOOK_SECONDS + _LOOK_SECONDS_EACH * len(uses)
    dollars = looks * _run(look, MONITOR_MEMORY_MB, _FREE_TMP_MB, prices, arm)
    for each in uses:
        seconds = fmean(each.backup_seconds or [BACKUP_SECONDS])
        backups = _backups(each, now)
        dollars += backups * _run(seconds, backup.memory_mb, backup.ephemeral_mb, prices, arm)
        seconds = fmean(each.drill_seconds or [DRILL_SECONDS])
        drills = _drills(each, settings, now)
        dollars += drills * _run(seconds, drill.memory_mb, drill.ephemeral_mb, prices, arm)
    return dollars


def _run(
    seconds: float, memory_mb: int, tmp_mb: int, prices: Prices, architecture: Architecture
) -> float:
    memory = memory_mb / _MB_A_GB * prices.gb_second[architecture]
    tmp = max(tmp_mb - _FREE_TMP_MB, 0) / _MB_A_GB * prices.tmp_gb_second
    return seconds * (memory + tmp) + prices.invocation / 1000


def _looking(installation: Charged, prices: Prices, now: datetime) -> float:
    uses, cron = installation.uses, installation.settings.monitor.cron
    lists = LISTS + sum(each.versions for each in uses) // _PAGE
    documents = (_DOCUMENTS if each.documents is None else each.documents for each in uses)
    one = (lists * prices.put + (OTHERS + RECORDS * len(uses) + sum(documents)) * prices.get) / 1000
    return _runs(cron, "UTC", now) * one


def _storage(stored: Cost) -> Iterator[Line]:
    for storage_class, dollars in sorted(stored.by_class.items()):
        yield Line(name=f"S3 storage, {storage_class}", dollars=dollars)
    yield Line(name="S3 requests of backups", dollars=stored.requests)
    if stored.early:
        yield Line(name="S3 days billed after deletion", dollars=stored.early)


def _backups(use: Use, now: datetime) -> float:
    return _runs(use.database.cron, use.database.timezone, now)


def _drills(use: Use, settings: WatchedSettings, now: datetime) -> float:
    if not settings.drill.enabled:
        return 0
    return _runs(settings.drill.cron, use.database.timezone, now)


def _runs(cron: str, timezone: str, now: datetime) -> float:
    """How often a schedule fires in a month."""
    return len(_fired(cron, timezone, now)) * _SAMPLES


@lru_cache(maxsize=64)  # most databases have the same schedule
def _fired(cron: str, timezone: str, now: datetime) -> list[datetime]:
    return list(slots(cron, timezone, now, now + _SAMPLE - timedelta(seconds=1)))
