"""The deployed drill, invoked as AWS would, under the role that the stack gives it."""

import json
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from botocore.exceptions import ClientError

from lifeboat.model.drill_report import DrillReport, Verdict
from lifeboat.model.keys import parse_id
from tests.deployed.conftest import PASSWORD, Installation
from tests.support.drill_harness import failed

if TYPE_CHECKING:
    from collections.abc import Callable

DRILL = "Lifeboat-drill-app"


def report_of(installation: Installation, where: str) -> DrillReport:
    key = where.removeprefix(f"s3://{installation.bucket.name}/")
    return DrillReport.from_json(installation.bucket.read(key), key=key)


@pytest.fixture(scope="module")
def backup(installation: Installation) -> str:
    answer = installation.invoke({"database": "app", "label": "to-be-drilled"})
    assert not answer.failed, answer.payload
    name: str = answer.payload["backup"]
    return name


def test_a_drill_by_hand_proves_the_backup(installation: Installation, backup: str) -> None:
    answer = installation.call(DRILL, {"database": "app", "backup": backup})
    assert not answer.failed, answer.payload
    assert (answer.payload["verdict"], answer.payload["backup"]) == ("proven", backup)
    report = report_of(installation, answer.payload["report"])
    rows = {table.name: table.restored for table in report.tables}
    assert rows["users"] == installation.database.value("SELECT count(*) FROM users") > 0
    page = answer.payload["html_report"].removeprefix(f"s3://{installation.bucket.name}/")
    assert b"<html" in installation.bucket.read(page)
    for key in (page, page.replace(".html", ".json")):
        head = installation.bucket.client.head_object(Bucket=installation.bucket.name, Key=key)
        assert head["ObjectLockMode"] == "GOVERNANCE"
        assert head["ObjectLockRetainUntilDate"] == report.started + timedelta(days=400)


def test_the_stacks_schedule_sends_an_event_that_the_drill_takes(
    installation: Installation, backup: str
) -> None:
    schedule = installation.aws.client("scheduler").get_schedule(Name=DRILL)
    assert schedule["ScheduleExpression"] == "cron(0 5 ? * MON *)"
    answer = installation.call(DRILL, json.loads(schedule["Target"]["Input"]))
    assert not answer.failed, answer.payload
    assert backup


def test_a_failed_drill_is_a_failed_invocation_with_a_report_and_a_next_step(
    installation: Installation, backup: str
) -> None:
    location = parse_id(backup)
    assert location is not None
    key, bucket = location.archive_key, installation.bucket
    newest = bucket.client.put_object(
        Bucket=bucket.name, Key=key, Body=b"somebody else's", ContentType="text/plain"
    )["VersionId"]
    try:
        answer = installation.call(DRILL, {"database": "app", "backup": backup})
    finally:
        bucket.client.delete_object(
            Bucket=bucket.name, Key=key, VersionId=newest, BypassGovernanceRetention=True
        )
    assert answer.failed
    assert answer.payload["errorType"] == "VerificationError"
    assert "was overwritten" in answer.payload["errorMessage"]
    assert "aws s3 cp s3://" in answer.payload["errorMessage"]
    where = answer.payload["errorMessage"].split("aws s3 cp ")[1].split()[0]
    report = report_of(installation, where.replace(".html", ".json"))
    assert (report.verdict, failed(report)) == (Verdict.FAILED, ["version"])
    assert PASSWORD not in answer.log


@pytest.mark.parametrize(
    ("event", "error"),
    [
        ({"database": "app", "backup": "yesterday"}, "EventError"),
        ({"database": "app", "backup": "daily/app/2020-01-01T000000Z"}, "NoBackupError"),
        ({"databse": "app"}, "EventError"),
    ],
)
def test_a_senseless_event_is_refused_with_a_next_step(
    installation: Installation, backup: str, event: dict[str, str], error: str
) -> None:
    answer = installation.call(DRILL, event)
    assert answer.failed
    assert answer.payload["errorType"] == error
    assert "Next: " in answer.payload["errorMessage"]
    assert backup


def test_the_server_of_the_source_is_refused_as_a_target(
    installation: Installation, backup: str
) -> None:
    event = {"database": "app", "backup": backup, "target": installation.admin}
    answer = installation.call(DRILL, event)
    assert answer.failed
    assert answer.payload["errorType"] == "TargetError"
    assert "is the server that the backup was taken from" in answer.payload["errorMessage"]


def test_the_drills_role_reads_its_bucket_and_writes_reports_only(
    installation: Installation, backup: str
) -> None:
    function = installation.aws.client("lambda").get_function(FunctionName=DRILL)
    role = function["Configuration"]["Role"]
    s3 = installation.aws.client("s3", role_arn=role)
    bucket = installation.bucket.name
    s3.get_object(Bucket=bucket, Key=f"{backup}/archive.dump")
    report = {"Bucket": bucket, "Key": "drills/app/2026-11-24T050000Z.txt"}
    s3.put_object(**report, Body=b"", IfNoneMatch="*")
    secrets = installation.aws.client("secretsmanager", role_arn=role)
    secrets.get_secret_value(SecretId=installation.admin)
    calls: tuple[Callable[[], object], ...] = (
        lambda: s3.put_object(**report, Body=b"a second version"),
        lambda: s3.put_object(Bucket=bucket, Key=f"{backup}/archive.dump", Body=b""),
        lambda: s3.put_object(Bucket=bucket, Key="drills/other/x.json", Body=b""),
        lambda: s3.delete_object(Bucket=bucket, Key=f"{backup}/archive.dump"),
        lambda: s3.get_object(Bucket=bucket, Key=f"{backup}/archive.dump".replace("app", "other")),
        lambda: secrets.get_secret_value(SecretId=installation.secrets["app"]),
    )
    for call in calls:
        with pytest.raises(ClientError, match="AccessDenied"):
            call()
