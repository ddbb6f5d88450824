"""Runs a handler as a program: `python -m lifeboat.runtime.job backup '{"database": "app"}'`.

A build of AWS CodeBuild runs it, with everything in environment variables; so may cron, systemd or
a container. It writes the log to standard error and the answer, one line of JSON, to standard
output.

A signal ends the run cleanly, which takes up to a minute: SIGTERM, SIGINT (Ctrl-C), SIGHUP.

Exit codes: 0 done; 1 the run failed, its log says why; 2 wrong usage; 143, 130 or 129 ended by
SIGTERM, SIGINT or SIGHUP.
"""

import importlib
import json
import os
import sys
import time
import uuid
from collections.abc import Mapping, MutableMapping, Sequence
from contextlib import nullcontext

from lifeboat.errors import EventError, LifeboatError, SettingsError, TerminatedError
from lifeboat.model.engine import JOB_MARGIN_SECONDS, BuildVariable
from lifeboat.runtime.host import complete_environment
from lifeboat.runtime.termination import heeding_signals, require_unasked

WORKS = ("backup", "drill", "restore", "monitor")
"""The handlers that can run as a program."""

_DEFAULT_SECONDS = 8 * 3600
_WRONG_USAGE = 2


class JobContext:
    """What a handler reads of Lambda's context.

    Args:
        environment: of the process.
        now: seconds since 1970.

    Attributes:
        aws_request_id: the run's id.
        function_name: of the function that the job stands in for.
        invoked_function_arn: its ARN; empty where there is none.
        memory_limit_in_mb: memory of the machine.
    """

    def __init__(self, environment: Mapping[str, str], now: float) -> None:
        self.aws_request_id = environment.get(BuildVariable.RUN_ID) or str(uuid.uuid4())
        self.function_name = environment.get("AWS_LAMBDA_FUNCTION_NAME", "lifeboat-job")
        self.invoked_function_arn = environment.get("LIFEBOAT_FUNCTION_ARN", "")
        self.memory_limit_in_mb = int(environment.get(BuildVariable.MEMORY_MB) or _memory_mb())
        seconds = float(environment.get(BuildVariable.SECONDS, _DEFAULT_SECONDS))
        # Milliseconds since 1970: the time limit of a build counts from its own start.
        # https://docs.aws.amazon.com/codebuild/latest/userguide/build-env-ref-env-vars.html
        begun = int(environment.get("CODEBUILD_START_TIME", now * 1000)) / 1000
        self._end = time.monotonic() + begun + seconds - JOB_MARGIN_SECONDS - now

    def get_remaining_time_in_millis(self) -> int:
        """Milliseconds until the run has to be over."""
        return int((self._end - time.monotonic()) * 1000)


def _memory_mb() -> int:
    """Memory of this machine."""
    return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") >> 20


def run_job(arguments: Sequence[str], environment: MutableMapping[str, str]) -> int:
    """Run a handler with an event, print its answer, and return the exit code.

    Args:
        arguments: the work and the event; what is left out is in the environment.
        environment: of the process; on a machine of one's own, what is missing is put in.
    """
    given = dict(enumerate(arguments))
    work = given.get(0) or environment.get(BuildVariable.WORK, "")
    text = given.get(1) or environment.get(BuildVariable.EVENT, "")
    if work not in WORKS:
        return _usage(f"The work is {work!r}; it may be {', '.join(WORKS)}.")
    try:
        event: object = json.loads(text)
    except ValueError:
        return _usage("The event is not JSON.")
    # The log and the metrics go to standard error: a handler writes them as Lambda wants them.
    answers, sys.stdout = sys.stdout, sys.stderr
    try:
        answer = _handle(work, event, environment)
    except (EventError, SettingsError) as error:
        return _failed(error, _WRONG_USAGE)
    except TerminatedError as error:
        return _failed(error, error.exit_code)
    except LifeboatError as error:
        return _failed(error, 1)
    answers.write(f"{json.dumps(answer)}\n")
    answers.flush()
    return 0


def _handle(work: str, event: object, environment: MutableMapping[str, str]) -> object:
    """The handler's answer to the event."""
    database = event.get("database") if isinstance(event, dict) else None
    complete_environment(environment, work, database)
    context = JobContext(environment, time.time())
    # The monitor may be killed at any moment: each object that it writes is whole by itself.
    with nullcontext() if work == "monitor" else heeding_signals():
        handler = importlib.import_module(f"lifeboat.{work}.handler").handler
        require_unasked()
        return handler(event, context)


def _usage(what: str) -> int:
    sys.stderr.write(
        f"{what}\nSafe: Nothing was started.\n"
        'Next: python -m lifeboat.runtime.job backup \'{"database": "app"}\'\n'
    )
    return _WRONG_USAGE


def _failed(error: LifeboatError, code: int) -> int:
    """Tell the failure to a person; the handler has logged it."""
    sys.stderr.write(f"{error}\n")
    return code


if __name__ == "__main__":
    _code = run_job(sys.argv[1:], os.environ)
    sys.stderr.flush()
    # A thread that still waits for S3 or for a name, which the run has given up, ends with it.
    os._exit(_code)
