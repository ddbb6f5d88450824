"""All checks, in the order in which one needs the other."""

from collections.abc import Iterator
from pathlib import Path

from infra.preflight import bootstrap_problems, problems_of
from infra.settings_file import installation
from lifeboat.errors import LifeboatError
from lifeboat.settings import Settings, parse
from lifeboat_cli.context import Context
from lifeboat_cli.stack import Stack
from lifeboat_setup.account import Account, SettingsFile, account_of, settings_file
from lifeboat_setup.check_databases import database_checks
from lifeboat_setup.check_neon import neon_checks
from lifeboat_setup.check_stack import stack_checks
from lifeboat_setup.checks import Check, all_of, looked


def examine(context: Context, name: str, scratch: Path) -> Iterator[Check]:
    """Look at everything; nothing is written.

    Args:
        context: of the command; gets the stack.
        name: of the settings' file.
        scratch: a private directory.
    """
    try:
        account = account_of(context.options.profile, context.options.region)
    except LifeboatError as error:
        yield Check.of("credentials", error)
        return
    yield Check(name="credentials", ok=True, found=f"account {account.number}")
    yield Check(name="region", ok=True, found=account.region)
    yield from looked("bootstrap", lambda: _bootstrap(account))
    try:
        file = settings_file(name)
        settings = _settings(account, file)
    except LifeboatError as error:
        yield Check.of("settings", error)
        return
    yield Check(name="settings", ok=True, found=f"{file.name} is valid")
    context.stack = Stack(file.stack, account.session)
    yield from looked("secrets", lambda: _needs(account, settings, file.stack))
    yield from database_checks(account.session, settings, scratch)
    yield from neon_checks(account.session, settings)
    yield from looked("stack", lambda: stack_checks(context, settings))


def _bootstrap(account: Account) -> Iterator[Check]:
    problems = bootstrap_problems(account.session, account.deployment)
    yield from all_of("bootstrap", problems, "the CDK can deploy")


def _settings(account: Account, file: SettingsFile) -> Settings:
    found = installation({} if not file.arguments else {"settings_file": file.name})
    return parse(found.context, source=found.source, deployment=account.deployment)


def _needs(account: Account, settings: Settings, stack: str) -> Iterator[Check]:
    problems = problems_of(account.session, settings, stack, region=account.region)
    yield from all_of("secrets and keys", problems, "all are there")
