"""Deploying a synthesised CDK assembly without the CDK CLI: seconds instead of half a minute.

It follows the cloud assembly's published schema: manifest.json lists stacks, each stack's
*.assets.json lists files and where they go.
https://docs.aws.amazon.com/cdk/v2/guide/deploy.html#deploy-how-deploy
"""

import io
import json
import time
import zipfile
from collections.abc import Iterator
from graphlib import TopologicalSorter
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from lifeboat.errors import LifeboatError

if TYPE_CHECKING:
    from mypy_boto3_cloudformation import CloudFormationClient
    from mypy_boto3_s3 import S3Client
    from mypy_boto3_ssm import SSMClient

QUALIFIER = "hnb659fds"
"""The CDK's default: part of every bootstrapped name."""

BOOTSTRAP_VERSION = "30"
STACK_SECONDS = 120.0
POLL_SECONDS = 0.1


class DeployError(LifeboatError):
    """CloudFormation could not make a stack."""

    safe_by_default = "Only the local AWS is affected."


def bootstrap(s3: "S3Client", ssm: "SSMClient", account: str, region: str) -> None:
    """Make the assets' bucket and the parameter that stacks check the bootstrap's version by."""
    s3.create_bucket(Bucket=_assets_bucket(account, region))
    ssm.put_parameter(
        Name=f"/cdk-bootstrap/{QUALIFIER}/version", Value=BOOTSTRAP_VERSION, Type="String"
    )


def deploy(
    assembly: Path,
    s3: "S3Client",
    cloudformation: "CloudFormationClient",
    account: str,
    region: str,
) -> dict[str, str]:
    """Upload the assets and create every stack in order; returns all outputs by their names.

    Raises:
        DeployError: a stack failed or took longer than two minutes.
    """
    artifacts = json.loads((assembly / "manifest.json").read_text())["artifacts"]
    needs = {name: artifact.get("dependencies", []) for name, artifact in artifacts.items()}
    outputs: dict[str, str] = {}
    for name in TopologicalSorter(needs).static_order():
        kind, properties = artifacts[name]["type"], artifacts[name].get("properties", {})
        if kind == "cdk:asset-manifest":
            _upload(assembly, properties["file"], s3, account, region)
        elif kind == "aws:cloudformation:stack":
            stack = properties.get("stackName", name)
            where = urlsplit(properties["stackTemplateAssetObjectUrl"])
            bucket = where.netloc.replace("${AWS::AccountId}", account)
            bucket = bucket.replace("${AWS::Region}", region)
            url = f"https://s3.{region}.amazonaws.com/{bucket}{where.path}"
            outputs |= _create(cloudformation, stack, url)
    return outputs


def _assets_bucket(account: str, region: str) -> str:
    return f"cdk-{QUALIFIER}-assets-{account}-{region}"


def _upload(assembly: Path, manifest: str, s3: "S3Client", account: str, region: str) -> None:
    for asset in json.loads((assembly / manifest).read_text())["files"].values():
        source = assembly / asset["source"]["path"]
        zipped = asset["source"]["packaging"] == "zip"
        body = _zip(source) if zipped else source.read_bytes()
        for destination in asset["destinations"].values():
            bucket = destination["bucketName"].replace("${AWS::AccountId}", account)
            bucket = bucket.replace("${AWS::Region}", region)
            s3.put_object(Bucket=bucket, Key=destination["objectKey"], Body=body)


def _zip(directory: Path) -> bytes:
    """Stored, not compressed: it stays on this machine, and the modes are what matters."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_STORED, strict_timestamps=False) as archive:
        for path in sorted(directory.rglob("*")):
            if path.is_file():
                archive.write(path, path.relative_to(directory))
    return buffer.getvalue()


def _create(cloudformation: "CloudFormationClient", stack: str, url: str) -> dict[str, str]:
    """Create a stack of a template in S3: as text it could have 51,200 bytes at most."""
    cloudformation.create_stack(
        StackName=stack, TemplateURL=url, Capabilities=["CAPABILITY_NAMED_IAM"]
    )
    deadline = time.monotonic() + STACK_SECONDS
    while time.monotonic() < deadline:
        state = cloudformation.describe_stacks(StackName=stack)["Stacks"][0]
        if state["StackStatus"] == "CREATE_COMPLETE":
            return {each["OutputKey"]: each["OutputValue"] for each in state.get("Outputs", [])}
        if not state["StackStatus"].endswith("IN_PROGRESS"):
            break
        time.sleep(POLL_SECONDS)
    reasons = "\n".join(_failures(cloudformation, stack))
    raise DeployError(
        f"Stack {stack} ended as {state['StackStatus']}:\n{reasons}",
        todo="Look for the first resource that failed, above.",
    )


def _failures(cloudformation: "CloudFormationClient", stack: str) -> Iterator[str]:
    """What failed and why, the first failure first."""
    events = cloudformation.describe_stack_events(StackName=stack)["StackEvents"]
    for event in reversed(events):
        if event["ResourceStatus"].endswith("FAILED"):
            why = event.get("ResourceStatusReason", "no reason given")
            yield f"{event['LogicalResourceId']} ({event['ResourceType']}): {why}"
