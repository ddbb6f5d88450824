"""Finds the stack, and makes clients for its account and region."""

from __future__ import annotations

import os
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import boto3
from botocore.config import Config

from lifeboat_cli.aws_errors import explained
from lifeboat_cli.errors import NOTHING_SENT, CommandError
from lifeboat_cli.exit_codes import ExitCode

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

STACK_VARIABLE = "LIFEBOAT_STACK"
_OURS = {"BackupBucketName", "StatusCommand"}
"""Outputs by which a stack of Lifeboat is recognised."""

_ONCE = Config(
    read_timeout=960,
    connect_timeout=10,
    retries={"total_max_attempts": 1},
    tcp_keepalive=True,
)
"""A function may take fifteen minutes, and must not be invoked twice."""


@dataclass
class Stack:
    """One installation of Lifeboat.

    Attributes:
        name: the stack's, with which the names of its functions begin.
        session: credentials and region.
    """

    name: str
    session: boto3.Session

    @property
    def region(self) -> str:
        """Where it is."""
        return str(self.session.region_name)

    def client(self, service: str) -> Any:  # noqa: ANN401  # boto3's types differ by service
        """A client of an AWS service; one of Lambda never sends anything twice."""
        with explained(f"{service}:*"):
            return self.session.client(  # type: ignore[call-overload]
                service, config=_ONCE if service == "lambda" else None
            )

    def function(self, job: str, database: str | None = None) -> str:
        """The name of a function.

        Args:
            job: backup, drill, restore or monitor.
            database: for which one; None if it is for all of them.
        """
        return "-".join(part for part in (self.name, job, database) if part)

    @cached_property
    def account(self) -> str:
        """The account's 12 digits. Everybody may ask for it.

        Raises:
            CommandError: AWS can't be asked.
        """
        with explained("sts:GetCallerIdentity"):
            return str(self.client("sts").get_caller_identity()["Account"])

    @cached_property
    def outputs(self) -> Mapping[str, str]:
        """The stack's outputs by their names.

        Raises:
            CommandError: they can't be read.
        """
        with explained(f"cloudformation:DescribeStacks on the stack {self.name}"):
            found = self.client("cloudformation").describe_stacks(StackName=self.name)
        return _outputs(found["Stacks"][0])

    @property
    def bucket(self) -> str:
        """The backup bucket's name.

        Raises:
            CommandError: it can't be found out.
        """
        if name := self.outputs.get("BackupBucketName"):
            return name
        raise CommandError(
            f"The stack {self.name} has no output BackupBucketName.",
            safe=NOTHING_SENT,
            next_step="Name the stack of Lifeboat: --stack NAME.",
            code=ExitCode.USAGE,
        )


def open_session(profile: str | None, region: str | None) -> boto3.Session:
    """Credentials and region, by the rules of the AWS CLI.

    Args:
        profile: its name; None for the one that the environment chooses.
        region: its name; None for AWS_REGION, or else the profile's.

    Raises:
        CommandError: there is no such profile, or no region.
    """
    with explained("credentials"):
        session = boto3.Session(
            profile_name=profile, region_name=region or os.environ.get("AWS_REGION")
        )
    if session.region_name:
        return session
    raise CommandError(
        "No region is set.",
        safe=NOTHING_SENT,
        next_step="Name the region of the stack: --region eu-central-1, or export AWS_REGION.",
        code=ExitCode.USAGE,
    )


def find_stack(session: boto3.Session, name: str | None) -> Stack:
    """The stack of that name, or the only one that there is.

    Args:
        session: credentials and region.
        name: from --stack or LIFEBOAT_STACK.

    Raises:
        CommandError: there is none or more than one, or the stacks can't be listed.
    """
    if name:
        return Stack(name, session)
    found = dict(_installed(session))
    if len(found) == 1:
        ((only, outputs),) = found.items()
        stack = Stack(only, session)
        stack.outputs = outputs
        return stack
    account = Stack("", session).account
    where = f"in account {account}, region {session.region_name}"
    if found:
        what = f"There are {len(found)} stacks of Lifeboat {where}: {', '.join(sorted(found))}."
        next_step = f"Name one: --stack {min(found)}, or export {STACK_VARIABLE}={min(found)}."
    else:
        what = f"There is no stack of Lifeboat {where}."
        next_step = (
            "Name the right region (--region) or profile (--profile). To install Lifeboat: see"
            " README.md."
        )
    raise CommandError(what, safe=NOTHING_SENT, next_step=next_step, code=ExitCode.USAGE)


def _installed(session: boto3.Session) -> Iterator[tuple[str, Mapping[str, str]]]:
    needs = (
        "cloudformation:DescribeStacks on * to find the stack, unless it is named: --stack Lifeboat"
        f" or export {STACK_VARIABLE}=Lifeboat"
    )
    with explained(needs):
        pages = session.client("cloudformation").get_paginator("describe_stacks").paginate()
        for page in pages:
            for stack in page["Stacks"]:
                outputs = _outputs(stack)
                if outputs.keys() >= _OURS:
                    yield stack["StackName"], outputs


def _outputs(stack: Any) -> Mapping[str, str]:  # noqa: ANN401  # a part of a boto3 answer
    return {each["OutputKey"]: each["OutputValue"] for each in stack.get("Outputs", ())}
