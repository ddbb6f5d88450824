"""`lifeboat deploy`: deploy the settings."""

import click

from infra.deployment import run_step, steps
from lifeboat_cli.context import Context
from lifeboat_cli.exit_codes import ExitCode
from lifeboat_cli.options import command as declared
from lifeboat_setup.account import account_of, settings_file
from lifeboat_setup.boundary import explained
from lifeboat_setup.options import settings


@declared(json=False, sends_event=False)
@settings
@click.argument("cdk", nargs=-1)
def deploy(context: Context, settings_name: str, cdk: tuple[str, ...]) -> ExitCode:
    """Deploy what the settings say; checks before and after.

    It is `make deploy`, with --profile and --region. What follows -- goes to the CDK, such as:
    lifeboat deploy -- -c lifeboat.backup.memory_mb=2048
    """
    with explained(context):
        account = account_of(context.options.profile, context.options.region)
        file = settings_file(settings_name)
        for what, command in steps([*file.arguments, *cdk]).items():
            run_step(what, command, account.environment)
    return ExitCode.DONE


command = deploy
