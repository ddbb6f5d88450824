"""The end of a deployment: put the command line into the bucket, for a night without the checkout.

`python -m infra.put_command_line` takes the same `-c key=value` as the CDK CLI, and writes with the
deployer's own credentials. A CDK deployment of the file would need a function that may write to the
bucket; and no function of Lifeboat may write what people run.
"""

import base64
import hashlib
import sys
from typing import TYPE_CHECKING

import boto3
from botocore.exceptions import BotoCoreError, ClientError

from infra.command_line import context_of, parser_of, region_of, session
from infra.preflight_error import PreflightError
from infra.settings_file import installation
from layers.command_line import command_line
from lifeboat.errors import LifeboatError
from lifeboat.model.keys import COMMAND_LINE_KEY

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

_OUTPUT = "BackupBucketName"
_SAFE = (
    "The stack is deployed, and the monitor works. Only the copy of the command line in the bucket"
    " is missing or old."
)


def put_command_line(found: boto3.Session, *, stack: str, region: str | None) -> str:
    """Put the command line into the bucket, unless it is there already; returns its S3 URI.

    A new version is only made of a new content. Old versions go by the bucket's lifecycle rule.

    Args:
        found: with credentials that may write it.
        stack: whose bucket it is.
        region: where it is.

    Raises:
        PreflightError: AWS refuses, or can't be reached.
        LayerError: it can't be built.
    """
    content = command_line().read_bytes()
    try:
        bucket = _bucket(found, stack, region)
        _put(found.client("s3", region_name=region), bucket, content)
    except (BotoCoreError, ClientError) as error:
        raise PreflightError(
            f"Putting the command line into the bucket of {stack} failed: {error}",
            todo="Allow cloudformation:DescribeStacks on the stack, and s3:GetObject and"
            f" s3:PutObject on {COMMAND_LINE_KEY} in its bucket, for these credentials. Then:"
            " python -m infra.put_command_line",
        ) from error
    return f"s3://{bucket}/{COMMAND_LINE_KEY}"


def _bucket(found: boto3.Session, stack: str, region: str | None) -> str:
    """The name of the stack's bucket, from its outputs.

    Raises:
        PreflightError: it has no such output.
    """
    described = found.client("cloudformation", region_name=region).describe_stacks(StackName=stack)
    for output in described["Stacks"][0].get("Outputs", ()):
        if output.get("OutputKey") == _OUTPUT:
            return output["OutputValue"]
    raise PreflightError(f"The stack {stack} has no output {_OUTPUT}.", todo="make deploy")


def _put(s3: "S3Client", bucket: str, content: bytes) -> None:
    checksum = base64.b64encode(hashlib.sha256(content).digest()).decode()
    try:
        there = s3.head_object(Bucket=bucket, Key=COMMAND_LINE_KEY, ChecksumMode="ENABLED")
    except ClientError as error:
        # Who may not list the bucket is told 403 of a key that isn't there.
        if error.response["Error"].get("Code") not in {"404", "403"}:
            raise
    else:
        if there.get("ChecksumSHA256") == checksum:
            return
    s3.put_object(
        Bucket=bucket,
        Key=COMMAND_LINE_KEY,
        Body=content,
        ContentType="application/zip",
        ChecksumSHA256=checksum,
    )


def main() -> int:
    """Put it, and say how to use it; 0 when it is there."""
    # Other options of the CDK CLI are ignored here.
    arguments, _ = parser_of(
        "python -m infra.put_command_line", "Put the command line into the backup bucket."
    ).parse_known_args()
    try:
        found = session()
        region, stack = region_of(found), installation(context_of(arguments)).stack
        uri = put_command_line(found, stack=stack, region=region)
    except LifeboatError as error:
        print(error.ending(_SAFE), file=sys.stderr)  # noqa: T201
        return 1
    print(  # noqa: T201
        "The command line, for AWS CloudShell or any machine with Python 3.9 and boto3:\n"
        f"aws s3 cp {uri} . && python3 lifeboat.pyz status"
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())
