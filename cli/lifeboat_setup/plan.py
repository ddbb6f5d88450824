"""What a person is shown before anything is made: pure, but for the clock that it is given."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from textwrap import wrap

from infra.size import resources
from lifeboat.model.aws import MONTH
from lifeboat.model.engine import Engine
from lifeboat.model.prices import prices_in
from lifeboat.model.schedule import runs
from lifeboat.model.text import format_duration, format_size, join_first, line, plural
from lifeboat.monitor.policy.bill import (
    BACKUP_SECONDS,
    BilledInstallation,
    DatabaseUsage,
    Line,
    monthly_bill,
    secrets_of,
)
from lifeboat.monitor.policy.run_cost import job_dollars, next_engine
from lifeboat.monitor.policy.transfer import SHARE
from lifeboat.settings import DatabaseSettings, Settings
from lifeboat.settings.allowance import allowance_of, consequence, fixes, transfer_cost
from lifeboat.settings.providers import provider_named, provider_of
from lifeboat_setup.candidates import Candidate, RoleWork

_BYTES_A_SECOND = 20_000_000
"""A cautious speed of a network between a function and a provider's server."""

_START_SECONDS = 10
"""What a run takes besides the rows."""

COLUMNS = 80
"""The width of what is shown."""

_CENT = 0.005

_DEPLOY_MINUTES = 4
"""Of a first deployment with the CDK's bootstrap."""


@dataclass(frozen=True, kw_only=True)
class Place:
    """Where an installation goes.

    Attributes:
        account: twelve digits.
        region: its name.
        stack: its name.
        settings_file: its name.
        new_file: whether that file is made.
        bootstrap: whether the CDK's bootstrap comes first.
    """

    account: str
    region: str
    stack: str
    settings_file: str
    new_file: bool
    bootstrap: bool


def plan_text(
    place: Place,
    candidates: Sequence[Candidate],
    settings: Settings,
    lacking: Mapping[str, Sequence[str]],
    now: datetime,
) -> str:
    """The plan.

    Args:
        place: where it goes.
        candidates: the databases for which something may have to be made.
        settings: as they will be.
        lacking: extensions, by the database's name, that the drill's server does not have.
        now: the time.
    """
    rows = [
        ("account", f"{place.account}, {place.region}, stack {place.stack}"),
        *(row for each in candidates for row in _database(each, lacking.get(each.name, ()))),
        ("settings", f"{place.settings_file}{' (new)' if place.new_file else ', changed'}"),
        ("AWS", _aws(place, settings)),
        ("time", _time(candidates)),
        *_cost(candidates, settings, place.region, now),
        ("alerts", ", ".join(settings.alerts.emails) or "nobody yet: alerts.emails is empty"),
    ]
    return "\n".join(_table(rows))


def sql_text(candidates: Iterable[Candidate]) -> str:
    """The SQL that will be run, without passwords."""
    parts = []
    for each in candidates:
        for role in each.roles:
            if role.sql and role.work == "create":
                left = [line for line in role.sql.shown.splitlines() if line not in role.refused]
                parts.append("\n".join([f"-- {each.name}", *left]))
    return "\n\n".join(parts)


def seconds_of_backup(size: int) -> float:
    """About how long a backup of a database takes; its size in bytes."""
    return _START_SECONDS + size * SHARE / _BYTES_A_SECOND


def _database(found: Candidate, lacking: Sequence[str]) -> Iterator[tuple[str, str]]:
    facts = found.facts
    about = [f"PostgreSQL {facts.version}", format_size(facts.bytes), plural(facts.tables, "table")]
    if facts.secured_tables:
        about.append(f"row level security on {facts.secured_tables}")
    yield f"{found.name}", ", ".join(about)
    for note in found.notes:
        yield "", f"note: {note}"
    if lacking:
        yield (
            "",
            f"note: drills will be partial, as their server has no {line(join_first(lacking))}",
        )
    if facts.large_objects and found.reading.sql and not facts.superuser:
        yield (
            "",
            f"note: grant {plural(facts.large_objects, 'large object')} (docs/backup-role.md)",
        )
    for role in found.roles:
        yield "", _role(role)
        yield from (("", f"note: {note}") for note in role.notes)
    yield from (("", text) for text in _lesser(found))


def _role(role: RoleWork) -> str:
    done = {
        "create": "new role",
        "none": "role, there already,",
        "set password": "role, there already, gets the secret's password:",
    }[role.work]
    kept = {"create": "new secret", "none": "secret, there already,", "replace": "secret, changed:"}
    return f"{done} {line(role.endpoint.user)}; {kept[role.storing]} {role.secret_name}"


def _lesser(found: Candidate) -> Iterator[str]:
    """What the roles will not be able to do."""
    if found.reading.sql and found.reading.sql.by_grants:
        yield (
            "note: this administrator may not grant pg_read_all_data, so the role reads what is"
            " there now and what this administrator makes. A table that another role makes has to"
            " be granted; until then backups fail, and name it"
        )
    restoring = found.restoring
    if restoring is None:
        yield "note: no role for restores: nothing can be restored into a server"
    elif restoring.sql and restoring.work == "create":
        if found.facts.superuser_owns:
            yield (
                "note: a superuser owns the database, so the role for restores can restore beside"
                " it, but not swap"
            )
        elif restoring.refused:
            yield (
                f"note: the server refuses: {line(' '.join(restoring.refused))} So the role for"
                " restores can restore beside the database, but not swap. To swap, put the owner's"
                f" URL into {restoring.secret_name}"
            )


def _aws(place: Place, settings: Settings) -> str:
    first = "the CDK's bootstrap (once for each account and region), then " * place.bootstrap
    return f"{first}about {resources(settings)} resources: functions, schedules, roles, a bucket"


def _time(candidates: Sequence[Candidate]) -> str:
    parts = [f"deployment about {_DEPLOY_MINUTES} min"]
    if candidates:
        largest = max(each.facts.bytes for each in candidates)
        seconds = format_duration(seconds_of_backup(largest))
        parts.append(f"a backup about {seconds}, a drill about as long")
    return "; ".join(parts)


def _cost(
    candidates: Sequence[Candidate], settings: Settings, region: str, now: datetime
) -> Iterator[tuple[str, str]]:
    usages, others, notes = [], [], []
    sizes = {each.name: each for each in candidates}
    for database in settings.databases:
        found = sizes.get(database.name)
        seconds = [seconds_of_backup(found.facts.bytes)] if found else []
        engine = _engine(database, settings, seconds)
        usages.append(
            DatabaseUsage(
                database=database,
                backup_seconds=seconds,
                drill_seconds=seconds,
                backup_engine=engine,
                drill_engine=engine,
            )
        )
        if engine is Engine.JOB:
            notes.append(
                f"{database.name} runs as jobs of CodeBuild: about"
                f" ${_dollars(settings, seconds, region):.2f} for a backup"
            )
        if found:
            read, words = _transfer(found, database, now)
            others += read
            notes += words
    there = BilledInstallation(
        settings=settings.watched(), usages=usages, secrets=secrets_of(settings)
    )
    bill = monthly_bill(there, region=region, now=now, others=others)
    lines = [f"{each.name} ${each.dollars:.2f}" for each in bill.lines if each.dollars >= _CENT]
    yield "cost", f"${bill.total:.2f} a month, without the bucket's storage (docs: README.md)"
    yield from (("", text) for text in lines)
    yield from (("", f"note: {text}") for text in notes)


def _engine(database: DatabaseSettings, settings: Settings, seconds: Sequence[float]) -> Engine:
    """What its runs will probably run in: how long they take is known of databases found here."""
    limit = settings.backup.timeout_minutes * 60 * settings.job.threshold_percent / 100
    long = any(each > limit for each in seconds)
    return next_engine(database.engine, Engine.JOB if long else None)


def _dollars(settings: Settings, seconds: Sequence[float], region: str) -> float:
    """What a backup costs as a job."""
    known = max(seconds, default=BACKUP_SECONDS)
    compute = settings.job.backup_compute
    return job_dollars(known, compute, settings.architecture, prices_in(region))


def _transfer(
    found: Candidate, database: DatabaseSettings, now: datetime
) -> tuple[list[Line], list[str]]:
    """What the provider charges for what backups read, and what happens beyond the plan."""
    provider = provider_of(found.reading.endpoint.host)
    allowance = allowance_of(database, provider)
    month = (
        found.facts.bytes * SHARE * len(runs(database.cron, database.timezone, now, now + MONTH))
    )
    if allowance is None:
        return [], []
    known = provider_named(provider)
    title = known.title if known else "the provider"
    words = [f"{database.name}: backups read about {format_size(month)} a month from {title}"]
    if allowance.bytes is not None and month > allowance.bytes:
        words += [consequence(allowance, month), fixes(allowance)[0]]
    dollars = transfer_cost(month, allowance)
    return [Line(name=f"Transfer at {title}, {database.name}", dollars=dollars)], words


def _table(rows: Iterable[tuple[str, str]]) -> Iterator[str]:
    """Two columns; what is too long goes on below."""
    rows = list(rows)
    width = max(len(name) for name, _ in rows) + 4
    for name, text in rows:
        yield from wrap(
            text,
            COLUMNS,
            initial_indent=f"  {name.ljust(width - 2)}",
            subsequent_indent=" " * width,
            break_long_words=False,
            break_on_hyphens=False,
        )
