"""Facts out of a real bucket; what can't be seen is a fact too."""

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from lifeboat.alerts.policy.findings import Code, Health, Level, overall
from lifeboat.alerts.policy.state import MonitorState
from lifeboat.model.tiers import Tier
from lifeboat.monitor.observe import observe, request_limit
from lifeboat.monitor.policy.bill import (
    LIST_REQUESTS,
    NEON_REQUESTS,
    OTHER_REQUESTS,
    RECORD_REQUESTS,
)
from lifeboat.monitor.policy.evaluate import evaluate
from lifeboat.monitor.policy.facts import (
    DatabaseFacts,
    DefaultEncryption,
    Facts,
    Unknown,
    Unreadable,
)
from lifeboat.monitor.request_budget import RequestBudget
from lifeboat.s3.bucket import BackupBucket
from lifeboat.settings import TransferSettings, WatchedDatabase, WatchedSettings
from local.aws import LocalAws
from tests.support.aws_helpers import allow, make_role
from tests.support.backup_harness import Bucket
from tests.support.bucket_builder import ARCHIVE, BucketBuilder, drilled
from tests.support.neon_reports import NEON, said
from tests.support.seen_bucket import BUCKET, DAY, HEARD, RULES, backup, drill, reduced
from tests.support.slots import last_slot

SETTINGS = WatchedSettings(databases=(WatchedDatabase(name="app"),))


@pytest.fixture
def built(bucket: Bucket) -> BucketBuilder:
    return BucketBuilder(bucket)


def look(built: BucketBuilder, client: Any = None, settings: WatchedSettings = SETTINGS) -> Facts:
    """What is seen with the owner's eyes, or with another client's."""
    seen = BackupBucket(client or built.bucket.client, built.bucket.name)
    budget = RequestBudget(request_limit(settings), lambda: 60.0)
    return replace(observe(seen, settings, "Lifeboat", budget, datetime.now(UTC)), topic=HEARD)


def health_of(facts: Facts) -> Health:
    return overall(evaluate(facts, SETTINGS, datetime.now(UTC)))


def codes(facts: Facts) -> set[Code]:
    return {each.code for each in evaluate(facts, SETTINGS, datetime.now(UTC))}


def of_app(facts: Facts) -> DatabaseFacts:
    (only,) = facts.databases
    return only


def test_a_bucket_in_order_is_seen_as_it_is_and_healthy(built: BucketBuilder) -> None:
    built.configure(RULES)
    manifests = built.back_up_daily(9)
    report = drill(drilled())
    built.report(report)
    built.put("monitor/state.json", MonitorState().to_json())
    built.put("status.html", b"<html>")
    built.put("restores/app/2026-11-22T020000Z.json", b"{}")
    facts = look(built)
    app = of_app(facts)
    assert facts.bucket == BUCKET
    assert not isinstance(app.objects, Unknown)
    assert app.manifests == reduced(manifests, app.objects, now=datetime.now(UTC))
    assert app.drills == (report,)
    assert len(app.objects) == 9 * 3 + 1
    assert (facts.unmanaged_prefixes, facts.uploads, facts.problems) == ((), (), ())
    assert evaluate(facts, SETTINGS, datetime.now(UTC)) == ()


@pytest.mark.parametrize("neon", [False, True])
def test_the_bill_reckons_with_the_requests_that_a_look_makes(
    built: BucketBuilder, *, neon: bool
) -> None:
    built.configure(RULES)
    documents = len(built.back_up_daily(3))
    made: list[str] = []

    def count(model: Any, **_: object) -> None:
        made.append(model.name)

    events = built.bucket.client.meta.events
    events.register("before-call.s3", count)
    try:
        look(built, settings=in_neon() if neon else SETTINGS)
    finally:
        events.unregister("before-call.s3", count)
    listings = [name for name in made if name.startswith("List")]
    assert len(listings) == LIST_REQUESTS
    memory = 1  # is read by whoever calls this look
    assert len(made) - len(listings) + memory == (
        OTHER_REQUESTS + RECORD_REQUESTS + NEON_REQUESTS * neon + documents
    )


def in_neon(settings: WatchedSettings = SETTINGS) -> WatchedSettings:
    """The same settings, of a database that Neon is asked about."""
    (app,) = settings.databases
    return settings.model_copy(
        update={"databases": (app.model_copy(update={"neon": NEON}),)},
    )


def test_what_neon_says_is_read_where_neon_is_asked_and_nowhere_else(built: BucketBuilder) -> None:
    now = datetime.now(UTC).replace(microsecond=0)
    report = said(now, snapshots=None, schedule=None)
    built.put(report.key, report.to_json())
    assert of_app(look(built)).provider is None
    facts = look(built, settings=in_neon())
    assert of_app(facts).provider == report
    assert (facts.problems, facts.unmanaged_prefixes) == ((), ())


def test_a_report_that_is_not_there_yet_is_no_gap_and_a_damaged_one_is(
    built: BucketBuilder,
) -> None:
    facts = look(built, settings=in_neon())
    assert (of_app(facts).provider, facts.problems) == (None, ())
    built.put("providers/app.json", b'{"schema_version": 1, "database": "ap')
    facts = look(built, settings=in_neon())
    assert of_app(facts).provider is None
    (gap,) = facts.problems
    assert (gap.subject, gap.database) == ("read providers/app.json", "app")
    found = [each for each in evaluate(facts, in_neon(), datetime.now(UTC)) if each.subject]
    assert (Code.CHECK_INCOMPLETE, Level.WARNING) in {(each.code, each.level) for each in found}


def test_a_bucket_about_which_nothing_was_set_is_seen_bare(aws: LocalAws) -> None:
    client = aws.client("s3")
    client.create_bucket(Bucket="bare")
    client.delete_public_access_block(Bucket="bare")
    client.delete_bucket_encryption(Bucket="bare")
    bucket = look(BucketBuilder(Bucket(client, "bare"))).bucket
    assert (bucket.lifecycle, bucket.versioning, bucket.object_lock) == ((), False, False)
    assert bucket.encryption in (None, DefaultEncryption(algorithm="AES256"))  # AWS's own default
    assert not isinstance(bucket.public_access, Unknown)
    assert not bucket.public_access.block_public_acls


def test_overwritten_deleted_and_cold_objects_are_distinguished(built: BucketBuilder) -> None:
    newest, middle, oldest = built.back_up_daily(3)
    built.put(newest.location.archive_key, ARCHIVE)
    client, name = built.bucket.client, built.bucket.name
    client.delete_object(Bucket=name, Key=middle.location.archive_key)
    cold = {"Bucket": name, "Key": oldest.location.archive_key}
    client.put_object(**cold, Body=ARCHIVE, StorageClass="DEEP_ARCHIVE")
    facts = look(built)
    objects = of_app(facts).objects
    assert not isinstance(objects, Unknown)
    archives = [each for each in objects if each.key.endswith("archive.dump")]
    of = {
        manifest.scheduled_at: [
            each for each in archives if each.key == manifest.location.archive_key
        ]
        for manifest in (newest, middle, oldest)
    }
    assert sorted(each.latest for each in of[newest.scheduled_at]) == [False, True]
    assert [each.latest for each in of[middle.scheduled_at] if each.deleted] == [True]
    assert [each.storage_class for each in of[oldest.scheduled_at] if each.latest] == [
        "DEEP_ARCHIVE"
    ]
    found = [each for each in evaluate(facts, SETTINGS, datetime.now(UTC)) if each.subject]
    by_key = {each.subject: each.code for each in found}
    assert by_key[newest.location.archive_key] is Code.ARCHIVE_DIFFERS
    assert by_key[middle.location.archive_key] is Code.ARCHIVE_MISSING


def test_only_what_judging_needs_is_read(built: BucketBuilder) -> None:
    manifests = built.back_up_daily(9)
    hand = built.back_up(backup(manifests[-1].scheduled_at - DAY, tier=Tier.MANUAL))
    for days in range(1, 9):
        built.report(drill(drilled(days)))
    changed = SETTINGS.monitor.model_copy(update={"history": 3})
    settings = SETTINGS.model_copy(update={"monitor": changed})
    app = of_app(look(built, settings=settings))
    newest_of_tiers = {each.tier: each.key for each in reversed([*manifests, hand])}
    needed = {*(each.key for each in manifests[:3]), *newest_of_tiers.values()}
    assert sorted(each.key for each in app.manifests) == sorted(needed)
    assert [each.started for each in app.drills if not isinstance(each, Unreadable)] == [
        drilled(days) for days in range(1, 6)
    ]


def test_damaged_and_newer_documents_are_seen_and_never_healthy(built: BucketBuilder) -> None:
    built.configure(RULES)
    newest, older, *_ = built.back_up_daily(9)
    built.report(drill(drilled(2)))
    assert health_of(look(built)) is Health.HEALTHY
    built.put(newest.location.manifest_key, b'{"schema_version": 99}')
    built.put(older.location.manifest_key, newest.to_json())
    built.put(drill(drilled(1)).key, b"{")
    facts = look(built)
    damaged = [each for each in of_app(facts).manifests if isinstance(each, Unreadable)]
    assert [each.key for each in damaged] == [
        newest.location.manifest_key,
        older.location.manifest_key,
    ]
    assert "newer Lifeboat" in damaged[0].why
    assert f"claims to be {newest.key}" in damaged[1].why
    assert isinstance(of_app(facts).drills[0], Unreadable)
    assert health_of(facts) is Health.CRITICAL
    assert {Code.MANIFEST_UNREADABLE, Code.DRILL_REPORT_UNREADABLE} <= codes(facts)


def test_what_belongs_to_nobody_and_what_was_never_finished_is_seen(built: BucketBuilder) -> None:
    for key in ("daily/old/2026-01-01T020000Z/archive.dump", "tmp/x", "loose", "drills/gone/x"):
        built.put(key, b"x")
    built.put("weekly/loose", b"x")
    built.put("daily/deleted/x", b"x")
    client, name = built.bucket.client, built.bucket.name
    client.delete_object(Bucket=name, Key="daily/deleted/x")
    client.create_multipart_upload(Bucket=name, Key="daily/app/x/archive.dump")
    facts = look(built)
    assert facts.unmanaged_prefixes == (
        "daily/old/",
        "drills/gone/",
        "loose",
        "tmp/",
        "weekly/loose",
    )
    assert not isinstance(facts.uploads, Unknown)
    (upload,) = facts.uploads
    assert upload.key == "daily/app/x/archive.dump"
    assert datetime.now(UTC) - upload.initiated < timedelta(minutes=1)


@pytest.fixture
def eyes(aws: LocalAws, built: BucketBuilder) -> Callable[..., Any]:
    """Makes a client that may do all that the monitor needs, but for some statements."""

    def make(*denials: tuple[str | list[str], str, dict[str, object] | None]) -> Any:
        arn = f"arn:aws:s3:::{built.bucket.name}"
        denied = [
            allow(action, f"{arn}{path}", condition) | {"Effect": "Deny"}
            for action, path, condition in denials
        ]
        role = make_role(aws, allow("s3:*", arn), allow("s3:*", f"{arn}/*"), *denied)
        return aws.client("s3", role_arn=role)

    return make


def test_a_prefix_that_cannot_be_listed_makes_the_databases_unknown_and_critical(
    built: BucketBuilder, eyes: Callable[..., Any]
) -> None:
    built.configure(RULES)
    built.back_up_daily(9)
    built.report(drill(drilled()))
    weekly = {"StringLike": {"s3:prefix": "weekly/*"}}
    facts = look(built, eyes(("s3:ListBucketVersions", "", weekly)))
    objects = of_app(facts).objects
    assert isinstance(objects, Unknown)
    assert "weekly/: AccessDenied" in objects.why
    assert health_of(facts) is Health.CRITICAL
    assert codes(facts) == {Code.CHECK_INCOMPLETE}


def test_a_document_that_may_not_be_read_is_a_problem_that_names_it(
    built: BucketBuilder, eyes: Callable[..., Any]
) -> None:
    built.configure(RULES)
    newest, *_ = built.back_up_daily(9)
    built.report(drill(drilled()))
    facts = look(built, eyes(("s3:GetObject", f"/{newest.location.manifest_key}", None)))
    (problem,) = facts.problems
    assert (problem.subject, problem.database) == (f"read {newest.location.manifest_key}", "app")
    assert "AccessDenied" in problem.why
    assert len(of_app(facts).manifests) == 8
    assert health_of(facts) is not Health.HEALTHY


@pytest.mark.parametrize(
    ("action", "part"),
    [
        ("s3:GetLifecycleConfiguration", "lifecycle"),
        ("s3:GetBucketVersioning", "versioning"),
        ("s3:GetBucketObjectLockConfiguration", "object_lock"),
        ("s3:GetEncryptionConfiguration", "encryption"),
        ("s3:GetBucketPublicAccessBlock", "public_access"),
        ("s3:ListBucketMultipartUploads", "uploads"),
        ("s3:ListBucket", "unmanaged_prefixes"),
    ],
)
def test_a_question_that_is_denied_is_an_unknown_and_not_healthy(
    built: BucketBuilder, eyes: Callable[..., Any], action: str, part: str
) -> None:
    built.configure(RULES)
    built.back_up_daily(2)
    facts = look(built, eyes((action, "", None)))
    answer = getattr(facts.bucket, part, None) or getattr(facts, part, None)
    assert isinstance(answer, Unknown)
    assert "AccessDenied" in answer.why
    assert Code.CHECK_INCOMPLETE in codes(facts)
    assert health_of(facts) is not Health.HEALTHY


def test_a_bucket_that_is_gone_is_unknown_all_over(aws: LocalAws) -> None:
    facts = look(BucketBuilder(Bucket(aws.client("s3"), "never-made")))
    assert isinstance(of_app(facts).objects, Unknown)
    assert isinstance(facts.bucket.lifecycle, Unknown)
    assert isinstance(facts.uploads, Unknown)
    assert health_of(facts) is Health.CRITICAL


PLANS: list[tuple[TransferSettings | None, Level | None]] = [
    (None, Level.WARNING),
    (TransferSettings(allowance_gb=5, suspends=True), Level.CRITICAL),
    (TransferSettings(allowance_gb=100, price_per_gb=0.1), Level.WARNING),
    (TransferSettings(allowance_gb=None), None),
]


@pytest.mark.parametrize(("plan", "level"), PLANS)
def test_an_allowance_that_backups_use_up_is_reported_by_plan(
    built: BucketBuilder, plan: TransferSettings | None, level: Level | None
) -> None:
    made = backup(last_slot(datetime.now(UTC)))
    source = made.source.model_copy(update={"provider": "neon"})
    built.back_up(made.model_copy(update={"source": source, "bytes_read": 110_000_000_000}))
    database = WatchedDatabase(name="app", transfer=plan)
    settings = SETTINGS.model_copy(update={"databases": (database,)})
    found = evaluate(look(built, settings=settings), settings, datetime.now(UTC))
    levels = [each.level for each in found if each.code is Code.TRANSFER_ALLOWANCE]
    assert levels == ([level] if level else [])


def test_a_manifest_of_before_is_judged_by_an_estimate(built: BucketBuilder) -> None:
    made = backup(last_slot(datetime.now(UTC)), database_bytes=1_000_000_000)
    written = built.back_up(made)
    old = json.loads(written.to_json())
    del old["bytes_read"], old["source"]["provider"]
    built.put(written.key, json.dumps(old).encode())
    plan = TransferSettings(allowance_gb=1, suspends=True)
    database = WatchedDatabase(name="app", transfer=plan)
    settings = SETTINGS.model_copy(update={"databases": (database,)})
    found = evaluate(look(built, settings=settings), settings, datetime.now(UTC))
    (finding,) = [each for each in found if each.code is Code.TRANSFER_ALLOWANCE]
    assert "reads 750 MB (estimated from its size)" in finding.fact
