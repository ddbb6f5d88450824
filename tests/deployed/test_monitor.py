"""The deployed monitor and the stack's alarms: silence is noticed, and somebody is told."""

import json
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from botocore.exceptions import ClientError

from lifeboat.alerts.policy.findings import Code
from lifeboat.model.keys import STATUS_PAGE_KEY
from lifeboat.monitor.policy.evidence import EvidenceRecord, MonthEvidence, month_of
from local.subscriber import Notification, Subscriber, confirm
from tests.deployed.conftest import Answer, Installation
from tests.support.backup_harness import eventually
from tests.support.bucket_builder import BucketBuilder
from tests.support.command_stubs import Terminal
from tests.support.seen_bucket import DAY, backup
from tests.support.slots import last_slot

MONITOR = "Lifeboat-monitor"
SCHEDULED = {"scheduled": "2026-11-22T02:15:00Z"}
KEPT = (
    frozenset(
        {"AlarmName", "AlarmDescription", "AlarmActions", "InsufficientDataActions", "OKActions"}
    )
    | {"Namespace", "MetricName", "Dimensions", "Statistic", "Period", "EvaluationPeriods"}
    | {
        "Threshold",
        "ComparisonOperator",
        "TreatMissingData",
    }
)
"""Of an alarm's description, what makes it anew."""

BY_METRICS = frozenset({"backup-too-old", "monitor-error", "schedule-dead-letters"})


@pytest.fixture
def people(installation: Installation) -> Subscriber:
    return Subscriber.of(installation.aws, installation.outputs["TopicArn"])


@pytest.fixture(scope="module")
def stopped(installation: Installation) -> str:
    """The id of the newest backup of `quiet`, two days old and of no use."""
    _forget(installation, "quiet")
    bucket = BucketBuilder(installation.bucket)
    for days in (3, 2):
        manifest = backup(last_slot(datetime.now(UTC)) - days * DAY)
        bucket.back_up(manifest.model_copy(update={"database": "quiet"}))
    return manifest.location.id.replace("/app/", "/quiet/")


def _forget(installation: Installation, database: str) -> None:
    """Remove whatever other tests have left of a database."""
    client, bucket = installation.bucket.client, installation.bucket.name
    pages = client.get_paginator("list_object_versions").paginate(Bucket=bucket)
    for each in [version for page in pages for version in page.get("Versions", ())]:
        if f"/{database}" in each["Key"]:
            client.delete_object(
                Bucket=bucket,
                Key=each["Key"],
                VersionId=each["VersionId"],
                BypassGovernanceRetention=True,
            )


def look(installation: Installation, event: object = None) -> Answer:
    return installation.call(MONITOR, event or {})


def look_until(installation: Installation, alarm: str, state: str) -> None:
    """Look again until the alarm has that state: a figure that is logged late, by the seconds of
    these tests, belongs to a period that is past.
    """

    def has_it() -> bool:
        assert not look(installation).failed
        return alarm in in_state(installation, state)

    eventually(has_it, within=60)


def news(kind: str, code: str, database: str) -> Callable[[Notification], bool]:
    """Whether a notification is this one of the monitor's."""
    wanted = {"kind": kind, "code": code, "database": database}

    def is_it(each: Notification) -> bool:
        attributes = each.get("MessageAttributes", {})
        return all(attributes.get(name, {}).get("Value") == wanted[name] for name in wanted)

    return is_it


def commands_in(text: str) -> list[str]:
    """The commands of a message, each alone on its line."""
    return [each.strip() for each in text.splitlines() if each.startswith("   ")]


def test_stopped_backups_are_reported_and_the_next_backup_resolves_it(
    installation: Installation, people: Subscriber, stopped: str, cli: Terminal
) -> None:
    others = Subscriber.of(installation.aws, installation.outputs["TopicArn"])
    assert not look(installation).failed
    told = people.wait_for(news("new", "backup-too-old", "quiet"))
    assert told["Subject"].startswith("[Lifeboat] ACT TODAY: quiet has no backup for ")
    assert stopped in told["Message"]
    assert "What to do:" in told["Message"]
    assert told["MessageAttributes"]["level"]["Value"] == "critical"
    look_until(installation, "Lifeboat-backup-too-old", "ALARM")
    alarm = others.alarm("Lifeboat-backup-too-old", "ALARM")
    assert alarm["Trigger"]["MetricName"] == "BackupAge"
    where = f"stack Lifeboat, account {installation.aws.account}, {installation.aws.region}"
    assert where in alarm["AlarmDescription"]

    assert "\n   lifeboat backup quiet --region " in told["Message"]
    _, _, plain = told["Message"].partition("\nWithout the program:\n")
    assert '"created": true' in cli.run(commands_in(plain)[0])
    assert not look(installation).failed
    told = people.wait_for(news("resolved", "backup-too-old", "quiet"))
    place = f"{installation.aws.account} {installation.aws.region}"
    assert told["Subject"] == f"[Lifeboat] RESOLVED: quiet: no more backup-too-old ({place})"
    look_until(installation, "Lifeboat-backup-too-old", "OK")


def test_a_monitor_that_its_schedule_no_longer_starts_is_noticed(
    installation: Installation, people: Subscriber
) -> None:
    scheduler, alarm = installation.aws.client("scheduler"), f"{MONITOR}-heartbeat"
    known = scheduler.get_schedule(Name=MONITOR)
    assert (known["ScheduleExpression"], known["State"]) == ("cron(15 * * * ? *)", "ENABLED")
    schedule = {key: known[key] for key in ("Name", "Target", "FlexibleTimeWindow")}
    usual = {"ScheduleExpression": known["ScheduleExpression"]}
    eventually(lambda: alarm in in_state(installation, "INSUFFICIENT_DATA"), within=60)
    at = datetime.now(UTC) + timedelta(seconds=1)
    scheduler.update_schedule(**schedule, ScheduleExpression=f"at({at:%Y-%m-%dT%H:%M:%S})")
    try:
        eventually(lambda: alarm in in_state(installation, "OK"), within=60)
        scheduler.update_schedule(**schedule, **usual, State="DISABLED")
        told = people.alarm(alarm, "INSUFFICIENT_DATA")
    finally:
        scheduler.update_schedule(**schedule, **usual, State="ENABLED")
    assert told["OldStateValue"] == "OK"
    assert "nothing checks the backups" in told["AlarmDescription"]
    assert "Next: " in told["AlarmDescription"]


def test_a_new_stack_sends_nothing_about_what_was_never_wrong(
    installation: Installation, people: Subscriber
) -> None:
    """Its alarms are made anew, as by a first deployment; then their first figures come."""
    client, heartbeat = installation.aws.client("cloudwatch"), f"{MONITOR}-heartbeat"
    eventually(lambda: heartbeat in in_state(installation, "INSUFFICIENT_DATA"), within=60)
    found = [{key: each[key] for key in each if key in KEPT} for each in alarms(installation)]
    assert len(found) == 4
    client.delete_alarms(AlarmNames=[each["AlarmName"] for each in found])
    while people.arrived(1):
        pass
    for each in found:
        client.put_metric_alarm(**each)
    measured = [each for each in found if each["AlarmName"] != heartbeat]
    drive(installation, measured, "OK")
    assert heartbeat in in_state(installation, "INSUFFICIENT_DATA")
    assert people.arrived(3) == []


def test_what_keeps_the_monitor_from_telling_is_noticed(
    installation: Installation, people: Subscriber
) -> None:
    sqs, letters = installation.aws.client("sqs"), dead_letters(installation)
    sqs.send_message(QueueUrl=letters, MessageBody="{}")
    try:
        assert look(installation, {"format": "poem"}).payload["errorType"] == "EventError"
        expect_alarms(people, "ALARM", {"monitor-error", "schedule-dead-letters"})
    finally:
        sqs.purge_queue(QueueUrl=letters)


def test_every_alarm_of_the_stack_notifies(installation: Installation, people: Subscriber) -> None:
    """By figures alone; `monitor-heartbeat`, which takes long, does so in a test of its own."""
    found = [each for each in alarms(installation) if each["AlarmName"] != f"{MONITOR}-heartbeat"]
    names = {each["AlarmName"].removeprefix("Lifeboat-") for each in found}
    assert names == BY_METRICS
    drive(installation, found, "OK")
    drive(installation, found, "ALARM")
    expect_alarms(people, "ALARM", names)
    drive(installation, found, "OK")


def test_the_monitor_sees_everything_and_reads_no_backup(installation: Installation) -> None:
    summary = installation.invoke({"database": "app"}).payload
    bucket, archive = installation.bucket.name, f"{summary['backup']}/archive.dump"
    function = installation.aws.client("lambda").get_function(FunctionName=MONITOR)
    role = function["Configuration"]["Role"]
    s3 = installation.aws.client("s3", role_arn=role)
    secrets = installation.aws.client("secretsmanager", role_arn=role)
    s3.list_object_versions(Bucket=bucket)
    s3.get_object(Bucket=bucket, Key=f"{summary['backup']}/manifest.json")

    def denied(call: Callable[[], object]) -> None:
        with pytest.raises(ClientError, match="AccessDenied"):
            call()

    version = s3.list_object_versions(Bucket=bucket, Prefix=archive)["Versions"][0]["VersionId"]
    denied(lambda: s3.get_object(Bucket=bucket, Key=archive))
    denied(lambda: s3.get_object(Bucket=bucket, Key=archive, VersionId=version))
    denied(lambda: s3.get_object(Bucket=bucket, Key=f"{summary['backup']}/globals.sql"))
    denied(lambda: s3.delete_object(Bucket=bucket, Key=archive))
    denied(lambda: s3.put_object(Bucket=bucket, Key=archive, Body=b"x"))
    denied(lambda: s3.put_object(Bucket=bucket, Key="monitor/other.json", Body=b"x"))
    denied(lambda: s3.put_object(Bucket=bucket, Key="other.html", Body=b"x"))
    denied(lambda: s3.put_object(Bucket=bucket, Key="drills/app/x.json", Body=b"x"))
    denied(lambda: secrets.get_secret_value(SecretId=installation.secrets["app"]))

    topic, other = installation.outputs["TopicArn"], installation.aws.client("sns")
    sns = installation.aws.client("sns", role_arn=role)
    assert sns.list_subscriptions_by_topic(TopicArn=topic)["Subscriptions"]
    strange = other.create_topic(Name="not-ours")["TopicArn"]
    calls: tuple[Callable[[], object], ...] = (
        lambda: sns.list_subscriptions_by_topic(TopicArn=strange),
        lambda: sns.subscribe(TopicArn=topic, Protocol="email", Endpoint="eve@example.com"),
    )
    for call in calls:
        with pytest.raises(ClientError, match=r"AuthorizationError|AccessDenied"):
            call()


def test_a_look_by_hand_answers_with_everything(installation: Installation) -> None:
    status = look(installation).payload
    assert [each["name"] for each in status["databases"]] == ["app", "other", "quiet"]
    assert (status["bucket"], status["region"]) == (installation.bucket.name, "us-east-1")
    unseen = [each["subject"] for each in status["findings"] if each["code"] == "check-incomplete"]
    # Other tests' backups show moments that are out of the order of their slots.
    assert [each for each in unseen if not each.startswith("tables of ")] == []
    text = look(installation, {"format": "text"}).payload
    assert isinstance(text, str)
    assert text.startswith(f"Lifeboat: {status['health'].upper().replace('-', ' ')} ")
    assert (status["account"], status["stack"]) == (installation.aws.account, "Lifeboat")
    assert {"app", "other", "quiet"} <= {line.split(" ")[0] for line in text.splitlines()}


def test_a_person_mutes_findings_and_the_status_says_so_until_it_is_undone(
    installation: Installation,
) -> None:
    asked = {"database": "quiet", "code": "data-unchanged"}
    answer = installation.call(MONITOR, {"action": "mute", "hours": 2, **asked})
    assert not answer.failed, answer.payload
    status = look(installation).payload
    assert status["muted"] == answer.payload["muted"] != []
    assert "  quiet data-unchanged until " in look(installation, {"format": "text"}).payload
    assert installation.call(MONITOR, {"action": "unmute", **asked}).payload["muted"] == []
    refused = installation.call(MONITOR, {"action": "mute", **asked, "database": "nobody"})
    assert refused.failed
    assert "there is no such database" in str(refused.payload)


def test_a_dashboard_gets_the_page_of_the_last_check_and_causes_no_other(
    installation: Installation,
) -> None:
    assert not look(installation).failed
    client, bucket = installation.bucket.client, installation.bucket.name
    stored = client.get_object(Bucket=bucket, Key=STATUS_PAGE_KEY)
    assert stored["ContentType"] == "text/html; charset=utf-8"
    assert " are not safe</h1>" in stored["Body"].read().decode()

    shown = look(installation, {"widgetContext": {"theme": "dark", "params": {}}})
    assert not shown.failed
    assert isinstance(shown.payload, str)
    assert "databases are not safe</h1>" in shown.payload
    assert "<html" not in shown.payload
    asked = look(installation, {"describe": True}).payload
    assert isinstance(asked, str)
    assert asked.startswith("## Lifeboat")
    after = client.head_object(Bucket=bucket, Key=STATUS_PAGE_KEY)
    assert after["VersionId"] == stored["VersionId"], "a widget checks nothing"


def test_what_auditors_ask_for_is_recorded_as_it_goes_and_answered(
    installation: Installation,
) -> None:
    now = datetime.now(UTC)
    key = "monitor/evidence.json"
    # A month that is over, as an earlier check has recorded it.
    long_ago = now.replace(day=1) - 40 * DAY
    first = MonthEvidence(month=month_of(long_ago), recorded_from=long_ago, recorded_until=long_ago)
    client, bucket = installation.bucket.client, installation.bucket.name
    record = EvidenceRecord(since=long_ago, months=(first,))
    client.put_object(Bucket=bucket, Key=key, Body=record.to_json())
    assert not look(installation).failed
    asked = {"action": "evidence", "since": f"{long_ago:%Y-%m}-01"}
    answer = installation.call(MONITOR, asked)
    assert not answer.failed, answer.payload
    months = {each["month"]: each for each in answer.payload["months"]}
    assert f"{now:%Y-%m}" in months
    (app,) = [each for each in months[f"{now:%Y-%m}"]["databases"] if each["name"] == "app"]
    assert all(len(each["sha256"]) == 64 for each in app["backups"])
    assert answer.payload["pages"] == [f"s3://{installation.bucket.name}/{first.page_key}"]
    for published in (first.key, first.page_key):
        head = client.head_object(Bucket=bucket, Key=published)
        assert head["ObjectLockMode"] == "GOVERNANCE"
        kept = head["ObjectLockRetainUntilDate"] - now
        assert timedelta(days=799) < kept <= timedelta(days=800, seconds=600)
    record = EvidenceRecord.from_json(installation.bucket.read(key), key=key)
    assert [each.month for each in record.months] == [month_of(now)]


def test_the_bucket_is_as_the_settings_want_it(installation: Installation) -> None:
    """The real stack's lifecycle, lock and encryption, judged by the real monitor."""
    about = {
        Code.LIFECYCLE_DRIFT,
        Code.EXPIRES_EARLY,
        Code.OBJECT_LOCK_DISABLED,
        Code.VERSIONING_DISABLED,
        Code.ENCRYPTION_DRIFT,
        Code.PUBLIC_ACCESS_UNBLOCKED,
    }
    found = look(installation).payload["findings"]
    assert [each for each in found if each["code"] in about] == []


def test_a_look_is_measured_as_a_whole(installation: Installation) -> None:
    """What is sent once a day may be there as well: by the time of the day."""
    installation.invoke({"database": "app"})
    begun = len(installation.log(MONITOR))
    assert not look(installation).failed
    documents = [json.loads(line) for line in installation.log(MONITOR)[begun:] if '"_aws"' in line]
    (whole,) = [each for each in documents if "Database" not in each]
    assert whole["_aws"]["CloudWatchMetrics"][0]["Dimensions"] == [[]]
    assert whole["BackupAge"][0] >= 0
    of_databases = {each["Database"] for each in documents if "Database" in each}
    assert of_databases in ({"app", "other", "quiet"}, set())


def test_a_topic_that_refuses_fails_the_look_and_leaves_the_news_to_be_reported(
    installation: Installation, people: Subscriber
) -> None:
    installation.bucket.client.put_object(
        Bucket=installation.bucket.name, Key="stranger/x", Body=b"x"
    )
    sns, arn = installation.aws.client("sns"), installation.outputs["TopicArn"]
    policy = sns.get_topic_attributes(TopicArn=arn)["Attributes"]["Policy"]
    denial = {"Effect": "Deny", "Principal": "*", "Action": "sns:Publish", "Resource": arn}
    refusing = {"Version": "2012-10-17", "Statement": [denial]}
    sns.set_topic_attributes(
        TopicArn=arn, AttributeName="Policy", AttributeValue=json.dumps(refusing)
    )
    try:
        answer = look(installation)
    finally:
        sns.set_topic_attributes(TopicArn=arn, AttributeName="Policy", AttributeValue=policy)
    assert answer.failed
    assert answer.payload["errorType"] == "NotificationError"
    assert "Sending all notifications failed" in answer.payload["errorMessage"]
    assert not look(installation).failed
    assert "stranger" in people.wait_for(news("new", "unmanaged-prefix", "-"))["Message"]


def test_a_scheduled_look_fails_while_nobody_listens_and_the_first_who_does_hears_everything(
    installation: Installation,
) -> None:
    sns, arn = installation.aws.client("sns"), installation.outputs["TopicArn"]
    client, bucket = installation.bucket.client, installation.bucket.name
    client.put_object(Bucket=bucket, Key="unheard/x", Body=b"x")
    assert not look(installation, SCHEDULED).failed
    for each in sns.list_subscriptions_by_topic(TopicArn=arn)["Subscriptions"]:
        sns.unsubscribe(SubscriptionArn=each["SubscriptionArn"])
    try:
        sns.subscribe(TopicArn=arn, Protocol="email", Endpoint="ann@example.com")
        answer = look(installation, SCHEDULED)
        assert answer.failed
        assert answer.payload["errorType"] == "NotificationError"
        assert "Nobody receives the notifications" in answer.payload["errorMessage"]
        assert "--authenticate-on-unsubscribe true" in answer.payload["errorMessage"]
        status = look(installation).payload
        assert (status["health"], status["findings"][0]["code"]) == ("critical", "no-subscriber")
        text = look(installation, {"format": "text"}).payload
        assert "CRITICAL: the bucket has no confirmed subscriber" in text
    finally:
        people = Subscriber.of(installation.aws, arn)
    confirm(installation.aws, arn, "ann@example.com")
    assert not look(installation, SCHEDULED).failed
    assert "unheard" in people.wait_for(news("new", "unmanaged-prefix", "-"))["Message"]
    assert not look(installation, SCHEDULED).failed
    assert [each for each in people.arrived(1) if news("new", "unmanaged-prefix", "-")(each)] == []


def alarms(installation: Installation) -> list[dict[str, Any]]:
    pages = installation.aws.client("cloudwatch").get_paginator("describe_alarms")
    return [
        each
        for page in pages.paginate(AlarmNamePrefix="Lifeboat-")
        for each in page["MetricAlarms"]
    ]


def in_state(installation: Installation, state: str) -> set[str]:
    return {each["AlarmName"] for each in alarms(installation) if each["StateValue"] == state}


def drive(installation: Installation, found: list[dict[str, Any]], state: str) -> None:
    """Put the figure of each alarm to its limit, or beyond it, until all have that state."""
    names = {each["AlarmName"] for each in found}
    give_up = time.monotonic() + 60
    while others := names - in_state(installation, state):
        assert time.monotonic() < give_up, f"not {state}: {others}"
        put(installation, found, above=state == "ALARM")


def put(installation: Installation, found: list[dict[str, Any]], *, above: bool) -> None:
    """Give the metric of each alarm its limit, or one more."""
    for each in found:
        assert each["ComparisonOperator"] == "GreaterThanThreshold"
        datum = {
            "MetricName": each["MetricName"],
            "Dimensions": each["Dimensions"],
            "Value": each["Threshold"] + above,
        }
        client = installation.aws.client("cloudwatch")
        client.put_metric_data(Namespace=each["Namespace"], MetricData=[datum])


def expect_alarms(people: Subscriber, state: str, names: set[str]) -> None:
    """Wait until the alarms of those names, the stack's left out, have told that state."""
    missing, give_up = set(names), time.monotonic() + 60
    while missing:
        assert time.monotonic() < give_up, f"nobody heard {state} of {missing}"
        for each in people.arrived(1):
            if each["Message"].startswith('{"AlarmName"'):
                told = json.loads(each["Message"])
                if told["NewStateValue"] == state:
                    missing.discard(told["AlarmName"].removeprefix("Lifeboat-"))


def dead_letters(installation: Installation) -> str:
    queues = installation.aws.client("sqs").list_queues()["QueueUrls"]
    (found,) = [str(url) for url in queues if "DeadLetters" in url]
    return found
