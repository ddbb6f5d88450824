"""Hands a run over to a job: starts a build with the same event and the same run id."""

import json
import os
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from lifeboat.errors import JobNotStartedError
from lifeboat.model.engine import PROJECT_VARIABLE, BuildVariable, Engine
from lifeboat.model.hand_over import HandOver

_TIMEOUTS = Config(
    retries={"mode": "standard", "total_max_attempts": 2}, connect_timeout=5, read_timeout=10
)

_TRANSIENT = frozenset(
    {
        "AccountLimitExceededException",
        "ThrottlingException",
        "Throttling",
        "TooManyRequestsException",
        "InternalServiceErrorException",
        "ServiceUnavailableException",
    }
)
"""Refusals that may end by themselves: another build ends, a minute passes."""

_PAUSES = (2.0, 5.0, 10.0, 20.0, 30.0)
"""Seconds between the attempts to start a build."""


@dataclass(frozen=True, kw_only=True)
class JobStarter:
    """Starts the jobs of one function.

    Attributes:
        project: its CodeBuild project.
        run_id: of the run, which the build keeps.
        remaining: returns the seconds until the function has to be over.
        client: makes a client of CodeBuild; few runs need one.
        sleep: waits.
    """

    project: str
    run_id: str
    remaining: Callable[[], float]
    client: Callable[[], Any] = lambda: boto3.client("codebuild", config=_TIMEOUTS)
    sleep: Callable[[float], None] = time.sleep

    def start(
        self, event: Mapping[str, object], reason: str, expected_seconds: float | None = None
    ) -> HandOver:
        """Start a build with this event; a refusal that may end by itself is tried again.

        Args:
            event: that the job's handler gets; it names the database.
            reason: why it is a job, in a sentence.
            expected_seconds: how long it will take there; None where that can't be known.

        Raises:
            JobNotStartedError: CodeBuild did not start it.
        """
        client, pauses = self.client(), iter(_PAUSES)
        while True:
            try:
                build = self._started(client, event, reason)
            except ClientError as error:
                code = error.response["Error"]["Code"]
                pause = next(pauses, None)
                if code not in _TRANSIENT or pause is None or self.remaining() <= pause:
                    raise self._refused(code, str(error), reason) from None
            except BotoCoreError as error:
                # The answer may be lost, and the build started: to ask again is harmless.
                pause = next(pauses, None)
                if pause is None or self.remaining() <= pause:
                    raise self._unanswered(error, reason) from None
            else:
                return HandOver(
                    database=str(event["database"]),
                    build=build,
                    project=self.project,
                    reason=reason,
                    expected_seconds=None if expected_seconds is None else round(expected_seconds),
                )
            self.sleep(pause)

    def _started(self, client: Any, event: Mapping[str, object], reason: str) -> str:  # noqa: ANN401
        """The id of the build."""
        values = {
            BuildVariable.EVENT: json.dumps(event),
            BuildVariable.RUN_ID: self.run_id,
            BuildVariable.REASON: reason,
        }
        answer = client.start_build(
            projectName=self.project,
            # The same run never starts two builds, also if the answer to a request was lost.
            idempotencyToken=self.run_id,
            environmentVariablesOverride=[
                {"name": name, "value": value, "type": "PLAINTEXT"}
                for name, value in values.items()
            ],
        )
        return str(answer["build"]["id"])

    def _refused(self, code: str, words: str, reason: str) -> JobNotStartedError:
        advice = (
            "Wait until other builds have ended, or raise the quota of concurrent builds of this"
            " machine for CodeBuild (AWS console, Service Quotas). Then repeat the run."
            if code in _TRANSIENT
            else "Repeat the run. If it is refused again, the function's role must allow"
            f" codebuild:StartBuild on the project {self.project}: make deploy makes both."
        )
        return JobNotStartedError(
            f"The run needs a job ({reason}), and CodeBuild did not start {self.project}: {words}",
            todo=advice,
        )

    def _unanswered(self, error: BotoCoreError, reason: str) -> JobNotStartedError:
        return JobNotStartedError(
            f"The run needs a job ({reason}), and CodeBuild did not answer whether {self.project}"
            f" was started: {error}",
            todo="If none was started, repeat the run.",
        ).unsure(
            "Existing backups are untouched. It is not known whether a job goes on with the run.",
            f"Look first: aws codebuild list-builds-for-project --project-name {self.project}.",
        )


def job_starter(run_id: str, remaining: Callable[[], float]) -> JobStarter | None:
    """The starter of this function's jobs; None if it has no project, or is a job itself.

    Args:
        run_id: of the run.
        remaining: returns the seconds until the function has to be over.
    """
    project = os.environ.get(PROJECT_VARIABLE)
    if not project or engine() is Engine.JOB:
        return None
    return JobStarter(project=project, run_id=run_id, remaining=remaining)


def waited_seconds(now: datetime) -> float | None:
    """Seconds from the request of this build to now: its machine was waited for and prepared.

    Args:
        now: in UTC.

    Returns:
        None in a function.
    """
    requested = os.environ.get("CODEBUILD_START_TIME")  # milliseconds since 1970
    if engine() is Engine.FUNCTION or not requested:
        return None
    return max(0.0, round(now.timestamp() - int(requested) / 1000, 3))


def engine() -> Engine:
    """What this process runs in."""
    return Engine(os.environ.get(BuildVariable.ENGINE, Engine.FUNCTION))
