"""Deploys a stack while a person waits: what the programs say goes to a file."""

import re
from pathlib import Path

from infra.deployment import REPOSITORY, run_step, steps
from infra.preflight_error import PreflightError
from lifeboat_setup.account import Account, SettingsFile
from lifeboat_setup.terminal import Terminal

_BUILD = REPOSITORY / "build"
_SHOWN = 30
"""Lines of a failed step that are shown."""

_COLOURS = re.compile(r"\x1b\[[0-9;]{0,20}m")


def deploy(terminal: Terminal, account: Account, file: SettingsFile, *, bootstrap: bool) -> None:
    """Prepare the account if need be, check, deploy, and run the monitor once.

    The person has agreed to the plan before, so the CDK asks nothing.

    Raises:
        PreflightError: a step failed; the end of what it said is shown before.
    """
    _BUILD.mkdir(exist_ok=True)
    log = _BUILD / f"deploy-{file.stack}.log"
    where = f"{account.number}/{account.region}" if bootstrap else None
    commands = steps([*file.arguments, "--require-approval=never"], bootstrap=where)
    log.write_text("")
    for what, command in commands.items():
        with terminal.doing(f"{what[0].upper()}{what[1:]}: {log.relative_to(REPOSITORY)} has it"):
            _run(terminal, what, command, account, log)
        terminal.say(f"✓ {what}")


def _run(terminal: Terminal, what: str, command: list[str], account: Account, log: Path) -> None:
    with log.open("a", encoding="utf-8") as output:
        begun = output.tell()
        try:
            run_step(what, command, account.environment, output)
        except PreflightError:
            output.flush()
            said = log.read_text(encoding="utf-8", errors="replace")[begun:]
            for line in _COLOURS.sub("", said).splitlines()[-_SHOWN:]:
                terminal.say(f"| {line}")
            raise
