"""The scheduled backup of the demo, by the stack's own schedule, and what is in the bucket."""

import time
from datetime import UTC, datetime, timedelta

from lifeboat.model.keys import MANIFEST
from lifeboat.model.manifest import Manifest
from local.demo.environment import DemoEnvironment, DemoError, console, step
from local.tables import listing

FUNCTION = "Lifeboat-backup-app"
SCHEDULE_SECONDS = 60


def scheduled_backup(environment: DemoEnvironment) -> Manifest:
    """Move the stack's own schedule to now; everything else about it stays as deployed.

    Raises:
        DemoError: no backup came of it.
    """
    scheduler = environment.aws.client("scheduler")
    known = scheduler.get_schedule(Name=FUNCTION)
    usual, zone = known["ScheduleExpression"], known.get("ScheduleExpressionTimezone", "UTC")
    kept = {key: known[key] for key in ("Name", "Target", "FlexibleTimeWindow")}
    at = datetime.now(UTC) + timedelta(seconds=2)
    with step(f"A scheduled backup: the schedule {usual} {zone}, moved to now"):
        scheduler.update_schedule(**kept, ScheduleExpression=f"at({at:%Y-%m-%dT%H:%M:%S})")
        key = _await_manifest(environment)
        scheduler.update_schedule(**kept, ScheduleExpression=usual, ScheduleExpressionTimezone=zone)
    return _manifest(environment, key)


def _await_manifest(environment: DemoEnvironment) -> str:
    give_up = time.monotonic() + SCHEDULE_SECONDS
    while time.monotonic() < give_up:
        for found in environment.objects():
            if found["Key"].endswith(MANIFEST):
                key: str = found["Key"]
                return key
        time.sleep(0.2)
    raise DemoError(
        f"The schedule's backup did not appear within {SCHEDULE_SECONDS} s. The end of the local"
        f" AWS's log:\n{environment.aws.log()}",
        todo="Read the log above for the function's own error.",
    )


def _manifest(environment: DemoEnvironment, key: str) -> Manifest:
    return Manifest.from_json(environment.read(key), key=key)


def show_bucket(environment: DemoEnvironment) -> None:
    """Print what is in the backup bucket, and until when it is locked."""
    s3 = environment.aws.client("s3")
    heads = [
        (found, s3.head_object(Bucket=environment.bucket, Key=found["Key"]))
        for found in environment.objects()
        if found["Key"].endswith((MANIFEST, ".dump", ".sql"))
    ]
    console.print(
        listing(
            f"s3://{environment.bucket}",
            [
                (found["Key"], found["Size"], head["ObjectLockRetainUntilDate"])
                for found, head in heads
            ],
        )
    )
