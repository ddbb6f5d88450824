"""The AWS account and region of an installation, and which settings it has there."""

import os
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import boto3
from botocore.exceptions import BotoCoreError, ClientError

from infra.deployment import REPOSITORY
from infra.preflight import ANY_REGION, bootstrap_problems
from infra.settings_file import DEFAULT_STACK, FILE, FILE_KEY, read
from lifeboat.model.commands import Commands
from lifeboat.settings import Deployment
from lifeboat.settings.context import STACK_KEY
from lifeboat_cli.stack import Stack
from lifeboat_setup.urls import NOTHING_MADE, SetupError


@dataclass(frozen=True, kw_only=True)
class Account:
    """Where an installation goes.

    Attributes:
        session: with the credentials of whoever types.
        number: the account's twelve digits.
        region: such as eu-central-1.
        profile: of the AWS CLI, if one was asked for.
    """

    session: boto3.Session
    number: str
    region: str
    profile: str | None

    @property
    def deployment(self) -> Deployment:
        """The same, as the settings are checked against it."""
        return Deployment(account=self.number, region=self.region, today=datetime.now(UTC).date())

    @property
    def environment(self) -> dict[str, str]:
        """That of a program which shall use this account and region."""
        chosen = {"AWS_PROFILE": self.profile} if self.profile else {}
        return os.environ | chosen | {"AWS_REGION": self.region}

    @property
    def bootstrapped(self) -> bool:
        """Whether the CDK can deploy there."""
        return not any(bootstrap_problems(self.session, self.deployment))


def account_of(profile: str | None, region: str | None) -> Account:
    """The account and region that the credentials lead to.

    Raises:
        SetupError: there are no credentials, or no region.
    """
    try:
        session = boto3.Session(profile_name=profile)
        where = region or os.environ.get("AWS_REGION") or session.region_name
        sts = session.client("sts", region_name=where or ANY_REGION)
        number = sts.get_caller_identity()["Account"]
    except (BotoCoreError, ClientError) as error:
        raise SetupError(
            f"Checking the AWS credentials failed: {error}",
            todo="Log in, such as: aws login, or aws sso login; or choose a profile: --profile",
            safe=NOTHING_MADE,
        ) from None
    if not where:
        raise SetupError(
            "No AWS region is set.",
            todo="Say where backups are to be kept, such as: --region eu-central-1",
            safe=NOTHING_MADE,
        )
    session = boto3.Session(profile_name=profile, region_name=where)
    return Account(session=session, number=number, region=where, profile=profile)


@dataclass(frozen=True, kw_only=True)
class SettingsFile:
    """The file with the settings of one stack.

    Attributes:
        name: as it was given, relative to the checkout.
        text: what is in it; None if it is not there.
        stack: the name of its stack.
    """

    name: str
    text: str | None
    stack: str

    @property
    def path(self) -> Path:
        """Where it is."""
        return REPOSITORY / self.name

    @property
    def arguments(self) -> list[str]:
        """How the CDK and the checks around it are told of the file."""
        return [] if self.name == FILE else ["-c", f"{FILE_KEY}={self.name}"]


def settings_file(name: str) -> SettingsFile:
    """Find the settings of a stack.

    Args:
        name: of the file, relative to the checkout.

    Raises:
        SettingsError: it can't be read, or is no TOML.
        SetupError: another file than the usual one doesn't name its stack.
    """
    path = REPOSITORY / name
    there = read(path, name) if path.exists() else {}
    stack = there.get(STACK_KEY)
    if name != FILE and not isinstance(stack, str):
        raise SetupError(
            f"{name} does not name its stack.",
            todo=f'Write {STACK_KEY} = "<name>" into it, as its first line.',
            safe=NOTHING_MADE,
        )
    text = path.read_text(encoding="utf-8-sig") if path.exists() else None
    return SettingsFile(name=name, text=text, stack=str(stack or DEFAULT_STACK))


def command_for(stack: Stack, *words: str) -> str:
    """A command of this program that is about this stack, also where there are others."""
    return Commands(bucket_name="", stack=stack.name, region=stack.region).program(*words)
