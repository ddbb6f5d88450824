"""What holds for any facts, however odd."""

import random
import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from lifeboat.alerts.policy.findings import Code, Finding, Health, Level, overall
from lifeboat.alerts.policy.message import slack_text, webhook_payload
from lifeboat.alerts.policy.state import KnownSchedule, MonitorState
from lifeboat.model.attempt import Attempt, AttemptKind, AttemptOutcome
from lifeboat.model.drill_report import DrillReport, Limit, Outcome, TableResult, Verdict
from lifeboat.model.keys import BackupLocation
from lifeboat.model.lifecycle import LifecycleRule
from lifeboat.model.tiers import Tier
from lifeboat.monitor.policy.checks.age import backup_age
from lifeboat.monitor.policy.evaluate import evaluate, view_of
from lifeboat.monitor.policy.facts import (
    BucketFacts,
    DatabaseFacts,
    DefaultEncryption,
    Facts,
    Problem,
    PublicAccessBlock,
    StoredVersion,
    UnfinishedUpload,
    Unknown,
    Unreadable,
)
from lifeboat.monitor.policy.notifications import notifications_of
from lifeboat.monitor.policy.resolution import Resolution
from lifeboat.monitor.policy.status import status_of
from lifeboat.settings import WatchedDatabase, WatchedSettings
from tests.support.samples import COUNT, MANIFESTS, MOMENTS, SLOTS
from tests.support.samples import TEXT as ANY_TEXT
from tests.support.seen_bucket import DAY, NEWEST, NOW, SETTINGS, UNKNOWN, backup, healthy, reduced

HOSTILE = 'x".\n\nEVIL\r\nEVIL\u2028EVIL\x85EVIL\x0bEVIL\x1b[2J\u202eEVIL\u2066'
TEXT = ANY_TEXT | st.just(HOSTILE)
OURS = re.compile(
    r"|(CRITICAL|WARNING|INFO): .*|(  )?(What|Since|From|Limit|Safe): .*|What to do:|  \d+\. .*"
    r"|\d+ databases .*|Can it wait until morning\? .*|\d+\. .*|   .*|Without the program:"
    r"|Step \d+:"
    r"|What it means: docs/.*|Status page: https://.*|A shell in .*|The program, once .*"
    r"|Mute it for .*"
    r"|     .*|The status lists \d+ more\.|(Account|Region) .*|This is no longer true:"
    r"|(app|shop|other|the bucket)[: ].*|DATABASE .*|  .*|.*: [A-Z ]+   \d{4}-.*"
    r"|(COST A MONTH|CloudWatch|Secrets Manager|Lambda|S3|The provider's).*  \$[\d,.]+"
    r"|Prices of .*|List prices, .*|Estimated as .*"
)
"""How lines begin that we wrote: in an email, and in the status for a terminal."""

NEAR = st.datetimes(
    datetime(2026, 11, 1),  # noqa: DTZ001  # hypothesis adds the zone
    datetime(2026, 12, 1),  # noqa: DTZ001
    timezones=st.just(UTC),
).map(lambda moment: moment.replace(microsecond=0))
WHENS = NEAR | SLOTS
UNKNOWNS = st.just(UNKNOWN)
LOCATIONS = st.builds(
    BackupLocation, tier=st.sampled_from(Tier), database=st.just("app"), scheduled_at=WHENS
)
KEYS = TEXT | LOCATIONS.flatmap(
    lambda each: st.sampled_from([each.archive_key, each.globals_key, each.manifest_key])
)
VERSIONS = st.builds(
    StoredVersion,
    key=KEYS,
    version_id=st.none() | TEXT,
    bytes=COUNT,
    storage_class=st.sampled_from(["STANDARD", "GLACIER", "DEEP_ARCHIVE", "NEW_CLASS"]),
    modified=WHENS,
    latest=st.booleans(),
    deleted=st.booleans(),
)
UNREADABLES = st.builds(Unreadable, key=KEYS, why=TEXT, safe=TEXT, todo=TEXT)
DRILLS = st.builds(
    DrillReport,
    database=st.just("app"),
    started=WHENS,
    finished=MOMENTS,
    run_id=TEXT,
    lifeboat_version=TEXT,
    backup=st.none() | TEXT,
    target=TEXT,
    verdict=st.sampled_from(Verdict),
    reasons=st.lists(TEXT, max_size=2).map(tuple),
    advice=st.none() | TEXT,
    tables=st.lists(
        st.builds(
            TableResult,
            schema=TEXT,
            name=TEXT,
            expected=COUNT,
            restored=COUNT,
            outcome=st.sampled_from(Outcome),
        ),
        max_size=2,
    ).map(tuple),
    seconds=st.just({}),
    total_seconds=st.floats(0, 1e9),
    rto_seconds=st.integers(1, 10**6),
    limits=st.lists(
        st.builds(Limit, what=st.sampled_from(["rto", "time", "disk"]), database_bytes=COUNT),
        max_size=3,
    ).map(tuple),
    rows=COUNT,
    memory_mb=COUNT,
    ephemeral_mb=COUNT,
)
RULES = st.builds(
    LifecycleRule,
    id=TEXT,
    enabled=st.booleans(),
    prefix=st.sampled_from(["", "daily/", "manual/app/"]) | TEXT,
    larger_than=st.none() | COUNT,
    narrowed=st.booleans(),
    expire_days=st.none() | st.integers(1, 40000),
    transitions=st.lists(
        st.tuples(st.integers(0, 40000), st.sampled_from(["GLACIER", "OTHER"])), max_size=2
    ).map(tuple),
    noncurrent_days=st.none() | st.integers(1, 400),
    abort_days=st.none() | st.integers(1, 400),
)
BUCKETS = st.builds(
    BucketFacts,
    lifecycle=UNKNOWNS | st.lists(RULES, max_size=3).map(tuple),
    versioning=UNKNOWNS | st.booleans(),
    object_lock=UNKNOWNS | st.booleans(),
    encryption=UNKNOWNS
    | st.none()
    | st.builds(DefaultEncryption, algorithm=TEXT, key=st.none() | TEXT),
    public_access=UNKNOWNS | st.builds(PublicAccessBlock, block_public_acls=st.booleans()),
)


ATTEMPTS = st.builds(
    Attempt,
    kind=st.sampled_from(AttemptKind),
    database=st.just("app"),
    run_id=st.just("r-1"),
    started=WHENS,
    finished=st.none() | WHENS,
    outcome=st.sampled_from(AttemptOutcome),
    backup=st.none() | TEXT,
    label=st.none() | TEXT,
    what=st.none() | TEXT,
    safe=st.none() | TEXT,
    todo=st.none() | TEXT,
    notified=st.booleans(),
)


def _by_key[T](items: list[T]) -> tuple[T, ...]:
    """Each document once, as a bucket has them."""
    return tuple({item.key: item for item in items}.values())  # type: ignore[attr-defined]


DATABASES = st.builds(
    DatabaseFacts,
    name=st.sampled_from(["app", "other"]),
    objects=UNKNOWNS | st.lists(VERSIONS, max_size=8).map(tuple),
    manifests=st.lists(MANIFESTS | UNREADABLES, max_size=3).map(
        lambda documents: reduced(_by_key(documents), ())
    ),
    drills=st.lists(DRILLS | UNREADABLES, max_size=3).map(_by_key),
    attempts=st.lists(ATTEMPTS, max_size=2).map(_by_key),
    known=st.none()
    | st.builds(
        KnownSchedule,
        schedule=TEXT,
        since=WHENS,
        database_since=st.none() | WHENS,
        first_backup=st.none() | WHENS,
    ),
)
FACTS = st.builds(
    Facts,
    bucket_name=TEXT,
    region=TEXT,
    stack=TEXT,
    bucket=BUCKETS,
    databases=st.lists(DATABASES, max_size=2, unique_by=lambda each: each.name).map(tuple),
    unmanaged_prefixes=UNKNOWNS | st.lists(TEXT, max_size=3).map(tuple),
    uploads=UNKNOWNS
    | st.lists(st.builds(UnfinishedUpload, key=KEYS, initiated=WHENS), max_size=3).map(tuple),
    problems=st.lists(
        st.builds(Problem, subject=TEXT, why=TEXT, todo=TEXT, database=st.none() | st.just("app")),
        max_size=2,
    ).map(tuple),
)
TWO = WatchedSettings(databases=(WatchedDatabase(name="app"), WatchedDatabase(name="shop")))


@settings(max_examples=40)
@given(facts=FACTS, now=NEAR)
def test_whatever_was_seen_it_can_be_judged_reported_and_shown(facts: Facts, now: datetime) -> None:
    findings = evaluate(facts, TWO, now)
    assert len({finding.identity for finding in findings}) == len(findings)
    assert any(each.database == "shop" and each.code is Code.CHECK_INCOMPLETE for each in findings)
    assert overall(findings) is not Health.HEALTHY
    told = notifications_of(
        None,
        findings,
        now,
        installation=facts.installation,
        resolution=lambda _: Resolution.RESOLVED,
    )
    for message in told.messages:
        assert len(message.subject) < 100
        assert message.subject.isascii()
        assert message.subject.isprintable()
        assert all(message.attributes.values())
        assert_ours(message.body)
        assert slack_text(message)
        assert webhook_payload(message)
    assert MonitorState.from_json(told.state.to_json()) == told.state
    status = status_of(facts, TWO, findings, now)
    assert status.as_json()
    assert_ours(status.as_text())


def assert_ours(text: str) -> None:
    """No name has put a line of its own between ours, and no age is negative."""
    assert all(each.isprintable() or each == "\n" for each in text)
    for each in text.splitlines():
        assert OURS.fullmatch(each), each
        assert "EVIL" not in each[:4]
    assert text.count("\nWhat to do:") <= 1
    assert not re.search(r"(?<![\w-])-\d+ (s|min|h|days)\b", text)


@settings(max_examples=20)
@given(facts=FACTS, now=NEAR, seed=st.integers())
def test_the_order_in_which_things_were_seen_does_not_matter(
    facts: Facts, now: datetime, seed: int
) -> None:
    shuffle = random.Random(seed).sample  # noqa: S311

    def mixed[T: tuple[object, ...] | Unknown](items: T) -> T:
        if isinstance(items, Unknown):
            return items
        return tuple(shuffle(items, len(items)))  # type: ignore[return-value]

    bucket = replace(facts.bucket, lifecycle=mixed(facts.bucket.lifecycle))
    databases = [
        replace(
            each,
            objects=mixed(each.objects),
            manifests=mixed(each.manifests),
            drills=mixed(each.drills),
        )
        for each in facts.databases
    ]
    other = replace(
        facts,
        bucket=bucket,
        databases=tuple(shuffle(databases, len(databases))),
        unmanaged_prefixes=mixed(facts.unmanaged_prefixes),
        uploads=mixed(facts.uploads),
        problems=mixed(facts.problems),
    )
    assert evaluate(other, TWO, now) == evaluate(facts, TWO, now)


@settings(max_examples=10)
@given(facts=FACTS, now=NEAR)
def test_without_facts_nothing_is_healthy(facts: Facts, now: datetime) -> None:
    blind = replace(facts, databases=())
    levels = {each.level for each in evaluate(blind, SETTINGS, now) if each.database == "app"}
    assert Level.CRITICAL in levels


def _age(bucket_days: list[int], now: datetime) -> timedelta | None:
    bucket = healthy(days=0).add(*(backup(NEWEST - day * DAY) for day in bucket_days))
    view = view_of(SETTINGS.databases[0], bucket.facts(), SETTINGS, now)
    assert view is not None
    return backup_age(view)


@settings(max_examples=50)
@given(
    days=st.lists(st.integers(0, 400), max_size=6, unique=True),
    newer=st.integers(0, 400),
    now=st.integers(-400, 400).map(lambda days: NOW + days * DAY),
)
def test_a_further_backup_never_makes_the_newest_older(
    days: list[int], newer: int, now: datetime
) -> None:
    before, after = _age(days, now), _age([*{*days, newer}], now)
    assert before is None or (after is not None and after <= before)


@settings(max_examples=50)
@given(
    days=st.lists(st.integers(0, 40), max_size=6, unique=True),
    hours=st.integers(0, 2000),
)
def test_a_newer_backup_never_brings_an_alarm_about_age(days: list[int], hours: int) -> None:
    def alarms(*days: int) -> list[Finding]:
        bucket = healthy(days=0).add(*(backup(NEWEST - day * DAY) for day in days))
        bucket.scheduled_since = NEWEST - 50 * DAY
        bucket.now = NOW + timedelta(hours=hours)
        return [*bucket.found(Code.BACKUP_TOO_OLD), *bucket.found(Code.NO_BACKUP)]

    newest = min(days, default=41)
    assert len(alarms(*days, newest - 1)) <= len(alarms(*days))
