"""What every entry point does around its work: hide, end in time, and tell what went wrong."""

from collections.abc import Callable
from functools import wraps

import boto3
from aws_lambda_powertools import Logger
from aws_lambda_powertools.utilities.typing import LambdaContext
from botocore.config import Config

from lifeboat.errors import LifeboatError
from lifeboat.runtime.hidden_memory import hide_memory
from lifeboat.runtime.secret_store import SecretStore

type Handler[T] = Callable[[object, LambdaContext], T]

#: Kept back from Lambda's own time-out for ending children, requests and log: at most these
#: seconds, and no more than a quarter of the time of a function that has little of it.
_MARGIN_SECONDS = 20.0

#: Without a way out of its VPC a function hears nothing at all from an AWS service. The SDK's own
#: five minutes of waiting would leave no time to say so.
IMPATIENT = Config(
    retries={"mode": "standard", "total_max_attempts": 3}, connect_timeout=5, read_timeout=10
)


def secret_store() -> SecretStore:
    """Where the secrets of this account are kept."""
    return SecretStore(
        secrets=lambda: boto3.client("secretsmanager", config=IMPATIENT),
        parameters=lambda: boto3.client("ssm", config=IMPATIENT),
    )


def reported[T](
    logger: Logger, unexpected: type[LifeboatError]
) -> Callable[[Handler[T]], Handler[T]]:
    """Hide the function's memory; log what its handler raises, in our own errors' three answers.

    Args:
        logger: of the function.
        unexpected: the class to raise for errors that aren't ours.
    """
    job = logger.service.removeprefix("lifeboat-")
    failed, crashed = f"{job}.failed", f"{job}.crashed"

    def decorate(handle: Handler[T]) -> Handler[T]:
        @wraps(handle)
        def told(event: object, context: LambdaContext) -> T:
            try:
                hide_memory()
                return handle(event, context)
            except LifeboatError as error:
                logger.error(  # noqa: TRY400  # the three answers; a trace would bury them
                    failed,
                    extra={
                        "error": error.what,
                        "error_type": type(error).__name__,
                        "safe": error.safe,
                        "next": error.todo,
                        "notes": getattr(error, "__notes__", []),
                    },
                )
                raise
            except Exception as error:
                logger.exception(crashed)
                raise described(error, unexpected, context) from None

        return told

    return decorate


def described(
    error: Exception, unexpected: type[LifeboatError], context: LambdaContext
) -> LifeboatError:
    """The error itself when it is one of ours; else one of class `unexpected` that points to it."""
    if isinstance(error, LifeboatError):
        return error
    return unexpected(
        f"Unexpected {type(error).__name__}; the function's log has the details.",
        todo=f"Search the log for run {context.aws_request_id} and report what it says, then invoke"
        " the function again.",
    )


def seconds_left(context: LambdaContext) -> Callable[[], float]:
    """Seconds until the run has to be over, asked anew at each call."""
    at_start = context.get_remaining_time_in_millis() / 1000
    margin = min(_MARGIN_SECONDS, at_start / 4)
    return lambda: context.get_remaining_time_in_millis() / 1000 - margin
