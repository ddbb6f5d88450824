"""What the commands around `cdk deploy` share: its own arguments, context and credentials."""

import argparse
import json
import os
from pathlib import Path
from typing import Any

import boto3
from botocore.exceptions import BotoCoreError

from infra.preflight_error import PreflightError


def parser_of(prog: str, description: str) -> argparse.ArgumentParser:
    """Takes `-c key=value`, as the CDK CLI does."""
    parser = argparse.ArgumentParser(prog=prog, description=description)
    parser.add_argument(
        "-c", "--context", action="append", default=[], type=_override, metavar="KEY=VALUE"
    )
    return parser


def context_of(arguments: argparse.Namespace) -> dict[str, object]:
    """The context of cdk.json, with what the arguments set.

    Raises:
        PreflightError: there is none.
    """
    found: dict[str, object] = cdk_json()["context"]
    return {**found, **dict(arguments.context)}


def cdk_json(directory: Path = Path()) -> dict[str, Any]:
    """What stands in cdk.json; its `context` is a dictionary.

    Raises:
        PreflightError: it can't be read, or has no context.
    """
    file = directory / "cdk.json"
    try:
        whole = dict(json.loads(file.read_text(encoding="utf-8")))
        return {**whole, "context": dict(whole["context"])}
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise PreflightError(
            f"{file} cannot be read, or holds no context: {error!r}",
            todo=f"Mend {file}; git diff {file} shows what was changed in it.",
        ) from error


def session() -> boto3.Session:
    """With the credentials that a deployment uses.

    Raises:
        PreflightError: the profile or the files of the AWS CLI's settings are none.
    """
    try:
        return boto3.Session()
    except BotoCoreError as error:
        raise PreflightError(
            f"{str(error).rstrip('.')}.",
            todo="Choose one of: aws configure list-profiles; then export AWS_PROFILE",
        ) from error


def region_of(found: boto3.Session) -> str | None:
    """Where a deployment goes. The CDK CLI heeds AWS_REGION, which boto3 does not."""
    return os.environ.get("AWS_REGION") or found.region_name


def _override(text: str) -> tuple[str, str]:
    key, equals, value = text.partition("=")
    if not equals:
        raise argparse.ArgumentTypeError(f"{text!r} is not key=value")
    return key, value
