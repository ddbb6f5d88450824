"""A deployed function that fails tells people itself, under the role that the stack gives it."""

import json
import time
from collections.abc import Callable

import pytest
from botocore.exceptions import ClientError

from lifeboat.model.attempt import Attempt, AttemptOutcome
from local.subscriber import Subscriber
from tests.deployed.conftest import Installation
from tests.deployed.test_monitor import look, news
from tests.support.backup_harness import eventually


def test_a_backup_that_nobody_waits_for_tells_its_failure_in_one_readable_message(
    installation: Installation,
) -> None:
    people = Subscriber.of(installation.aws, installation.outputs["TopicArn"])
    assert not installation.invoke({"database": "quiet"}, database="quiet").failed  # a young one
    manager, arn = installation.aws.client("secretsmanager"), installation.secrets["quiet"]
    good = manager.get_secret_value(SecretId=arn)["SecretString"]
    wrong = good.replace("/spec_drive", "/nowhere")
    manager.put_secret_value(SecretId=arn, SecretString=wrong)
    forget_claims(installation)
    time.sleep(1)  # manual backups of the same second are one backup, and this one must be taken
    try:
        installation.aws.client("lambda").invoke(
            FunctionName="Lifeboat-backup-quiet",
            InvocationType="Event",
            Payload=json.dumps({"database": "quiet"}),
        )
        # Longer than a second try takes, should the first one fail of something that passes.
        told = people.wait_for(news("new", "backup-failed", "quiet"), seconds=120)
        eventually(lambda: last_attempt(installation, "quiet").notified)
    finally:
        manager.put_secret_value(SecretId=arn, SecretString=good)
    assert told["Subject"].startswith("[Lifeboat] ACT TODAY: quiet had a failed backup: Could")
    for part in ("does not exist", "Safe: ", "What to do:", "Lifeboat-backup-quiet"):
        assert part in told["Message"]
    assert not look(installation).failed
    of_quiet = news("new", "backup-failed", "quiet")
    assert [each for each in people.arrived(2) if of_quiet(each)] == []
    status = look(installation).payload
    assert "backup-failed" in {each["code"] for each in status["findings"]}
    assert not installation.invoke({"database": "quiet"}, database="quiet").failed
    assert last_attempt(installation, "quiet").outcome is AttemptOutcome.SUCCEEDED


def test_a_function_records_its_own_runs_and_nobody_elses(installation: Installation) -> None:
    s3, bucket = (
        installation.aws.client("s3", role_arn=installation.role()),
        installation.bucket.name,
    )

    def put(key: str) -> Callable[[], object]:
        return lambda: s3.put_object(Bucket=bucket, Key=key, Body=b"{}")

    def denied(call: Callable[[], object]) -> None:
        with pytest.raises(ClientError, match="AccessDenied"):
            call()

    assert not installation.invoke({"database": "app"}).failed
    assert last_attempt(installation, "app").outcome is AttemptOutcome.SUCCEEDED
    put("attempts/notified/backup/2020-01-01T00")()
    denied(put("attempts/other.json"))
    denied(put("attempts/app.drill.json"))
    denied(put("attempts/notified/drill/2020-01-01T00"))
    denied(lambda: s3.get_object(Bucket=bucket, Key="attempts/app.json"))
    denied(lambda: s3.delete_object(Bucket=bucket, Key="attempts/app.json"))


def test_a_drill_that_cannot_be_held_is_reported_and_recorded_as_such(
    installation: Installation,
) -> None:
    people = Subscriber.of(installation.aws, installation.outputs["TopicArn"])
    forget_claims(installation)
    event = {"database": "other", "backup": "daily/other/2020-01-01T020000Z"}
    assert installation.call("Lifeboat-drill-other", event).failed
    told = people.wait_for(lambda each: "drill" in (each.get("Subject") or ""))
    assert told["Subject"].startswith("[Lifeboat] ACT TODAY: other had a failed drill: ")
    assert last_attempt(installation, "other.drill").notified


def last_attempt(installation: Installation, database: str) -> Attempt:
    key = f"attempts/{database}.json"
    return Attempt.from_json(installation.bucket.read(key), key=key)


def forget_claims(installation: Installation) -> None:
    """So that no run of another test has told this hour's failures."""
    for key in installation.bucket.holds():
        if key.startswith("attempts/notified/"):
            installation.bucket.client.delete_object(Bucket=installation.bucket.name, Key=key)
