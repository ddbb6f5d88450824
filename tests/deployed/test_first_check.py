"""What `make deploy` ends with: a monitor that is dead from the start does not stay unnoticed."""

import sys

import boto3
import pytest

from lifeboat.errors import LifeboatError
from tests.deployed.conftest import Installation


@pytest.fixture
def session(installation: Installation, monkeypatch: pytest.MonkeyPatch) -> boto3.Session:
    for name, value in installation.aws.environment().items():
        monkeypatch.setenv(name, value)
    return boto3.Session()


def run(monkeypatch: pytest.MonkeyPatch, *arguments: str) -> int:
    from infra import first_check

    monkeypatch.setattr(sys, "argv", ["first_check", "-c", "lifeboat={}", *arguments])
    return first_check.main()


@pytest.mark.usefixtures("session")
def test_a_deployment_ends_with_the_status_that_the_monitor_shows(
    installation: Installation,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert run(monkeypatch, "-c", "lifeboat.architecture=arm64", "--require-approval=never") == 0
    said = capsys.readouterr().out
    assert f"The first check of Lifeboat-monitor in {installation.aws.region}:" in said
    assert "DATABASE" in said
    assert "COST A MONTH" in said


@pytest.mark.usefixtures("session")
def test_a_monitor_that_fails_fails_the_deployment_and_says_what_to_do(
    installation: Installation,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    client = installation.aws.client("lambda")
    about = client.get_function_configuration(FunctionName="Lifeboat-monitor")
    variables: dict[str, str] = about["Environment"]["Variables"]
    broken = {"Variables": variables | {"LIFEBOAT_SETTINGS": "{"}}
    client.update_function_configuration(FunctionName="Lifeboat-monitor", Environment=broken)
    try:
        assert run(monkeypatch) == 1
    finally:
        client.update_function_configuration(
            FunctionName="Lifeboat-monitor", Environment={"Variables": variables}
        )
    said = capsys.readouterr().err
    assert "The monitor Lifeboat-monitor failed: " in said
    assert "Safe: The stack is deployed" in said
    assert "aws logs tail /aws/lambda/Lifeboat-monitor --since 1h" in said


def test_a_monitor_that_is_not_there_fails_the_deployment(
    session: boto3.Session, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    from infra.first_check import first_check

    with pytest.raises(LifeboatError, match="Invoking the monitor Other-monitor failed"):
        first_check(session, stack="Other", region="us-east-1")
    assert run(monkeypatch, "-c", "stack_name=Other") == 1
    assert "lambda:InvokeFunction" in capsys.readouterr().err
