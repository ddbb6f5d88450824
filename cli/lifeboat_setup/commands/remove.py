"""`lifeboat remove`: back up a database no longer."""

import tomllib

import click

from lifeboat.settings.secret_arns import names_of
from lifeboat_cli.context import Context
from lifeboat_cli.exit_codes import ExitCode
from lifeboat_cli.options import command as declared
from lifeboat_setup.account import SettingsFile, settings_file
from lifeboat_setup.boundary import explained
from lifeboat_setup.carry_out import write_settings
from lifeboat_setup.kept_secrets import SecretNames
from lifeboat_setup.options import settings
from lifeboat_setup.role_sql import role_name
from lifeboat_setup.settings_text import (
    names_of_databases,
    with_value,
    without_database,
)
from lifeboat_setup.urls import SetupError


@declared(json=False, sends_event=False)
@click.argument("database")
@click.option("--yes", is_flag=True, help="Don't ask.")
@settings
def remove(context: Context, database: str, yes: bool, settings_name: str) -> ExitCode:  # noqa: FBT001  # click's
    """Take a database out of the settings. Its backups stay.

    Nothing is deleted: it says what stays, and how to delete that.
    """
    with explained(context):
        file = settings_file(settings_name)
        changed = _without(file, database)
        if not yes and not click.confirm(
            f"Take {database} out of {file.name}? Its backups stay.", default=False, err=True
        ):
            context.say("Nothing was changed.")
            return ExitCode.USAGE
        write_settings(file.path, changed)
    context.show(f"{file.name} no longer has {database}.\n{_stays(file, database)}")
    return ExitCode.DONE


command = remove


def _without(file: SettingsFile, database: str) -> str:
    """The settings without a database, and without the secret for its restores.

    Raises:
        LifeboatError: it isn't in the settings, or is the only one.
    """
    known = names_of_databases(file.text or "")
    if file.text is None or database not in known:
        raise SetupError(
            f"{file.name} has no database {database}.",
            todo=f"Name one of: {', '.join(known)}." if known else "lifeboat setup",
            safe="Nothing was changed.",
        )
    if known == [database]:
        raise SetupError(
            f"{database} is the only database in {file.name}, and a stack has one at least.",
            todo="To stop using Lifeboat: lifeboat destroy",
            safe="Nothing was changed.",
        )
    text = without_database(file.text, database)
    restoring = SecretNames(file.stack).restoring(database)
    targets = tomllib.loads(text).get("restore", {}).get("target_secret_arns", [])
    left = [each for each in targets if restoring not in names_of(each)]
    return with_value(text, "restore", "target_secret_arns", left) if left != targets else text


def _stays(file: SettingsFile, database: str) -> str:
    names, role = SecretNames(file.stack), role_name(database)
    secrets = "\n".join(
        f"      aws secretsmanager delete-secret --secret-id {each} --recovery-window-in-days 30"
        for each in (names.reading(database), names.restoring(database))
    )
    return f"""\
  Still to do: lifeboat deploy{f" --settings {file.name}" if file.arguments else ""}
      It deletes the functions and schedules of {database}. Until then they run.
  What stays:
    its backups, until they expire. Manual ones stay until somebody deletes them:
      docs/runbooks/delete-a-backup.md. To restore one: docs/runbooks/lifeboat-is-gone.md
    its secrets ($0.40 a month each), if `lifeboat setup` made them:
{secrets}
    its roles, if `lifeboat setup` made them. As an administrator of the server:
      DROP ROLE {role}; DROP ROLE {role}_restore;"""
