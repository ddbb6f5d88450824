"""What AWS and its SDK refuse, as errors that say what to do."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from botocore import exceptions
from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    ConfigParseError,
    CredentialRetrievalError,
    NoCredentialsError,
    NoRegionError,
    PartialCredentialsError,
    ProfileNotFound,
    SSOError,
    TokenRetrievalError,
)

from lifeboat_cli.errors import NOTHING_SENT, CommandError
from lifeboat_cli.exit_codes import ExitCode

if TYPE_CHECKING:
    from collections.abc import Iterator

_LOG_IN = (
    "Log in (aws sso login, or aws configure), or choose a profile: lifeboat ... --profile NAME;"
    " aws configure list-profiles lists them."
)
_EXPIRED = (
    "AuthFailure",
    "ExpiredToken",
    "ExpiredTokenException",
    "InvalidAccessKeyId",
    "InvalidClientTokenId",
    "InvalidSignatureException",
    "InvalidToken",
    "RequestExpired",
    "SignatureDoesNotMatch",
    "TokenRefreshRequired",
    "UnrecognizedClientException",
)
"""What the services call credentials that are wrong, or not valid any more."""

_NO_CREDENTIALS = (
    ConfigParseError,
    CredentialRetrievalError,
    NoCredentialsError,
    PartialCredentialsError,
    SSOError,
    TokenRetrievalError,
    getattr(exceptions, "LoginError", SSOError),  # botocore of Python 3.9 doesn't know `aws login`
)
_DENIED = ("AccessDenied", "AccessDeniedException", "UnauthorizedOperation", "403")


_TOO_MANY = (
    "RequestLimitExceeded",
    "SlowDown",
    "Throttling",
    "ThrottlingException",
    "TooManyRequestsException",
)

_INVALID, _MISSING = "ValidationError", "does not exist"
"""What CloudFormation says of a stack that is not there."""


@contextmanager
def explained(needs: str, *, safe: str = NOTHING_SENT) -> Iterator[None]:
    """Raise what AWS refuses in the block as an error that a person can act on.

    Args:
        needs: the IAM action that the block needs, and on what: lambda:InvokeFunction on X.
        safe: what is not affected if the block fails.

    Raises:
        CommandError: AWS refused, or could not be reached.
    """
    try:
        yield
    except ProfileNotFound as error:
        raise CommandError(
            f"{str(error).rstrip('.')}.", safe=NOTHING_SENT, next_step=_LOG_IN, code=ExitCode.USAGE
        ) from None
    except NoRegionError:
        raise CommandError(
            "No region is set.",
            safe=NOTHING_SENT,
            next_step="Name the region of the stack: --region eu-central-1, or export AWS_REGION.",
            code=ExitCode.USAGE,
        ) from None
    except _NO_CREDENTIALS as error:
        raise CommandError(
            f"There are no credentials for AWS: {str(error).rstrip('.')}.",
            safe=NOTHING_SENT,
            next_step=_LOG_IN,
        ) from None
    except ClientError as error:
        raise _refused(error, needs, safe) from None
    except BotoCoreError as error:
        raise CommandError(
            f"AWS could not be reached: {str(error).rstrip('.')}.",
            safe=safe,
            next_step="Check the network and the region (--region), then repeat the command.",
        ) from None


def code_of(error: ClientError) -> str:
    """The code by which AWS calls a refusal, such as AccessDeniedException."""
    return str(error.response.get("Error", {}).get("Code", "unknown"))


def _refused(error: ClientError, needs: str, safe: str) -> CommandError:
    code = code_of(error)
    if code == "ResourceNotFoundException" or (code == _INVALID and _MISSING in str(error)):
        return CommandError(
            f"Not found in this account and region: {needs.partition(' on ')[2]}.",
            safe=NOTHING_SENT,
            next_step="Check the name of the database (lifeboat status lists them), the stack"
            " (--stack), the region (--region) and the account (--profile). If they are right, the"
            " stack is not whole: deploy it again.",
            code=ExitCode.USAGE,
        )
    if code in (*_EXPIRED, *_DENIED, *_TOO_MANY):
        safe = NOTHING_SENT
    if code in _EXPIRED:
        next_step = _LOG_IN
    elif code in _DENIED:
        next_step = (
            f"Your credentials need {needs}. docs/command-line.md has policies for operators and"
            " for readers."
        )
    elif code in _TOO_MANY:
        next_step = (
            "Wait a minute, then repeat the command: other runs use what the account allows."
        )
    else:
        next_step = "Do what AWS says, then repeat the command."
    return CommandError(f"AWS refused: {error}", safe=safe, next_step=next_step)
