"""What is found is told: once, again when it was not, and never instead of an error."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from lifeboat.alerts.policy.findings import Health
from lifeboat.alerts.policy.message import Message
from lifeboat.alerts.policy.state import MonitorState
from lifeboat.alerts.policy.topic_facts import TopicFacts
from lifeboat.errors import NotificationError, StorageError
from lifeboat.model.keys import STATE_KEY, STATUS_PAGE_KEY
from lifeboat.monitor.check_health import Channel, CheckInput, CheckResult, check_health
from lifeboat.monitor.policy.bill import WRITE_REQUESTS
from lifeboat.monitor.policy.facts import Unknown
from lifeboat.s3.bucket import BackupBucket
from lifeboat.settings import WatchedDatabase, WatchedSettings
from local.aws import LocalAws
from tests.support.aws_helpers import allow, make_role
from tests.support.backup_harness import Bucket
from tests.support.bucket_builder import BucketBuilder, drilled
from tests.support.seen_bucket import DAY, HEARD, RULES, backup, drill
from tests.support.slots import last_slot

SETTINGS = WatchedSettings(databases=(WatchedDatabase(name="app"),))


@dataclass
class People:
    """A channel that keeps what it was told, or refuses it, or needs all the time there is."""

    told: list[Message] = field(default_factory=list)
    deaf: bool = False
    slow: bool = False

    def send(self, message: Message) -> None:
        if self.slow and self.told:
            raise AssertionError("told after the end")
        if self.deaf:
            raise NotificationError(f"Nobody heard '{message.subject}'.", todo="Speak up.")
        self.told.append(message)

    def kinds(self) -> list[tuple[str, str]]:
        """Kind and code of what was told since the last question."""
        kinds = [(each.attributes["kind"], each.attributes["code"]) for each in self.told]
        self.told.clear()
        return sorted(kinds)


@dataclass
class Watch:
    """A bucket, healthy until a test breaks it, and a monitor."""

    built: BucketBuilder
    people: People = field(default_factory=People)
    more: tuple[Channel, ...] = ()
    client: Any = None
    settings: WatchedSettings = SETTINGS
    topic: TopicFacts | Unknown = HEARD

    def look(self, *, later: timedelta = timedelta(0)) -> CheckResult:
        bucket = self.built.bucket
        return check_health(
            CheckInput(
                settings=self.settings,
                stack="Lifeboat",
                account="000000000000",
                bucket=BackupBucket(self.client or bucket.client, bucket.name),
                channels=(self.people, *self.more),
                subscribers=lambda: self.topic,
                remaining=lambda: 0.0 if self.people.slow and self.people.told else 60.0,
                now=datetime.now(UTC) + later,
            )
        )

    @property
    def victim(self) -> str:
        return backup(last_slot(datetime.now(UTC)) - DAY).location.archive_key

    def memory(self) -> MonitorState:
        return MonitorState.from_json(self.built.bucket.read(STATE_KEY), key=STATE_KEY)

    def break_it(self) -> None:
        """Hide the archive before the newest under a delete marker."""
        self.built.bucket.client.delete_object(Bucket=self.built.bucket.name, Key=self.victim)

    def mend_it(self) -> None:
        client, name = self.built.bucket.client, self.built.bucket.name
        listed = client.list_object_versions(Bucket=name, Prefix=self.victim)
        (marker,) = listed["DeleteMarkers"]
        client.delete_object(Bucket=name, Key=self.victim, VersionId=marker["VersionId"])


LOST = ("new", "archive-missing")


@pytest.fixture
def watch(bucket: Bucket) -> Watch:
    built = BucketBuilder(bucket)
    built.configure(RULES)
    built.back_up_daily(3)
    built.report(drill(drilled()))
    return Watch(built)


def test_a_healthy_bucket_is_looked_at_in_silence(watch: Watch) -> None:
    checked = watch.look()
    checked.raise_on_failures()
    assert checked.status.health is Health.HEALTHY
    assert (watch.people.kinds(), checked.messages) == ([], ())
    assert "app" in watch.memory().schedules


def test_what_becomes_wrong_is_reported_once_then_reminded_of_then_resolved(watch: Watch) -> None:
    watch.look()
    watch.break_it()
    first, second = watch.look(), watch.look()
    assert first.status.health is second.status.health is Health.CRITICAL
    assert watch.people.kinds() == [LOST]
    watch.look(later=timedelta(hours=24))
    assert ("reminder", "archive-missing") in watch.people.kinds()
    watch.mend_it()
    watch.look().raise_on_failures()
    assert ("resolved", "archive-missing") in watch.people.kinds()
    watch.look().raise_on_failures()
    assert watch.people.kinds() == []


def test_nothing_is_written_where_nothing_is_news(watch: Watch) -> None:
    client, name = watch.built.bucket.client, watch.built.bucket.name
    for _ in range(3):
        watch.look()
    versions = client.list_object_versions(Bucket=name, Prefix=STATE_KEY)["Versions"]
    assert len(versions) == 1


def test_what_was_not_heard_is_reported_again_until_it_is(watch: Watch) -> None:
    watch.break_it()
    watch.people.deaf = True
    for _ in range(2):
        checked = watch.look()
        assert checked.status.health is Health.CRITICAL
        with pytest.raises(
            NotificationError, match=r"Sending all notifications failed: Nobody heard .* app lost"
        ) as raised:
            checked.raise_on_failures()
        assert "The check is complete: Database app is not safe: app lost " in raised.value.safe
        assert "All findings: lifeboat open --region us-east-1" in raised.value.todo
    watch.people.deaf = False
    watch.look().raise_on_failures()
    assert watch.people.kinds() == [LOST]
    watch.look().raise_on_failures()
    assert watch.people.kinds() == []


def test_what_goes_to_a_topic_without_subscribers_is_reported_again_once_there_is_one(
    watch: Watch,
) -> None:
    watch.topic = replace(HEARD, subscriptions=())
    watch.break_it()
    for _ in range(2):
        checked = watch.look()
        checked.raise_on_failures()
        assert checked.status.findings[0].code == "no-subscriber"
        with pytest.raises(NotificationError, match="Nobody receives the notifications"):
            checked.raise_without_subscriber()
    assert (watch.memory().notified, watch.memory().no_subscriber_since is None) == ((), False)
    watch.people.kinds()
    watch.topic = HEARD
    checked = watch.look()
    checked.raise_without_subscriber()
    assert watch.people.kinds() == [LOST]
    watch.look().raise_without_subscriber()
    assert watch.people.kinds() == []


def test_a_channel_that_fails_hides_nothing_from_the_others(watch: Watch) -> None:
    surest, last = watch.people, People()
    watch.more = (People(deaf=True), last)
    watch.break_it()
    watch.built.put("tmp/x", b"x")
    checked = watch.look()
    assert surest.kinds() == last.kinds() == [LOST, ("new", "unmanaged-prefix")]
    assert len(checked.failures) == 2
    with pytest.raises(NotificationError) as caught:
        checked.raise_on_failures()
    assert len(caught.value.__notes__) == 1
    watch.look()
    assert surest.kinds() == [LOST, ("new", "unmanaged-prefix")]  # rather twice than never


def test_a_way_that_takes_all_the_time_ends_in_a_failure_that_says_so(watch: Watch) -> None:
    watch.people.slow = True
    watch.break_it()
    watch.built.put("tmp/x", b"x")
    checked = watch.look()
    assert len(watch.people.told) == 1
    with pytest.raises(
        NotificationError, match="run's time was over before all notifications were sent"
    ):
        checked.raise_on_failures()
    assert watch.memory().notified == ()


def test_schedules_are_known_even_when_nobody_heard(watch: Watch) -> None:
    watch.break_it()
    watch.people.deaf = True
    watch.look()
    memory = watch.memory()
    assert memory.notified == ()
    assert "app" in memory.schedules


def test_each_check_writes_the_status_page_for_a_browser_and_locks_nothing(watch: Watch) -> None:
    client, name = watch.built.bucket.client, watch.built.bucket.name
    made: list[str] = []
    events = client.meta.events

    def count(model: Any, **_: object) -> None:
        made.append(model.name)

    first = watch.look()
    events.register("before-call.s3.PutObject", count)
    try:
        watch.look()
    finally:
        events.unregister("before-call.s3.PutObject", count)
    assert len(made) == WRITE_REQUESTS, "a state without news is not written"
    stored = client.get_object(Bucket=name, Key=STATUS_PAGE_KEY)
    assert stored["ContentType"] == "text/html; charset=utf-8"
    assert "ObjectLockMode" not in stored
    assert "Database app is safe" in stored["Body"].read().decode()
    assert first.page_failure is None
    assert watch.look().status.findings == (), "the page is no unmanaged prefix"


def test_a_page_that_cannot_be_written_hides_no_notification_and_is_not_silent(
    aws: LocalAws, watch: Watch
) -> None:
    arn = f"arn:aws:s3:::{watch.built.bucket.name}"
    denied = allow("s3:PutObject", f"{arn}/{STATUS_PAGE_KEY}") | {"Effect": "Deny"}
    role = make_role(aws, allow("s3:*", arn), allow("s3:*", f"{arn}/*"), denied)
    watch.client = aws.client("s3", role_arn=role)
    watch.break_it()
    checked = watch.look()
    assert watch.people.kinds() == [LOST]
    assert watch.memory().notified != ()
    checked.raise_on_failures()
    with pytest.raises(StorageError, match=r"status page was not written.*AccessDenied") as caught:
        checked.raise_without_page()
    assert "notifications were sent" in caught.value.safe


@pytest.mark.parametrize("damage", [b"{", b'{"schema_version": 99}', b"\xff\x00", b""])
def test_a_damaged_memory_is_reported_and_so_is_everything_else_again(
    watch: Watch, damage: bytes
) -> None:
    watch.break_it()
    watch.look()
    assert watch.people.kinds() == [LOST]
    watch.built.put(STATE_KEY, damage)
    watch.look().raise_on_failures()
    assert watch.people.kinds() == [LOST, ("new", "check-incomplete")]
    watch.look().raise_on_failures()
    assert watch.people.kinds() == [("resolved", "check-incomplete")]


def test_a_deleted_memory_hides_nothing_and_is_reported(watch: Watch) -> None:
    watch.break_it()
    watch.look()
    watch.built.bucket.client.delete_object(Bucket=watch.built.bucket.name, Key=STATE_KEY)
    watch.people.kinds()
    watch.look().raise_on_failures()
    assert watch.people.kinds() == [LOST, ("new", "check-incomplete")]


@pytest.fixture
def without(aws: LocalAws, watch: Watch) -> Callable[[str], Any]:
    """Makes a client that may do all but one thing with the memory."""

    def make(action: str) -> Any:
        arn = f"arn:aws:s3:::{watch.built.bucket.name}"
        denied = allow(action, f"{arn}/{STATE_KEY}") | {"Effect": "Deny"}
        role = make_role(aws, allow("s3:*", arn), allow("s3:*", f"{arn}/*"), denied)
        return aws.client("s3", role_arn=role)

    return make


def test_a_memory_that_may_not_be_written_is_a_failure(
    watch: Watch, without: Callable[[str], Any]
) -> None:
    watch.client = without("s3:PutObject")
    watch.break_it()
    for _ in range(2):
        checked = watch.look()
        assert watch.people.kinds() == [LOST]
        with pytest.raises(NotificationError, match="AccessDenied"):
            checked.raise_on_failures()


def test_a_memory_that_may_not_be_read_is_reported_as_such(
    watch: Watch, without: Callable[[str], Any]
) -> None:
    watch.client = without("s3:GetObject")
    watch.break_it()
    checked = watch.look()
    assert checked.status.health is Health.CRITICAL
    assert watch.people.kinds() == [LOST, ("new", "check-incomplete")]


def test_a_bucket_that_is_gone_is_reported_and_raises(watch: Watch) -> None:
    gone = replace(watch.built.bucket, name="never-made")
    watch.built = BucketBuilder(gone)
    checked = watch.look()
    assert checked.status.health is Health.CRITICAL
    assert ("new", "check-incomplete") in watch.people.kinds()
    with pytest.raises(NotificationError, match="NoSuchBucket"):
        checked.raise_on_failures()


def test_stopped_backups_are_reported_and_resolved_with_the_next_one(bucket: Bucket) -> None:
    built = BucketBuilder(bucket)
    built.configure(RULES)
    built.report(drill(drilled()))
    newest = last_slot(datetime.now(UTC))
    built.back_up_daily(3, until=newest - 2 * DAY)
    watch = Watch(built)
    watch.look().raise_on_failures()
    assert ("new", "backup-too-old") in watch.people.kinds()
    built.back_up(backup(newest))
    checked = watch.look()
    assert ("resolved", "backup-too-old") in watch.people.kinds()
    (app,) = checked.status.databases
    assert app.newest_backup is not None
    assert app.newest_backup.backup == backup(newest).location.id
