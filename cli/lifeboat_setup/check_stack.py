"""Looks at what is deployed: is it what the settings say, and does it run?"""

from collections.abc import Iterator, Mapping
from typing import Any

from botocore.exceptions import ClientError

from infra.function_settings import (
    backup_settings,
    drill_settings,
    monitor_settings,
    neon_broker_settings,
    neon_restore_settings,
    neon_watch_settings,
    restore_settings,
)
from lifeboat.model.keys import COMMAND_LINE_KEY
from lifeboat.monitor.subscriptions import topic_facts
from lifeboat.settings import Settings
from lifeboat.settings.function_size import FunctionSize
from lifeboat_cli.context import Context
from lifeboat_cli.invoke import call
from lifeboat_cli.stack import Stack
from lifeboat_setup.account import command_for
from lifeboat_setup.checks import Check, looked
from lifeboat_setup.expected_projects import expected_projects

DEPLOY = "lifeboat deploy"
_LIST_SECONDS = 20.0
_PROJECTS = 100
"""Most projects that CodeBuild describes at once."""

_GOOD = ("healthy",)


def stack_checks(context: Context, settings: Settings) -> Iterator[Check]:
    """Functions, schedules, who is notified, and what the monitor says."""
    stack = context.stack
    outputs = _outputs(stack)
    if outputs is None:
        yield Check(
            name="stack",
            ok=False,
            found=f"there is no stack {stack.name} in {stack.region}",
            todo=f"{DEPLOY}; or lifeboat setup",
        )
        return
    yield Check(name="stack", ok=True, found=f"{stack.name} is deployed")
    yield from looked("functions", lambda: _functions(stack, settings))
    yield from looked("jobs", lambda: _jobs(stack, settings))
    yield from looked("schedules", lambda: _schedules(stack, settings))
    yield from looked("notifications", lambda: _subscriptions(stack, outputs))
    yield from looked("tools", lambda: _tool(stack, outputs))
    yield from looked("status", lambda: _status(context))


def _outputs(stack: Stack) -> Mapping[str, str] | None:
    try:
        found = stack.client("cloudformation").describe_stacks(StackName=stack.name)["Stacks"]
    except ClientError as error:
        if "does not exist" in str(error):
            return None
        raise
    return {each["OutputKey"]: each["OutputValue"] for each in found[0].get("Outputs", ())}


def expected_functions(
    settings: Settings,
) -> Iterator[tuple[str, str | None, str, FunctionSize | None]]:
    """Job, database, settings and size of each function."""
    yield "monitor", None, monitor_settings(settings), None
    if settings.at_providers().databases:
        yield "neon-watch", None, neon_watch_settings(settings), None
    if settings.at_neon_restore().databases:
        yield "neon-restore", None, neon_restore_settings(settings), None
    if settings.at_broker().databases:
        yield "neon-broker", None, neon_broker_settings(settings), None
    if settings.restore.enabled:
        yield "restore", None, restore_settings(settings), settings.restore
    for each in settings.databases:
        own = settings.of_database(each.name)
        yield "backup", each.name, backup_settings(own), settings.backup
        if settings.drill.enabled:
            yield "drill", each.name, drill_settings(own), settings.drill


def _functions(stack: Stack, settings: Settings) -> Iterator[Check]:
    client, wrong = stack.client("lambda"), []
    for job, database, wanted, size in expected_functions(settings):
        name = stack.function(job, database)
        try:
            found = client.get_function_configuration(FunctionName=name)
        except ClientError as error:
            if error.response["Error"]["Code"] != "ResourceNotFoundException":
                raise
            wrong.append(f"{name} is not there")
            continue
        wrong += [f"{name} has another {each}" for each in _differences(found, wanted, size)]
    yield Check(
        name="functions",
        ok=not wrong,
        found="; ".join(wrong) or "as the settings say",
        todo=DEPLOY if wrong else "",
    )


def _differences(found: Mapping[str, Any], wanted: str, size: FunctionSize | None) -> Iterator[str]:
    if found.get("Environment", {}).get("Variables", {}).get("LIFEBOAT_SETTINGS") != wanted:
        yield "part of the settings"
    if size and found["MemorySize"] != size.memory_mb:
        yield f"memory ({found['MemorySize']} MB)"
    if size and found["Timeout"] != size.timeout_minutes * 60:
        yield f"timeout ({found['Timeout']} s)"


def _jobs(stack: Stack, settings: Settings) -> Iterator[Check]:
    """The projects of CodeBuild: settings, machine and time limit, as of the functions."""
    wanted = list(expected_projects(stack.function, settings))
    if not wanted:
        return
    names = [each.name for each in wanted]
    client = stack.client("codebuild")
    found = {
        each["name"]: each
        for start in range(0, len(names), _PROJECTS)
        for each in client.batch_get_projects(names=names[start : start + _PROJECTS])["projects"]
    }
    wrong = [text for each in wanted for text in each.differences(found.get(each.name))]
    yield Check(
        name="jobs",
        ok=not wrong,
        found="; ".join(wrong) or f"{len(wanted)} projects are as the settings say",
        todo=DEPLOY if wrong else "",
    )


def _schedules(stack: Stack, settings: Settings) -> Iterator[Check]:
    client, off = stack.client("scheduler"), []
    wanted: list[tuple[str, str | None]] = [("monitor", None)]
    if settings.at_providers().databases:
        wanted.append(("neon-watch", None))
    for each in settings.databases:
        wanted.append(("backup", each.name))
        if settings.drill.enabled:
            wanted.append(("drill", each.name))
    for job, database in wanted:
        name = stack.function(job, database)
        try:
            state = client.get_schedule(Name=name)["State"]
        except ClientError as error:
            if error.response["Error"]["Code"] != "ResourceNotFoundException":
                raise
            state = "not there"
        if state != "ENABLED":
            off.append(f"{name} is {state}")
    yield Check(
        name="schedules",
        ok=not off,
        found="; ".join(off) or f"all {len(wanted)} are enabled",
        todo=f"{DEPLOY} -- --revert-drift" if off else "",
    )


def _subscriptions(stack: Stack, outputs: Mapping[str, str]) -> Iterator[Check]:
    topic = outputs["TopicArn"]
    found = topic_facts(stack.client("sns"), topic, lambda: _LIST_SECONDS)
    listed = getattr(found, "subscriptions", None)
    if listed is None:
        yield Check(
            name="notifications",
            ok=False,
            found=getattr(found, "why", "unknown"),
            todo=f"Allow sns:ListSubscriptionsByTopic on {topic} for these credentials.",
        )
        return
    waiting = [each.endpoint for each in listed if not each.confirmed]
    for endpoint in waiting:
        yield Check(
            name="notifications",
            ok=False,
            found=f"{endpoint} has not confirmed AWS's email",
            todo=f"aws sns subscribe --region {stack.region} --topic-arn {topic} --protocol email"
            f" --notification-endpoint {endpoint} (sends it again)",
        )
    if len(listed) > len(waiting):
        yield Check(
            name="notifications", ok=True, found=f"{len(listed) - len(waiting)} receive them"
        )
    elif not waiting:
        yield Check(
            name="notifications",
            ok=False,
            found="nobody receives them",
            todo=f"Set alerts.emails in the settings, then: {DEPLOY}",
        )


def _tool(stack: Stack, outputs: Mapping[str, str]) -> Iterator[Check]:
    bucket = outputs["BackupBucketName"]
    try:
        stack.client("s3").head_object(Bucket=bucket, Key=COMMAND_LINE_KEY)
    except ClientError as error:
        there, code = False, error.response["Error"]["Code"]
        if code not in ("404", "NoSuchKey", "NotFound"):
            raise
    else:
        there = True
    yield Check(
        name="tools",
        ok=there,
        found=f"s3://{bucket}/{COMMAND_LINE_KEY} is {'there' if there else 'not there'}",
        todo="" if there else DEPLOY,
    )


def _status(context: Context) -> Iterator[Check]:
    """What the monitor says of each database and of the bucket."""
    answer = call(context, "monitor", None, {})
    look = command_for(context.stack, "status")
    for each in answer["databases"]:
        backup, drill = each["newest_backup"], each["newest_drill"]
        parts = [
            f"backup {backup['age_hours']:.0f} h ago" if backup else "no backup",
            f"drill {drill['verdict']}, {drill['age_days']:.0f} days ago" if drill else "no drill",
        ]
        ok = each["health"] in _GOOD
        missing = "backup" if not backup else "drill"
        start = command_for(context.stack, missing, each["name"])
        yield Check(
            name=f"status of {each['name']}",
            ok=ok,
            found=", ".join([each["health"], *parts]),
            todo="" if ok else start if not (backup and drill) else look,
        )
    rest = [each for each in answer["findings"] if each["database"] is None]
    if rest or answer["health"] in _GOOD:
        yield Check(
            name="status of the bucket",
            ok=answer["health"] in _GOOD,
            found=rest[0]["headline"] if rest else "healthy",
            todo="" if answer["health"] in _GOOD else look,
        )
