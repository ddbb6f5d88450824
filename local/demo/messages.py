"""Notifications in the demo, through the stack's own topic."""

from collections.abc import Callable
from datetime import timedelta

from rich.markup import escape
from rich.panel import Panel

from lifeboat.model.manifest import Manifest, StoredObject
from local.demo.environment import DemoEnvironment, DemoError, console, step
from local.subscriber import Notification, Subscriber

STACK = "Lifeboat"
MONITOR = f"{STACK}-monitor"
_REST = "Without the program"
"""Where a message goes on with the same commands for the AWS CLI, which is long."""

TWO_DAYS = timedelta(days=2)


def subscribe(environment: DemoEnvironment) -> Subscriber:
    """A subscriber who gets all of the stack's notifications."""
    return Subscriber.of(environment.aws, environment.outputs["TopicArn"])


def wait_for_message(
    environment: DemoEnvironment, person: Subscriber, code: str, title: str
) -> None:
    """Run the monitor; wait for its message with that code and print it.

    Raises:
        DemoError: it did not come.
    """
    with step(title):
        environment.invoke(MONITOR, {})
        try:
            told = person.wait_for(_of(code))
        except AssertionError as error:
            raise DemoError(f"No message {code} arrived: {error}", todo="Report it.") from None
    body = told["Message"].partition(f"\n{_REST}")[0].rstrip()
    console.print(Panel(escape(body), title=escape(told["Subject"]), title_align="left"))


def show_alarm(person: Subscriber, name: str) -> None:
    """Wait for CloudWatch's own alarm, which comes even if the monitor can't notify.

    Whoever waits for something else lets it go, so this one waits for nothing else.

    Raises:
        DemoError: it did not come.
    """
    with step("CloudWatch's alarm notifies, too, in case the monitor can't"):
        try:
            told = person.alarm(f"{STACK}-{name}", "ALARM")
        except AssertionError as error:
            raise DemoError(f"No alarm {name} arrived: {error}", todo="Report it.") from None
    said = told["AlarmDescription"].splitlines()[0]
    console.print(Panel(escape(said), title=escape(told["AlarmName"]), title_align="left"))


def stop_backups(environment: DemoEnvironment) -> None:
    """Let two days pass without a backup: every backup becomes two days older.

    Nobody but the account's root can do that here: archives and manifests are locked.
    """
    with step("Backups stop. Two days pass (the backups are made two days older)"):
        for found in environment.objects():
            if found["Key"].endswith("manifest.json"):
                _age(
                    environment,
                    Manifest.from_json(environment.read(found["Key"]), key=found["Key"]),
                )


def _age(environment: DemoEnvironment, manifest: Manifest) -> None:
    s3, bucket = environment.aws.client("s3"), environment.bucket
    older = manifest.model_copy(update={"scheduled_at": manifest.scheduled_at - TWO_DAYS})

    def move(stored: StoredObject) -> StoredObject:
        key = stored.key.replace(manifest.location.prefix, older.location.prefix)
        source = {"Bucket": bucket, "Key": stored.key}
        version = s3.copy_object(Bucket=bucket, Key=key, CopySource=source)["VersionId"]
        s3.delete_object(Bucket=bucket, Key=stored.key)
        return stored.model_copy(update={"key": key, "version_id": version})

    objects = tuple(map(move, manifest.archive.objects))
    aged = older.model_copy(
        update={
            "started": manifest.started - TWO_DAYS,
            "finished": manifest.finished - TWO_DAYS,
            "archive": manifest.archive.model_copy(update={"objects": objects}),
            "globals": manifest.globals and move(manifest.globals),
            "source": manifest.source.model_copy(
                update={"snapshot_time": manifest.source.snapshot_time - TWO_DAYS}
            ),
        }
    )
    s3.put_object(Bucket=bucket, Key=aged.location.manifest_key, Body=aged.to_json())
    s3.delete_object(Bucket=bucket, Key=manifest.location.manifest_key)


def _of(code: str) -> Callable[[Notification], bool]:
    def is_it(told: Notification) -> bool:
        attributes = told.get("MessageAttributes", {})
        return bool(attributes.get("code", {}).get("Value") == code)

    return is_it
