"""What every handler does around its work: hide its memory, end in time, and log errors."""

import gc
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import wraps

import boto3
from aws_lambda_powertools import Logger
from aws_lambda_powertools.utilities.typing import LambdaContext
from botocore.config import Config

from lifeboat.errors import LifeboatError, UnexpectedError
from lifeboat.runtime.hidden_memory import hide_memory
from lifeboat.runtime.secret_store import SecretStore

type Handler[T] = Callable[[object, LambdaContext], T]

_MARGIN_SECONDS = 20.0
"""Reserve before Lambda's own timeout, to end child processes and requests and to write the log:
these seconds, but at most a quarter of the function's time."""

SHORT_TIMEOUTS = Config(
    retries={"mode": "standard", "total_max_attempts": 3}, connect_timeout=5, read_timeout=10
)
"""In a VPC without a route out, an AWS service never answers. The SDK's default wait, five minutes,
would leave no time to report that."""


def secret_store(given: str | None = None) -> SecretStore:
    """The store of this account's secrets.

    Args:
        given: what every secret is instead, on a machine that has it in its environment.
    """
    return SecretStore(
        given=given,
        secrets=lambda: boto3.client("secretsmanager", config=SHORT_TIMEOUTS),
        parameters=lambda: boto3.client("ssm", config=SHORT_TIMEOUTS),
    )


def log_errors[T](logger: Logger, *, safe: str) -> Callable[[Handler[T]], Handler[T]]:
    """A decorator that hides the function's memory and logs what its handler raises.

    Args:
        logger: of the function.
        safe: what no failure of the function affects.
    """
    failed = f"{_job(logger)}.failed"

    def decorate(handle: Handler[T]) -> Handler[T]:
        # A handler is the last of its module: what the imports have made stays to the end, and the
        # garbage collector needn't look at it, not even when the process ends.
        gc.freeze()

        @wraps(handle)
        def wrapper(event: object, context: LambdaContext) -> T:
            try:
                with crashes_logged(logger, context, lambda: safe):
                    hide_memory()
                    return handle(event, context)
            except UnexpectedError:
                raise  # its log line has the traceback
            except LifeboatError as error:
                logger.error(  # noqa: TRY400  # a traceback would hide what matters
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

        return wrapper

    return decorate


@contextmanager
def crashes_logged(
    logger: Logger, context: LambdaContext, safe: Callable[[], str]
) -> Iterator[None]:
    """Let only Lifeboat's own errors out, which say what is safe; log the traceback of any other.

    Args:
        logger: of the function.
        context: of the invocation.
        safe: returns what no failure of the block affects, once it has failed.

    Raises:
        LifeboatError: an `UnexpectedError` for what nobody foresaw.
    """
    try:
        yield
    except LifeboatError as error:
        error.ending(safe())
        raise
    except Exception as error:
        crashed = f"{_job(logger)}.crashed"
        logger.exception(crashed)
        raise as_lifeboat_error(error, context, safe=safe()) from None


def _job(logger: Logger) -> str:
    return logger.service.removeprefix("lifeboat-")


def as_lifeboat_error(error: Exception, context: LambdaContext, *, safe: str) -> LifeboatError:
    """The error itself if it is ours, else one that points to the log; it says what is safe.

    Args:
        error: what ended the work.
        context: of the invocation.
        safe: what no failure of the function affects.
    """
    if isinstance(error, LifeboatError):
        return error.ending(safe)
    return UnexpectedError(
        f"Unexpected {type(error).__name__}; the function's log has the details.",
        safe=safe,
        todo=f"Search the log for run {context.aws_request_id} and report what it says, then invoke"
        " the function again.",
    )


def seconds_left(context: LambdaContext) -> Callable[[], float]:
    """A function that returns the seconds until the run has to be over."""
    at_start = context.get_remaining_time_in_millis() / 1000
    margin = min(_MARGIN_SECONDS, at_start / 4)
    return lambda: context.get_remaining_time_in_millis() / 1000 - margin
