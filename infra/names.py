"""Physical names: those by which a person calls a function."""

from aws_cdk import Stack
from constructs import Construct

from lifeboat.errors import SettingsError
from lifeboat.settings import DatabaseSettings

LONGEST = 64
"""Characters that Lambda and EventBridge Scheduler accept in a name."""


def function_name(scope: Construct, database: DatabaseSettings) -> str:
    """What the database's backup function and its schedule are called.

    Raises:
        SettingsError: the stack's and the database's name are too long together.
    """
    name = f"{Stack.of(scope).stack_name}-backup-{database.name}"
    if len(name) > LONGEST:
        raise SettingsError(
            f"The function that backs up {database.name} would be called {name}, which is "
            f"{len(name)} characters long; AWS takes {LONGEST}.",
            todo="Shorten the stack's name (-c stack_name=...) or the database's name.",
        )
    return name
