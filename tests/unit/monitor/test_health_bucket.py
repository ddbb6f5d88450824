from dataclasses import replace

import pytest

from lifeboat.alerts.policy.findings import Code, Finding, Level
from lifeboat.model.lifecycle import LifecycleRule
from lifeboat.model.manifest import Manifest
from lifeboat.monitor.policy.facts import (
    DefaultEncryption,
    Problem,
    PublicAccessBlock,
    UnfinishedUpload,
)
from tests.support.seen_bucket import (
    BUCKET,
    DAY,
    NOW,
    RULES,
    SECOND,
    UNKNOWN,
    SeenBucket,
    empty,
    healthy,
)

KEY = "arn:aws:kms:us-east-1:123456789012:key/1234"


def _bucket(**changed: object) -> SeenBucket:
    bucket = healthy()
    bucket.configuration = replace(BUCKET, **changed)  # type: ignore[arg-type]
    return bucket


def _rules(*more: LifecycleRule, without: str = "") -> SeenBucket:
    return _bucket(lifecycle=(*(rule for rule in RULES if rule.id != without), *more))


def _replaced(name: str, **changed: object) -> SeenBucket:
    (rule,) = (rule for rule in RULES if rule.id == name)
    return _rules(replace(rule, **changed), without=name)  # type: ignore[arg-type]


def _one(bucket: SeenBucket) -> Finding:
    (finding,) = bucket.findings()
    return finding


def test_the_stacks_own_bucket_is_as_it_should_be() -> None:
    assert _bucket().codes() == set()


@pytest.mark.parametrize(("days", "code"), [(29, Code.EXPIRES_EARLY), (31, Code.LIFECYCLE_DRIFT)])
def test_a_tier_ends_on_the_day_that_the_settings_say(days: int, code: Code) -> None:
    finding = _one(_replaced("daily", expire_days=days))
    assert finding.code is code
    assert finding.subject == "daily"
    assert finding.level is (Level.CRITICAL if code is Code.EXPIRES_EARLY else Level.WARNING)


def test_a_rule_that_is_gone_or_off_lets_backups_stay_for_ever() -> None:
    for bucket in (_rules(without="monthly"), _replaced("monthly", enabled=False)):
        finding = _one(bucket)
        assert finding.code is Code.LIFECYCLE_DRIFT
        assert finding.fact == "monthly backups: never deleted instead of after 365 days."
    two = LifecycleRule(id="x", prefix="monthly/", expire_days=500)
    late = _rules(replace(two, expire_days=400), two, without="monthly")
    assert _one(late).fact == "monthly backups: deleted after 400 days instead of after 365 days."


@pytest.mark.parametrize("prefix", ["", "manual/", "manual/app/", "man"])
def test_a_rule_that_deletes_what_is_kept_forever_is_critical(prefix: str) -> None:
    finding = next(
        each
        for each in _rules(LifecycleRule(id="x", prefix=prefix, expire_days=5000)).findings()
        if each.subject == "manual"
    )
    assert finding.code is Code.EXPIRES_EARLY
    assert finding.limit == "forever (retention.manual.days)"


def test_a_rule_for_some_of_the_objects_only_is_enough_to_lose_them() -> None:
    rule = LifecycleRule(id="x", prefix="daily/", narrowed=True, expire_days=1)
    assert _one(_rules(rule)).code is Code.EXPIRES_EARLY


@pytest.mark.parametrize(
    "rule",
    [
        LifecycleRule(id="x", prefix="daily/", expire_days=1, enabled=False),
        LifecycleRule(id="x", prefix="tmp/", expire_days=1),
        LifecycleRule(id="x", prefix="daily/", expire_days=400),
    ],
)
def test_rules_that_do_nothing_to_backups_are_nobodys_business(rule: LifecycleRule) -> None:
    assert _rules(rule).codes() == set()


@pytest.mark.parametrize("changed", [{"narrowed": True}, {"larger_than": 0}, {"prefix": "daily/a"}])
def test_a_rule_for_some_of_the_objects_only_does_not_end_a_tier(
    changed: dict[str, object],
) -> None:
    assert _one(_replaced("daily", **changed)).code is Code.LIFECYCLE_DRIFT


@pytest.mark.parametrize("days", [29, 31])
def test_a_tier_moves_on_the_day_that_the_settings_say(days: int) -> None:
    finding = _one(_replaced("weekly-archives", transitions=((days, "GLACIER"),)))
    assert finding.code is Code.LIFECYCLE_DRIFT
    assert "not moved to GLACIER after 30 days" in finding.fact
    assert ("delays restores" in finding.fact) == (days < 30)


def test_a_tier_that_stays_in_standard_is_not_moved_at_all() -> None:
    rule = LifecycleRule(id="x", prefix="daily/", transitions=((99, "GLACIER"),))
    finding = _one(_rules(rule))
    assert "daily backups: moved to GLACIER after 99 days" in finding.fact
    assert finding.subject == "daily"


@pytest.mark.parametrize(
    ("changed", "fact"),
    [
        ({"noncurrent_days": None}, "noncurrent versions are never deleted."),
        ({"abort_days": None}, "unfinished uploads are never aborted."),
        ({"prefix": "daily/"}, "are never deleted; unfinished uploads are never aborted."),
        ({"larger_than": 1}, "are never deleted; unfinished uploads are never aborted."),
    ],
)
def test_what_nobody_needs_is_swept_in_the_whole_bucket(
    changed: dict[str, object], fact: str
) -> None:
    finding = _one(_replaced("sweep", **changed))
    assert finding.code is Code.LIFECYCLE_DRIFT
    assert finding.subject == "sweep"
    assert finding.fact.endswith(fact)


def test_a_bucket_without_versions_is_critical() -> None:
    finding = _one(_bucket(versioning=False))
    assert (finding.code, finding.level) == (Code.VERSIONING_DISABLED, Level.CRITICAL)


def test_a_bucket_without_the_lock_that_the_settings_want_is_critical() -> None:
    bucket = _bucket(object_lock=False)
    assert (_one(bucket).code, _one(bucket).level) == (Code.OBJECT_LOCK_DISABLED, Level.CRITICAL)
    bucket.settings = bucket.settings.model_copy(update={"object_lock": "off"})
    assert bucket.codes() == set()
    bucket.configuration = BUCKET  # a lock that nobody asked for does no harm
    assert bucket.codes() == set()


@pytest.mark.parametrize(
    ("wanted", "found", "right"),
    [
        ("S3", DefaultEncryption(algorithm="AES256"), True),
        ("S3", None, False),
        ("S3", DefaultEncryption(algorithm="aws:kms", key=KEY), False),
        (KEY, DefaultEncryption(algorithm="aws:kms", key=KEY), True),
        (KEY, DefaultEncryption(algorithm="aws:kms", key=KEY + "5"), False),
        (KEY, DefaultEncryption(algorithm="AES256"), False),
    ],
)
def test_the_default_encryption_is_the_settings(
    wanted: str, found: DefaultEncryption | None, *, right: bool
) -> None:
    bucket = _bucket(encryption=found)
    bucket.settings = bucket.settings.model_copy(update={"encryption": wanted})
    assert bucket.codes() == (set() if right else {Code.ENCRYPTION_DRIFT})
    for finding in bucket.findings():
        assert finding.level is Level.WARNING
        wants = "AES256." if wanted == "S3" else f"aws:kms with {KEY}."
        assert finding.fact.endswith(f"the settings want {wants}")
        assert "None" not in finding.fact


@pytest.mark.parametrize(
    "switch",
    ["block_public_acls", "ignore_public_acls", "block_public_policy", "restrict_public_buckets"],
)
def test_each_switch_against_the_public_is_on(switch: str) -> None:
    assert isinstance(BUCKET.public_access, PublicAccessBlock)
    finding = _one(_bucket(public_access=replace(BUCKET.public_access, **{switch: False})))
    assert (finding.code, finding.level) == (Code.PUBLIC_ACCESS_UNBLOCKED, Level.CRITICAL)
    assert switch in finding.fact


@pytest.mark.parametrize(
    "part", ["lifecycle", "versioning", "object_lock", "encryption", "public_access"]
)
def test_what_could_not_be_seen_of_the_bucket_is_a_finding(part: str) -> None:
    finding = _one(_bucket(**{part: UNKNOWN}))
    assert (finding.code, finding.level) == (Code.CHECK_INCOMPLETE, Level.WARNING)
    assert finding.subject == f"bucket: {part}"
    assert finding.fact == UNKNOWN.why


@pytest.mark.parametrize(
    ("age", "level"),
    [
        (2 * DAY, None),
        (2 * DAY + SECOND, Level.INFO),
        (4 * DAY, Level.INFO),
        (4 * DAY + SECOND, "warning"),
    ],
)
def test_an_unfinished_upload_is_older_than_any_job_before_anybody_hears_of_it(
    age: object, level: Level | None
) -> None:
    bucket = healthy()
    bucket.uploads = (UnfinishedUpload(key="daily/app/x/archive.dump", initiated=NOW - age),)  # type: ignore[operator]
    assert [each.level for each in bucket.findings()] == ([] if level is None else [level])
    for finding in bucket.findings():
        idle = finding.level is Level.INFO
        assert ([str(step) for step in finding.advice] == ["Do nothing."]) == idle


def test_unfinished_uploads_are_reported_by_where_they_are_and_not_one_by_one() -> None:
    bucket = healthy()
    keys = ["daily/app/2/archive.dump", "daily/app/1/archive.dump", "daily/shop/1/archive.dump"]
    bucket.uploads = tuple(
        UnfinishedUpload(key=key, initiated=NOW - (days + 4) * DAY) for days, key in enumerate(keys)
    )
    found = bucket.found(Code.STALE_UPLOAD)
    assert [each.subject for each in found] == ["daily/app", "daily/shop"]
    assert "daily/app/1/archive.dump, daily/app/2/archive.dump" in found[0].fact
    assert found[0].since == NOW - 5 * DAY


def test_a_stranger_is_reported_once_for_all_of_its_tiers() -> None:
    bucket = healthy()
    bucket.unmanaged_prefixes = ("daily/old/", "drills/old/", "tmp/", "weekly/old/", "notes.txt")
    found = bucket.found(Code.UNMANAGED_PREFIX)
    assert [each.subject for each in found] == ["notes.txt", "old", "tmp/"]
    assert all(each.level is Level.WARNING for each in found)
    assert "daily/old/, drills/old/, weekly/old/" in found[1].fact
    assert "removed from the settings" in found[1].safe


@pytest.mark.parametrize("part", ["uploads", "unmanaged_prefixes"])
def test_lists_that_could_not_be_had_are_findings(part: str) -> None:
    bucket = healthy()
    setattr(bucket, part, UNKNOWN)
    assert (_one(bucket).code, _one(bucket).subject) == (Code.CHECK_INCOMPLETE, part)
    assert _one(bucket).level is Level.WARNING


def test_every_problem_is_a_finding() -> None:
    bucket = healthy()
    bucket.problems = (
        Problem(subject="a", why="Denied.", todo="Allow.", database="app"),
        Problem(subject="b", why="Too much.", todo="Wait."),
    )
    assert [(each.database, each.subject) for each in bucket.found(Code.CHECK_INCOMPLETE)] == [
        (None, "b"),
        ("app", "a"),
    ]
    for finding in bucket.findings():
        assert finding.level is Level.WARNING
        assert finding.headline == "was not checked completely"


def test_a_database_whose_objects_could_not_be_listed_is_critical() -> None:
    bucket = healthy()
    bucket.objects = UNKNOWN
    finding = _one(bucket)
    assert (finding.code, finding.level) == (Code.CHECK_INCOMPLETE, Level.CRITICAL)
    assert (finding.database, finding.fact) == ("app", UNKNOWN.why)
    assert finding.headline == "could not be checked"


def test_manifests_that_were_not_read_though_they_are_there_are_a_finding() -> None:
    bucket = healthy(days=30)
    bucket.manifests.pop(29)
    assert _one(bucket).code is Code.CHECK_INCOMPLETE
    assert _one(bucket).subject == "manifests"
    assert _one(bucket).level is Level.WARNING
    bucket.change("monitor", history=29)
    assert bucket.codes() == set()


def test_the_newest_of_each_tier_has_to_be_read_however_old_it_is() -> None:
    bucket = healthy(days=10).change("monitor", history=2)
    bucket.manifests = [
        each for each in bucket.manifests if isinstance(each, Manifest) and each.tier == "daily"
    ]
    assert "weekly/app/2026-11-22T020000Z" in _one(bucket).fact


def test_an_empty_bucket_is_not_healthy_even_if_its_configuration_is() -> None:
    assert empty(scheduled_since=NOW - 9 * DAY).codes() == {Code.NO_BACKUP}
