"""Whether the AWS CLI here understands the commands that a deployment prints."""

import re
import subprocess
from collections.abc import Iterator

MIN_CLI_MAJOR = 2
"""The major release that knows every option of these commands."""

_SECONDS = 20.0
"""Seconds for a program that only prints its version."""


def cli_notes() -> Iterator[str]:
    """What to install; the deployment itself does not need it."""
    try:
        told = subprocess.run(
            ["aws", "--version"],  # noqa: S607 - the one that a pasted command would start
            capture_output=True,
            text=True,
            check=False,
            timeout=_SECONDS,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        found = f"starting aws failed: {error}"
    else:
        # Older versions print it on standard error.
        version = re.match(r"aws-cli/(\d+)\.\S+", told.stdout or told.stderr)
        if version and int(version[1]) >= MIN_CLI_MAJOR:
            return
        found = f"{version[0]} is installed" if version else "aws --version shows no version"
    yield (
        f"The commands that the deployment prints need the AWS CLI v{MIN_CLI_MAJOR}; {found}. The "
        "deployment itself does not need it. AWS CloudShell has it; or install it: "
        "https://docs.aws.amazon.com/cli/latest/userguide/getting-started-install.html"
    )
