"""What a program needs on a machine of one's own, where no stack has set its environment.

`LIFEBOAT_SETTINGS_FILE` is the path of a lifeboat.toml, as the stack's own. The rest of the
environment is as in a function; what has an obvious value need not be set.
"""

import os
import tomllib
from collections.abc import MutableMapping
from pathlib import Path

from lifeboat.errors import SettingsError
from lifeboat.model.engine import BuildVariable, Engine
from lifeboat.settings import parse
from lifeboat.settings.context import ROOT, STACK_KEY

FILE_VARIABLE = "LIFEBOAT_SETTINGS_FILE"
"""Environment variable: the path of the settings; unset in functions and builds."""

URL_VARIABLE = "LIFEBOAT_DATABASE_URL"
"""Environment variable: the connection of the database to back up, instead of its secret."""

_NOTHING = "Nothing was started; existing backups are untouched."


def complete_environment(
    environment: MutableMapping[str, str], work: str, database: object
) -> None:
    """Put in what a stack would have set, if the settings are in a file.

    Args:
        environment: of the process; what it has already stays.
        work: backup, drill, restore or monitor.
        database: the one that the event names, whatever it is.

    Raises:
        SettingsError: the file can't be read, or its settings can't be used; or the bucket is not
            named.
    """
    file = environment.get(FILE_VARIABLE)
    if not file:
        return
    if not environment.get("LIFEBOAT_BUCKET"):
        raise SettingsError(
            "LIFEBOAT_BUCKET is not set.",
            safe=_NOTHING,
            todo="Put the name of the backup bucket there: the stack's output BackupBucketName.",
        )
    document = _read(file)
    stack = str(document.pop(STACK_KEY, "Lifeboat"))
    settings = parse({ROOT: document}, source=file)
    parts = (stack, work, *([str(database)] if work in {"backup", "drill"} else []))
    for name, value in {
        "LIFEBOAT_SETTINGS": settings.model_dump_json(exclude_defaults=True),
        "AWS_LAMBDA_FUNCTION_NAME": "-".join(parts),
        "POWERTOOLS_METRICS_NAMESPACE": "Lifeboat",
        BuildVariable.ENGINE: Engine.JOB,
        BuildVariable.SECONDS: str(settings.job.timeout_hours * 3600),
    }.items():
        environment.setdefault(name, value)


def database_url() -> str | None:
    """The connection that the environment has for the database to back up; None: its secret."""
    return os.environ.get(URL_VARIABLE) or None


def _read(file: str) -> dict[str, object]:
    try:
        return tomllib.loads(Path(file).read_text(encoding="utf-8"))
    except OSError as error:
        raise SettingsError(
            f"{FILE_VARIABLE} names {file}, which cannot be read: {error.strerror}.",
            safe=_NOTHING,
            todo=f"Make it readable for this user: ls -l {file}",
        ) from None
    except ValueError:  # its text is not shown, as it may hold a password
        raise SettingsError(
            f"{file} is no valid TOML.",
            safe=_NOTHING,
            todo="Look at it in the checkout: make synth says where the mistake is.",
        ) from None
