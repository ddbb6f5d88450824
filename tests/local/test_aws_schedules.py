import datetime as dt
import json
import subprocess
from pathlib import Path
from typing import Any
from uuid import uuid4
from zoneinfo import ZoneInfo

from local.aws import LocalAws
from local.aws.server import INTERPRETER, REPOSITORY
from tests.support.aws_helpers import allow, eventually, make_function, make_role

WRITES = """
import json
def handler(event, context):
    with open(event["file"], "a") as file:
        file.write(json.dumps(event) + "\\n")
"""
CONTEXT = {
    "scheduled": "<aws.scheduler.scheduled-time>",
    "attempt": "<aws.scheduler.attempt-number>",
    "arn": "<aws.scheduler.schedule-arn>",
}


def test_a_schedule_in_a_time_zone_delivers_its_slot_as_its_role(
    aws: LocalAws, tmp_path: Path
) -> None:
    file = tmp_path / "events"
    function = make_function(aws, WRITES)
    arn = f"arn:aws:lambda:{aws.region}:{aws.account}:function:{function}"
    role = make_role(aws, allow("lambda:InvokeFunction", arn), service="scheduler.amazonaws.com")
    slot = (dt.datetime.now(dt.UTC) + dt.timedelta(seconds=3)).replace(microsecond=0)
    in_tokyo = slot.astimezone(ZoneInfo("Asia/Tokyo")).replace(tzinfo=None).isoformat()
    schedule = _schedule(aws, f"at({in_tokyo})", arn, role, {"file": str(file), **CONTEXT})
    assert eventually(lambda: file.exists() and file.stat().st_size > 0)
    event = json.loads(file.read_text())
    assert event["scheduled"] == slot.strftime("%Y-%m-%dT%H:%M:%SZ")
    assert (event["attempt"], event["arn"]) == ("1", schedule)
    assert dt.datetime.now(dt.UTC) >= slot


def test_a_role_without_permission_delivers_nothing_and_the_letter_says_why(
    aws: LocalAws, tmp_path: Path
) -> None:
    file = tmp_path / "events"
    function = make_function(aws, WRITES)
    arn = f"arn:aws:lambda:{aws.region}:{aws.account}:function:{function}"
    sqs, letters = aws.client("sqs"), f"letters-{uuid4().hex[:8]}"
    queue = sqs.create_queue(QueueName=letters)["QueueUrl"]
    queue_arn = f"arn:aws:sqs:{aws.region}:{aws.account}:{letters}"
    role = make_role(aws, allow("sqs:*", queue_arn), service="scheduler.amazonaws.com")
    now = dt.datetime.now(dt.UTC).replace(tzinfo=None, microsecond=0).isoformat()
    more = {"DeadLetterConfig": {"Arn": queue_arn}, "RetryPolicy": {"MaximumRetryAttempts": 1}}
    _schedule(aws, f"at({now})", arn, role, {"file": str(file), **CONTEXT}, more)
    received = sqs.receive_message(
        QueueUrl=queue, WaitTimeSeconds=15, MessageAttributeNames=["All"]
    )
    letter = received["Messages"][0]
    assert "lambda:InvokeFunction" in letter["MessageAttributes"]["ERROR_MESSAGE"]["StringValue"]
    assert json.loads(letter["Body"])["attempt"] == "2"
    assert not file.exists()


def test_the_next_slot_is_on_the_wall_clock_of_the_schedules_zone() -> None:
    daily = "cron(0 2 * * ? *)"
    # New York goes back an hour on 1 November 2026: 02:00 there is 06:00 UTC, then 07:00.
    expected = [
        (daily, "UTC", "2026-11-22T02:00:00+00:00", "2026-11-23T02:00:00+00:00"),
        (daily, "Asia/Tokyo", "2026-11-22T00:00:00+00:00", "2026-11-22T17:00:00+00:00"),
        (daily, "America/New_York", "2026-10-30T06:00:00+00:00", "2026-10-31T06:00:00+00:00"),
        (daily, "America/New_York", "2026-10-31T06:00:00+00:00", "2026-11-01T07:00:00+00:00"),
        ("rate(5 minutes)", "UTC", "2026-11-22T02:00:00+00:00", "2026-11-22T02:05:00+00:00"),
    ]
    program = (
        "import json, sys, datetime as dt\n"
        "from tools.ministack_patches.schedules import next_slot\n"
        "for expression, zone, last, _ in json.load(sys.stdin):\n"
        "    schedule = {'ScheduleExpression': expression, 'ScheduleExpressionTimezone': zone,"
        " 'LastModificationDate': 0}\n"
        "    slot = next_slot(schedule, dt.datetime.fromisoformat(last))\n"
        "    print(slot.astimezone(dt.UTC).isoformat())\n"
    )
    done = subprocess.run(
        [INTERPRETER, "-c", program],
        input=json.dumps(expected),
        cwd=REPOSITORY,
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.split() == [slot for *_, slot in expected]


def _schedule(
    aws: LocalAws,
    expression: str,
    target: str,
    role: str,
    event: dict[str, str],
    more: dict[str, Any] | None = None,
) -> str:
    zone = "Asia/Tokyo" if more is None else "UTC"
    made = aws.client("scheduler").create_schedule(
        Name=f"schedule-{uuid4().hex[:8]}",
        ScheduleExpression=expression,
        ScheduleExpressionTimezone=zone,
        FlexibleTimeWindow={"Mode": "OFF"},
        Target={"Arn": target, "RoleArn": role, "Input": json.dumps(event), **(more or {})},
    )
    arn: str = made["ScheduleArn"]
    return arn
