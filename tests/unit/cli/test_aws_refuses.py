"""What AWS refuses, in words that a person can act on."""

import pytest
from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    ConfigParseError,
    CredentialRetrievalError,
)

from lifeboat_cli.aws_errors import explained
from lifeboat_cli.errors import CommandError
from lifeboat_cli.exit_codes import ExitCode


def told(error: Exception, needs: str = "lambda:InvokeFunction on Boat-restore") -> CommandError:
    with pytest.raises(CommandError) as raised, explained(needs, safe="Whatever."):
        raise error
    return raised.value


def refusal(code: str, message: str = "No.") -> ClientError:
    return ClientError({"Error": {"Code": code, "Message": message}}, "Invoke")


@pytest.mark.parametrize(
    "error",
    [
        refusal("ExpiredTokenException"),
        refusal("UnrecognizedClientException"),
        refusal("InvalidAccessKeyId"),
        refusal("SignatureDoesNotMatch"),
        CredentialRetrievalError(provider="custom-process", error_msg="exit 1"),
        ConfigParseError(path="/x"),
    ],
    ids=lambda each: type(each).__name__,
)
def test_whoever_has_no_valid_credentials_is_told_to_log_in(error: Exception) -> None:
    found = told(error)
    assert found.next_step.startswith("Log in (aws sso login")
    assert found.safe == "Nothing was sent to AWS that changes anything."


@pytest.mark.parametrize(
    ("error", "needs", "what"),
    [
        (
            refusal("ResourceNotFoundException", "The specified log group does not exist."),
            "logs:FilterLogEvents on the log group /aws/lambda/Boat-backup-ap",
            "the log group /aws/lambda/Boat-backup-ap",
        ),
        (
            refusal("ValidationError", "Stack with id Nope does not exist"),
            "cloudformation:DescribeStacks on the stack Nope",
            "the stack Nope",
        ),
    ],
)
def test_what_is_not_there_is_named_and_where_to_look(
    error: Exception, needs: str, what: str
) -> None:
    found = told(error, needs)
    assert found.what == f"Not found in this account and region: {what}."
    assert found.code is ExitCode.USAGE
    assert "lifeboat status lists them" in found.next_step


def test_who_is_throttled_waits() -> None:
    found = told(refusal("TooManyRequestsException", "Rate Exceeded."))
    assert found.next_step.startswith("Wait a minute, then repeat the command")
    assert found.safe == "Nothing was sent to AWS that changes anything."


def test_a_network_that_fails_leaves_open_what_a_run_has_done() -> None:
    assert told(BotoCoreError()).safe == "Whatever."
