"""Physical names of functions, alarms and outputs."""

from collections.abc import Sequence
from typing import Literal

from aws_cdk import ArnFormat, Stack
from constructs import Construct

from lifeboat.errors import SettingsError
from lifeboat.model import commands
from lifeboat.model.engine import project_of
from lifeboat.settings import Settings

type Job = Literal[
    "backup", "drill", "monitor", "neon-broker", "neon-restore", "neon-watch", "restore"
]

MAX_NAME_LENGTH = 64
"""Characters that Lambda and EventBridge Scheduler accept in a name."""


def function_arn(stack: Stack, name: str) -> str:
    """The ARN of a function of the stack, for a policy that must not depend on the function.

    Args:
        stack: of the function.
        name: its physical name.
    """
    return stack.format_arn(
        service="lambda",
        resource="function",
        resource_name=name,
        arn_format=ArnFormat.COLON_RESOURCE_NAME,
    )


def function_name(scope: Construct, job: Job, database: str | None = None) -> str:
    """The name of the function with that job, and of its schedule.

    Args:
        scope: a construct of the stack.
        job: what it does.
        database: which one; None if it is for all of them.

    Raises:
        SettingsError: the names of the stack and the database are too long together.
    """
    name = commands.function_name(Stack.of(scope).stack_name, job, database)
    if len(name) > MAX_NAME_LENGTH:
        raise SettingsError(
            f"The name of the {job} function{f' of {database}' if database else ''} is too long: "
            f"{name} has {len(name)} characters, AWS allows {MAX_NAME_LENGTH}.",
            todo="Shorten the stack's name (-c stack_name=...) or the database's name.",
        )
    return name


def project_names(scope: Construct, settings: Settings) -> list[str]:
    """The CodeBuild projects of the stack: of all functions whose runs may be jobs.

    Args:
        scope: a construct of the stack.
        settings: with all databases.
    """
    of_jobs = [each.name for each in settings.databases if each.has_jobs]
    functions = [function_name(scope, "backup", each) for each in of_jobs]
    if settings.drill.enabled:
        functions += [function_name(scope, "drill", each) for each in of_jobs]
    if settings.restore.enabled and of_jobs:
        functions.append(function_name(scope, "restore"))
    return [project_of(each) for each in functions]


def alarm_name(scope: Construct, what: str) -> str:
    """An alarm's name: the subject of its email, so it says what is wrong.

    All names begin with the stack's, by which the topic's policy recognises its alarms.
    """
    return f"{Stack.of(scope).stack_name}-{what}"


def output_name(what: str, database: str, databases: Sequence[str]) -> str | None:
    """The name of a database's output: BackupCommand of my-app is BackupCommandMyApp.

    None where another database's name differs only in its dashes, which outputs cannot have.

    https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/outputs-section-structure.html
    """
    name = _camel(database)
    return f"{what}{name}" if [_camel(each) for each in databases].count(name) == 1 else None


def _camel(database: str) -> str:
    return "".join(part[:1].upper() + part[1:] for part in database.split("-"))
