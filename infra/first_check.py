"""The end of a deployment: run the monitor once, and show its status.

No alarm notices a monitor that never ran: a new alarm has no data, just as one whose data stopped.
`python -m infra.first_check` takes the same `-c key=value` as the CDK CLI and invokes the deployed
monitor with the deployer's own credentials.
"""

import json
import sys

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from infra.command_line import context_of, parser_of, region_of, session
from infra.preflight_error import PreflightError
from infra.settings_file import installation
from lifeboat.errors import LifeboatError

_ONCE = Config(read_timeout=660, retries={"total_max_attempts": 1})
"""The monitor has ten minutes, and must not be invoked twice."""

_SAFE = "The stack is deployed, and backups run by their schedules. Nothing checks them yet."


def first_check(found: boto3.Session, *, stack: str, region: str | None) -> str:
    """Invoke the deployed monitor; returns its status as text.

    Args:
        found: with credentials that may invoke it.
        stack: the monitor's stack.
        region: where it is.

    Raises:
        PreflightError: it could not be invoked, or failed; until it works, nothing is checked.
    """
    name = f"{stack}-monitor"
    try:
        answer = found.client("lambda", region_name=region, config=_ONCE).invoke(
            FunctionName=name, Payload=json.dumps({"format": "text"})
        )
        said = json.loads(answer["Payload"].read())
    except (BotoCoreError, ClientError) as error:
        raise PreflightError(
            f"Invoking the monitor {name} failed: {error}",
            todo="Allow lambda:InvokeFunction on it for these credentials, or let somebody run the"
            " command in the stack's output StatusCommand.",
        ) from error
    if "FunctionError" in answer:
        raise PreflightError(
            f"The monitor {name} failed: {said.get('errorMessage') or said}",
            todo="Fix what it says, then deploy again. Its log: aws logs tail"
            f" /aws/lambda/{name} --since 1h --region {region}",
        )
    return str(said)


def main() -> int:
    """Print the status; 0 when the monitor works, whatever it finds."""
    # Other options of the CDK CLI are ignored here.
    arguments, _ = parser_of(
        "python -m infra.first_check", "Run the deployed monitor, and show its status."
    ).parse_known_args()
    try:
        found = session()
        region, stack = region_of(found), installation(context_of(arguments)).stack
        print(f"\nThe first check of {stack}-monitor in {region}:\n")  # noqa: T201
        print(first_check(found, stack=stack, region=region))  # noqa: T201
    except LifeboatError as error:
        print(error.ending(_SAFE), file=sys.stderr)  # noqa: T201
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
