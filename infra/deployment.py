"""`make deploy` and `lifeboat deploy`: the steps of a deployment, in one place."""

import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import IO

from infra.preflight_error import PreflightError

REPOSITORY = Path(__file__).parents[1]

TEMPLATES = "cdk.out"
"""Where the templates are, which git ignores."""

_CONTEXT = ("-c", "--context")

FIRST_CHECK, COMMAND_LINE = "the first check", "the command line in the bucket"
"""Steps after the deployment itself."""

_DEPLOYED = "The stack is deployed, and backups run by their schedules."
_SAFE = {
    FIRST_CHECK: f"{_DEPLOYED} Nothing checks them yet.",
    COMMAND_LINE: f"{_DEPLOYED} Only the command line in the bucket is missing or old.",
}
_TAKEN_BACK = (
    "CloudFormation takes a failed deployment back by itself. Existing backups are untouched."
)

CDK_ENVIRONMENT = {
    "CDK_DISABLE_CLI_TELEMETRY": "true",
    "CDK_DISABLE_VERSION_CHECK": "1",
    "JSII_SILENCE_WARNING_UNTESTED_NODE_VERSION": "1",
}
"""CDK says nothing about itself: no telemetry, no notices, no version checks."""


def steps(arguments: Sequence[str], *, bootstrap: str | None = None) -> dict[str, list[str]]:
    """The commands of a deployment, in order, by what each one does.

    Args:
        arguments: of the CDK CLI, such as `-c`, `settings_file=lifeboat.staging.toml`.
        bootstrap: `<account>/<region>`, if the CDK's bootstrap is to be made there first. It needs
            the templates, which are then made once for both.
    """
    check = [sys.executable, "-m", "infra.preflight", *_contexts(arguments)]
    after = {
        FIRST_CHECK: [sys.executable, "-m", "infra.first_check", *arguments],
        COMMAND_LINE: [
            *(sys.executable, "-m", "infra.put_command_line"),
            *arguments,
        ],
    }
    if bootstrap is None:
        return {
            "the check before": check,
            "the deployment": ["cdk", "deploy", "--all", *arguments],
            **after,
        }
    made = f"--app={TEMPLATES}"
    flags = _without_contexts(arguments)
    return {
        "the templates": ["cdk", "synth", "--quiet", f"--output={TEMPLATES}", *arguments],
        "the CDK's bootstrap": ["cdk", "bootstrap", f"aws://{bootstrap}", made],
        "the check before": check,
        "the deployment": ["cdk", "deploy", "--all", made, *flags],
        **after,
    }


def environment(given: Mapping[str, str]) -> dict[str, str]:
    """That of a step: the programs of this checkout come first.

    Args:
        given: with the credentials.
    """
    ours = [REPOSITORY / ".venv" / "bin", REPOSITORY / "node_modules" / ".bin"]
    path = ":".join([*map(str, ours), given.get("PATH", "/usr/bin:/bin")])
    return {**given, **CDK_ENVIRONMENT, "PATH": path}


def run_step(
    what: str, command: Sequence[str], given: Mapping[str, str], output: IO[str] | None = None
) -> None:
    """Run a step in the checkout.

    Args:
        what: what it does.
        command: which one.
        given: the environment, with the credentials.
        output: gets what it says; None: the terminal.

    Raises:
        PreflightError: it failed.
    """
    done = subprocess.run(  # noqa: S603 - our own words and the deployer's
        command,
        cwd=REPOSITORY,
        env=environment(given),
        stdin=subprocess.DEVNULL if output else None,
        stdout=output,
        stderr=subprocess.STDOUT if output else None,
        check=False,
    )
    if done.returncode:
        raise PreflightError(
            f"A deployment failed, in {what} ({command[0].rpartition('/')[2]} ended with"
            f" {done.returncode}).",
            todo="Do what it says above, then deploy again.",
            safe=_SAFE.get(what, _TAKEN_BACK),
        )


def _contexts(arguments: Sequence[str]) -> list[str]:
    """What the check before takes of the arguments: the settings, by -c."""
    found: list[str] = []
    for place, each in enumerate(arguments):
        if each in _CONTEXT:
            found += arguments[place : place + 2]
        elif each.startswith("--context="):
            found.append(each)
    return found


def _without_contexts(arguments: Sequence[str]) -> list[str]:
    """The rest: templates that are made have their context in them."""
    after = [False, *(each in _CONTEXT for each in arguments)]
    return [
        each
        for each, is_value in zip(arguments, after, strict=False)
        if not is_value and each not in _CONTEXT and not each.startswith("--context=")
    ]


def main() -> int:
    """Deploy with the arguments of the command line; 0 when all steps succeeded."""
    try:
        for what, command in steps(sys.argv[1:]).items():
            run_step(what, command, os.environ)
    except PreflightError as error:
        print(error, file=sys.stderr)  # noqa: T201 - this is what the command is for
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
