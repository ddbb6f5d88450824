"""The clock of EventBridge Scheduler; ministack's own is replaced as a whole."""

import datetime as dt
import threading
import time
from typing import Any
from uuid import uuid4
from zoneinfo import ZoneInfo

from botocore.exceptions import BotoCoreError, ClientError
from ministack.services import eventbridge, scheduler  # type: ignore[import-not-found]

from tools.ministack_patches.roles import as_role

Schedule = dict[str, Any]

MOST_RETRIES = 3
"""AWS retries up to 185 times within a day; after these here the dead-letter queue gets it."""


def schedule_delivery() -> None:
    """Deliver schedules as AWS does.

    As shipped they fire in UTC, up to a minute late, as nobody (so no role is ever checked), once,
    with `<aws.scheduler.scheduled-time>` and its like left as they are.
    https://docs.aws.amazon.com/scheduler/latest/UserGuide/managing-schedule-context-attributes.html
    """
    scheduler.start_scheduler = threading.Thread(target=_run_clock, daemon=True).start


def _run_clock() -> None:
    """Start the delivery of what has come due, every second."""
    delivered: dict[tuple[str, ...], dt.datetime] = {}
    while True:
        now = dt.datetime.now(dt.UTC)
        for (account, region, key), schedule in list(scheduler._schedules._data.items()):  # noqa: SLF001
            identity = (account, region, key, str(schedule["LastModificationDate"]))
            slot = due(schedule, delivered.get(identity), now)
            if slot is None:
                continue
            delivered[identity] = slot
            threading.Thread(target=deliver, args=(account, region, schedule, slot)).start()
            if _is_once(schedule) and schedule["ActionAfterCompletion"] == "DELETE":
                scheduler._schedules._data.pop((account, region, key), None)  # noqa: SLF001
        time.sleep(1)


def due(schedule: Schedule, last: dt.datetime | None, now: dt.datetime) -> dt.datetime | None:
    """The slot to deliver at `now`, if any; `last` is the slot delivered before."""
    if schedule["State"] != "ENABLED":
        return None
    slot = next_slot(schedule, last)
    start, end = (scheduler._to_epoch(schedule[name]) for name in ("StartDate", "EndDate"))  # noqa: SLF001
    if slot is None or slot > now:
        return None
    if (start and slot.timestamp() < start) or (end and slot.timestamp() > end):
        return None
    return slot


def next_slot(schedule: Schedule, last: dt.datetime | None) -> dt.datetime | None:
    """The first slot after `last`, or after the schedule was made; None when there is none."""
    zone = ZoneInfo(schedule["ScheduleExpressionTimezone"])
    expression = schedule["ScheduleExpression"]
    made = dt.datetime.fromtimestamp(schedule["LastModificationDate"], dt.UTC)
    if _is_once(schedule):
        once = dt.datetime.fromisoformat(expression[3:-1]).replace(tzinfo=zone)
        return None if last else once
    every = eventbridge._parse_rate_seconds(expression)  # noqa: SLF001
    if every is not None:
        return (last or made) + dt.timedelta(seconds=every)
    # ministack's cron knows UTC only: give it the wall clock's time as if that were UTC.
    wall = (last or made).astimezone(zone).replace(tzinfo=dt.UTC)
    fields = eventbridge._parse_cron_fields(expression)  # noqa: SLF001
    slot: dt.datetime | None = fields and eventbridge._cron_next_fire(fields, wall)  # noqa: SLF001
    return slot and slot.replace(tzinfo=zone)


def _is_once(schedule: Schedule) -> bool:
    return bool(schedule["ScheduleExpression"].startswith("at("))


def deliver(account: str, region: str, schedule: Schedule, slot: dt.datetime) -> None:
    """Invoke the target function as the schedule's role, with retries; then its dead letters."""
    target = schedule["Target"]
    retries = int(target.get("RetryPolicy", {}).get("MaximumRetryAttempts", 185))
    execution = str(uuid4())
    for attempt in range(1, min(retries, MOST_RETRIES) + 2):
        event = _fill_in(schedule, slot, execution, attempt)
        try:
            as_role("lambda", account, region, target["RoleArn"]).invoke(
                FunctionName=target["Arn"], InvocationType="Event", Payload=event
            )
        except (BotoCoreError, ClientError) as error:
            print(f"scheduler: {schedule['Name']}, attempt {attempt}: {error}", flush=True)  # noqa: T201
            failure = error
            time.sleep(2 ** (attempt - 1))
        else:
            return
    if queue := target.get("DeadLetterConfig", {}).get("Arn"):
        sqs = as_role("sqs", account, region, target["RoleArn"])
        sqs.send_message(
            QueueUrl=sqs.get_queue_url(QueueName=queue.rpartition(":")[2])["QueueUrl"],
            MessageBody=event,
            MessageAttributes=_attributes(ERROR_MESSAGE=str(failure), SCHEDULE_ARN=schedule["Arn"]),
        )


def _fill_in(schedule: Schedule, slot: dt.datetime, execution: str, attempt: int) -> str:
    """The target's input with the context attributes of this attempt."""
    text = str(schedule["Target"].get("Input") or "{}")
    context = {
        "scheduled-time": slot.astimezone(dt.UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        "execution-id": execution,
        "schedule-arn": schedule["Arn"],
        "attempt-number": str(attempt),
    }
    for name, value in context.items():
        text = text.replace(f"<aws.scheduler.{name}>", value)
    return text


def _attributes(**values: str) -> dict[str, dict[str, str]]:
    return {n: {"DataType": "String", "StringValue": value} for n, value in values.items()}
