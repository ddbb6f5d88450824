"""A run tells people of its failure itself; twelve that fail of one cause tell it once.

S3 and SNS are the local AWS's own; handlers are called as Lambda calls them.
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from types import SimpleNamespace
from typing import Any

import pytest

from lifeboat.alerts.run_reporter import RunReporter, recorded
from lifeboat.alerts.topic import Topic
from lifeboat.backup import handler as function
from lifeboat.backup.policy.retry import MAX_RETRY_BYTES
from lifeboat.backup.run import BackupRun
from lifeboat.backup.take_backup import take_backup
from lifeboat.errors import (
    ConnectError,
    DumpError,
    LifeboatError,
    NotificationError,
    UnexpectedError,
)
from lifeboat.model.attempt import Attempt, AttemptKind, AttemptOutcome
from lifeboat.model.hand_over import HandOver
from lifeboat.monitor.check_health import CheckInput, check_health
from lifeboat.postgres.programs import Programs
from lifeboat.s3.bucket import BackupBucket, Protection
from lifeboat.settings import WatchedDatabase, WatchedSettings
from local.aws import LocalAws
from local.subscriber import Subscriber
from tests.support.backup_harness import SECRET_ARN, BackupHarness, Bucket
from tests.support.bucket_builder import BucketBuilder
from tests.support.seen_bucket import DAY, HEARD, INSTALLATION, RULES, backup, drill
from tests.support.slots import LAST_SLOT

ERROR = ConnectError("Could not connect to db.example.com: no route", todo="See the provider.")
MINUTE = timedelta(minutes=1)

NIGHT = LAST_SLOT - DAY
"""What happens in its course is past."""


@dataclass
class Town:
    """A bucket, a topic, people who listen, and what the runs logged."""

    aws: LocalAws
    bucket: Bucket
    topic: str
    people: Subscriber
    log: list[str] = field(default_factory=list)

    def reporter(self, now: datetime, publish: Callable[..., None] | None = None) -> RunReporter:
        return RunReporter(
            bucket=BackupBucket(self.bucket.client, self.bucket.name),
            protection=Protection(),
            publish=publish or Topic(self.aws.client("sns"), self.topic).send,
            installation=replace(INSTALLATION, bucket=self.bucket.name),
            remaining=lambda: 60.0,
            log=self._note,
            now=lambda: now,
        )

    def _note(self, event: str, _details: Mapping[str, object]) -> None:
        self.log.append(event)

    def fails(
        self, database: str, now: datetime, publish: Callable[..., None] | None = None
    ) -> Attempt:
        attempt = Attempt(
            kind=AttemptKind.BACKUP, database=database, run_id="r", started=now - MINUTE
        )
        with (
            pytest.raises(ConnectError),
            recorded(attempt, self.reporter(now, publish), lambda _: ERROR),
        ):
            raise ERROR
        return self.record(database)

    def record(self, database: str) -> Attempt:
        key = f"attempts/{database}.json"
        return Attempt.from_json(self.bucket.read(key), key=key)

    def look(self, names: list[str], now: datetime) -> list[tuple[str, str]]:
        """The monitor's; what it told, by kind and code."""
        databases = tuple(WatchedDatabase(name=name) for name in names)
        look = CheckInput(
            settings=WatchedSettings(databases=databases),
            stack="Lifeboat",
            account="000000000000",
            bucket=BackupBucket(self.bucket.client, self.bucket.name),
            channels=(Topic(self.aws.client("sns"), self.topic),),
            subscribers=lambda: HEARD,
            remaining=lambda: 60.0,
            now=now,
        )
        checked = check_health(look)
        checked.raise_on_failures()
        return [(each.attributes["kind"], each.attributes["code"]) for each in checked.messages]


@pytest.fixture
def town(aws: LocalAws, bucket: Bucket) -> Town:
    topic = aws.client("sns").create_topic(Name=f"topic-{bucket.name}")["TopicArn"]
    return Town(aws, bucket, topic, Subscriber.of(aws, topic))


def test_a_run_that_fails_tells_people_what_is_safe_and_next_and_says_that_it_did(
    town: Town,
) -> None:
    assert town.fails("app", NIGHT).notified
    (told,) = town.people.arrived(5)
    assert told["Subject"].startswith("[Lifeboat] ACT TODAY: app had a failed backup: Could not")
    for part in ("no route", "Safe: ", "What to do:", "See the provider."):
        assert part in told["Message"]
    assert told["MessageAttributes"]["code"]["Value"] == "backup-failed"


def test_a_run_that_hands_itself_over_leaves_a_record_that_says_so_and_tells_nobody(
    town: Town,
) -> None:
    attempt = Attempt(kind=AttemptKind.BACKUP, database="app", run_id="r", started=NIGHT)
    with recorded(attempt, town.reporter(NIGHT), lambda _: ERROR) as run:
        assert town.record("app").outcome is AttemptOutcome.RUNNING
        run.job = HandOver(
            database="app", build="p:1", project="p", reason="120 GB take about 31 min"
        )
    left = town.record("app")
    assert (left.outcome, left.build) == (AttemptOutcome.HANDED_OVER, "p:1")
    assert left.reason == "120 GB take about 31 min"
    assert town.people.arrived(1) == []


def test_twelve_databases_on_a_night_without_the_provider_are_three_messages_at_most(
    town: Town,
) -> None:
    names = [f"db{number}" for number in range(12)]
    bucket = BucketBuilder(town.bucket)
    bucket.configure(RULES)
    for name in names:
        for days in (3, 2, 1):
            manifest = backup(NIGHT - days * DAY).model_copy(update={"database": name})
            bucket.back_up(manifest)
        bucket.report(drill(NIGHT - 2 * DAY).model_copy(update={"database": name}))
    town.look(names, NIGHT - 45 * MINUTE)
    town.people.arrived(1)

    said = [town.fails(name, NIGHT + n * MINUTE).notified for n, name in enumerate(names[:8])]
    first = town.look(names, NIGHT + 15 * MINUTE)
    said += [town.fails(name, NIGHT + 16 * MINUTE).notified for name in names[8:]]
    later = town.look(names, NIGHT + 75 * MINUTE)
    later += town.look(names, NIGHT + 135 * MINUTE)

    assert said == [True] + [False] * 11
    assert [first, later] == [[("new", "backup-failed")]] * 2
    assert len(town.people.arrived(20)) == 3


def test_a_topic_that_cant_be_reached_leaves_it_to_the_monitor(town: Town) -> None:
    def deaf(_message: object) -> None:
        raise NotificationError("No way to SNS.", todo="Make one.")

    attempt = town.fails("app", NIGHT, deaf)
    assert (attempt.outcome, attempt.notified) == (AttemptOutcome.FAILED, False)
    assert "notification.failed" in town.log
    assert ("new", "backup-failed") in town.look(["app"], NIGHT + 15 * MINUTE)


def test_a_bucket_that_takes_no_record_neither_fails_a_run_nor_hides_why_it_failed(
    town: Town,
) -> None:
    town.bucket = Bucket(town.bucket.client, "there-is-no-such-bucket")
    attempt = Attempt(kind=AttemptKind.BACKUP, database="app", run_id="r", started=NIGHT)
    with recorded(attempt, town.reporter(NIGHT), lambda _: ERROR):
        pass
    assert town.log == ["attempt.record_failed"] * 2
    with (
        pytest.raises(ConnectError, match="no route"),
        recorded(attempt, town.reporter(NIGHT), lambda _: ERROR),
    ):
        raise ERROR
    (told,) = town.people.arrived(5)  # rather twice than never
    assert "no route" in told["Message"]


def test_words_that_cant_be_found_do_not_hide_why_a_run_failed(
    town: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    def dumb(*_: object) -> None:
        raise KeyError("nobody foresaw this")

    monkeypatch.setattr("lifeboat.alerts.run_reporter.failure_message", dumb)
    assert not town.fails("app", NIGHT).notified  # it sees the run's own error, too
    assert ("new", "backup-failed") in town.look(["app"], NIGHT + 15 * MINUTE)


def test_a_run_that_ended_without_a_word_is_reported_by_the_monitor(town: Town) -> None:
    attempt = Attempt(kind=AttemptKind.BACKUP, database="app", run_id="r", started=NIGHT)
    town.reporter(NIGHT).record(attempt)
    assert ("new", "backup-failed") not in town.look(["app"], NIGHT + 10 * MINUTE)
    assert ("new", "backup-failed") in town.look(["app"], NIGHT + 20 * MINUTE)
    assert "time-out or out of memory" in json.dumps(town.people.arrived(5))


@pytest.fixture
def called(
    town: Town, backups: BackupHarness, monkeypatch: pytest.MonkeyPatch
) -> Callable[[], dict[str, Any]]:
    """Calls the backup function, in this process and on the harness's database."""
    settings = {"databases": [{"name": "app", "secret_arn": SECRET_ARN}], "object_lock": "off"}
    for name, value in (
        town.aws.environment()
        | {
            "AWS_LAMBDA_FUNCTION_NAME": "Lifeboat-backup-app",
            "LIFEBOAT_BUCKET": town.bucket.name,
            "LIFEBOAT_TOPIC": town.topic,
            "LIFEBOAT_SETTINGS": json.dumps(settings),
            "POWERTOOLS_METRICS_NAMESPACE": "Lifeboat",
        }
    ).items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr("boto3.DEFAULT_SESSION", None)  # another test's keeps its credentials
    monkeypatch.setattr("lifeboat.runtime.invocation.hide_memory", lambda: None)
    monkeypatch.setattr(Programs, "of_environment", lambda: backups.programs)
    monkeypatch.setattr(function, "read_login", lambda *_: backups.read_login())
    context = SimpleNamespace(
        function_name="Lifeboat-backup-app",
        memory_limit_in_mb=1769,
        invoked_function_arn="arn:aws:lambda:us-east-1:000000000000:function:Lifeboat-backup-app",
        aws_request_id="r-1",
        get_remaining_time_in_millis=lambda: 300_000,
    )
    return lambda: function.handler({"database": "app"}, context)  # type: ignore[arg-type]


def failing(first: LifeboatError, *, moved: int = 0) -> Callable[..., Any]:
    """`take_backup`, whose first call fails."""
    tries: list[int] = []

    def take(run: BackupRun) -> Any:
        tries.append(1)
        if len(tries) == 1:
            run.meter.add(moved)
            raise first
        return take_backup(run)

    return take


TRIED = "lifeboat.backup.retry_backup.take_backup"


def test_a_first_try_that_fails_of_something_passing_is_mended_by_the_second_in_silence(
    town: Town, called: Callable[[], dict[str, Any]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(TRIED, failing(ERROR))
    assert called()["created"]
    assert town.record("app").outcome is AttemptOutcome.SUCCEEDED
    assert town.people.arrived(1) == []


def published_and_then(act: Callable[[], object]) -> Callable[..., Any]:
    """`take_backup`, after which something happens."""

    def take(run: BackupRun) -> Any:
        outcome = take_backup(run)
        act()
        return outcome

    return take


@pytest.mark.parametrize("broken", [TRIED, "lifeboat.backup.handler.answer_of"])
def test_what_fails_after_a_backup_was_published_does_not_say_that_there_is_none(
    town: Town,
    called: Callable[[], dict[str, Any]],
    monkeypatch: pytest.MonkeyPatch,
    broken: str,
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise ValueError("nobody foresaw this")

    monkeypatch.setattr(broken, published_and_then(fail) if broken == TRIED else fail)
    with pytest.raises(UnexpectedError) as caught:
        called()
    assert "is published" in caught.value.safe
    assert "No backup" not in caught.value.safe
    recorded = town.record("app")
    assert "No backup" not in (recorded.safe or "")
    assert (recorded.outcome is AttemptOutcome.SUCCEEDED) == (broken != TRIED)


def test_a_try_that_read_much_is_not_repeated_and_is_reported(
    town: Town, called: Callable[[], dict[str, Any]], monkeypatch: pytest.MonkeyPatch
) -> None:
    broken = DumpError("pg_dump ended with 1: connection lost", todo="Look at the server.")
    monkeypatch.setattr(TRIED, failing(broken, moved=MAX_RETRY_BYTES))
    with pytest.raises(DumpError):
        called()
    attempt = town.record("app")
    assert (attempt.outcome, attempt.notified) == (AttemptOutcome.FAILED, True)
    (told,) = town.people.arrived(5)
    assert "connection lost" in told["Subject"]
