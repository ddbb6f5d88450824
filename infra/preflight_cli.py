"""Whether the AWS CLI here understands the commands that a deployment prints."""

import re
import subprocess
from collections.abc import Iterator

OLDEST = 2
"""The major release that knows every option of these commands."""

_SECONDS = 20.0
"""For a program that only tells its version."""


def cli_notes() -> Iterator[str]:
    """What to install; the deployment itself does without it."""
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
        # Older ones tell it on standard error.
        version = re.match(r"aws-cli/(\d+)\.\S+", told.stdout or told.stderr)
        if version and int(version[1]) >= OLDEST:
            return
        found = f"{version[0]} is installed" if version else "aws --version shows no version"
    yield (
        f"The commands that the deployment prints need the AWS CLI v{OLDEST}; {found}. The "
        "deployment itself does not need it. AWS CloudShell has it; or install it: "
        "https://docs.aws.amazon.com/cli/latest/userguide/getting-started-install.html"
    )
