"""Backups in the demo: one by the stack's own schedule, one by hand, and what lies in the vault."""

import time
from datetime import UTC, datetime, timedelta

from lifeboat.model.keys import MANIFEST
from lifeboat.model.manifest import Manifest
from local.demo.scene import DemoError, Scene, console, step
from local.tables import listing

FUNCTION = "Lifeboat-backup-app"
SCHEDULE_SECONDS = 60


def scheduled_backup(scene: Scene) -> Manifest:
    """Move the stack's own schedule to now; everything else about it stays as deployed.

    Raises:
        DemoError: no backup came of it.
    """
    scheduler = scene.aws.client("scheduler")
    known = scheduler.get_schedule(Name=FUNCTION)
    usual, zone = known["ScheduleExpression"], known.get("ScheduleExpressionTimezone", "UTC")
    kept = {key: known[key] for key in ("Name", "Target", "FlexibleTimeWindow")}
    at = datetime.now(UTC) + timedelta(seconds=2)
    with step(f"A scheduled backup: EventBridge Scheduler, {usual} {zone}, moved to now"):
        scheduler.update_schedule(**kept, ScheduleExpression=f"at({at:%Y-%m-%dT%H:%M:%S})")
        key = _await_manifest(scene)
        scheduler.update_schedule(**kept, ScheduleExpression=usual, ScheduleExpressionTimezone=zone)
    return _manifest(scene, key)


def _await_manifest(scene: Scene) -> str:
    give_up = time.monotonic() + SCHEDULE_SECONDS
    while time.monotonic() < give_up:
        for found in scene.objects():
            if found["Key"].endswith(MANIFEST):
                key: str = found["Key"]
                return key
        time.sleep(0.2)
    raise DemoError(
        f"The schedule's backup did not appear within {SCHEDULE_SECONDS} s. The end of the local"
        f" AWS's log:\n{scene.aws.log()}",
        todo="Read the log above for the function's own error.",
    )


def manual_backup(scene: Scene, label: str) -> Manifest:
    """Take a backup as a person does before a major change.

    Raises:
        DemoError: it failed.
    """
    with step(f"A backup by hand: aws lambda invoke {FUNCTION}"):
        said = scene.invoke(FUNCTION, {"database": "app", "tier": "manual", "label": label})
    return _manifest(scene, f"{said['backup']}/{MANIFEST}")


def _manifest(scene: Scene, key: str) -> Manifest:
    return Manifest.from_json(scene.read(key), key=key)


def show_vault(scene: Scene) -> None:
    """Print what lies in the vault, and until when it is locked."""
    s3 = scene.aws.client("s3")
    heads = [
        (found, s3.head_object(Bucket=scene.vault, Key=found["Key"]))
        for found in scene.objects()
        if found["Key"].endswith((MANIFEST, ".dump", ".sql"))
    ]
    console.print(
        listing(
            f"s3://{scene.vault}",
            [
                (found["Key"], found["Size"], head["ObjectLockRetainUntilDate"])
                for found, head in heads
            ],
        )
    )
