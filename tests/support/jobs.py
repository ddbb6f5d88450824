"""Jobs in this process: a CodeBuild that only notes its requests, and the build run by hand."""

import json
import signal
import sys
import time
from collections.abc import Iterable
from contextlib import redirect_stdout
from dataclasses import dataclass, field
from importlib import import_module
from io import StringIO
from types import SimpleNamespace
from typing import Any

import pytest
from botocore.exceptions import ClientError

from lifeboat.model.attempt import Attempt, AttemptKind
from lifeboat.model.keys import attempt_key
from lifeboat.postgres.programs import Programs
from lifeboat.runtime.hand_over import JobStarter
from lifeboat.runtime.job import run_job
from local.aws import LocalAws
from tests.support.backup_harness import SECRET_ARN, BackupHarness

ACCOUNT = "000000000000"


class CodeBuild:
    """Answers with these errors first, and then starts builds that nobody runs."""

    def __init__(self, errors: Iterable[Exception] = ()) -> None:
        self.errors = list(errors)
        self.requests: list[dict[str, Any]] = []

    def start_build(self, **request: Any) -> dict[str, Any]:
        self.requests.append(request)
        if self.errors:
            raise self.errors.pop(0)
        return {"build": {"id": f"{request['projectName']}:{len(self.requests)}"}}

    @property
    def variables(self) -> dict[str, str]:
        """What the last build was given."""
        given = self.requests[-1]["environmentVariablesOverride"]
        return {each["name"]: each["value"] for each in given}

    @property
    def event(self) -> dict[str, Any]:
        """The event of the last build."""
        event: dict[str, Any] = json.loads(self.variables["LIFEBOAT_EVENT"])
        return event

    def starter(self, project: str) -> JobStarter:
        """Starts jobs of that project without a wait."""
        return JobStarter(
            project=project,
            run_id="run-1",
            remaining=lambda: 1.0,
            client=lambda: self,
            sleep=lambda _: None,
        )


def refusal(code: str) -> ClientError:
    """CodeBuild's refusal of a build."""
    return ClientError({"Error": {"Code": code, "Message": "no"}}, "StartBuild")


@dataclass
class Work:
    """One work's function as Lambda calls it, and its build as CodeBuild would run it."""

    name: str
    backups: BackupHarness
    programs: Programs
    aws: LocalAws
    patch: pytest.MonkeyPatch
    function: str
    codebuild: CodeBuild = field(default_factory=CodeBuild)
    settings: dict[str, Any] = field(default_factory=dict)
    engine: str = "auto"
    seconds: float = 300.0

    def deploy(self) -> None:
        """Give this process the environment and the ways out that the function has."""
        hand_over = SimpleNamespace(client=lambda *_, **__: self.codebuild)
        self.patch.setattr("lifeboat.runtime.hand_over.boto3", hand_over)
        self.patch.setattr("boto3.DEFAULT_SESSION", None)  # another test's keeps its credentials
        self.patch.setattr("lifeboat.runtime.invocation.hide_memory", lambda: None)
        self.patch.setattr("sys.stdout", sys.stdout)  # what a job replaces comes back
        self.patch.setattr(Programs, "of_environment", lambda: self.programs)
        module = import_module(f"lifeboat.{self.name}.handler")
        self.patch.setattr(module, "read_login", lambda *_: self.backups.read_login())
        for name, value in (
            self.aws.environment()
            | {
                "AWS_LAMBDA_FUNCTION_NAME": self.function,
                "LIFEBOAT_BUCKET": self.backups.bucket.name,
                "LIFEBOAT_TOPIC": self.aws.client("sns").create_topic(Name="people")["TopicArn"],
                "POWERTOOLS_METRICS_NAMESPACE": "Lifeboat",
            }
        ).items():
            self.patch.setenv(name, value)

    def invoke(self, event: dict[str, Any], run_id: str = "r-1") -> dict[str, Any]:
        """What the function answers."""
        self._configure(LIFEBOAT_JOB_PROJECT=f"{self.function}-job")
        deadline = time.monotonic() + self.seconds
        context = SimpleNamespace(
            function_name=self.function,
            memory_limit_in_mb=3008,
            invoked_function_arn=f"arn:aws:lambda:{self.aws.region}:{ACCOUNT}:function:f",
            aws_request_id=run_id,
            get_remaining_time_in_millis=lambda: int((deadline - time.monotonic()) * 1000),
        )
        module = import_module(f"lifeboat.{self.name}.handler")
        answer: dict[str, Any] = module.handler(event, context)
        return answer

    def build(self, **variables: str) -> tuple[int, Any]:
        """Run the last build that was started; gives the exit code, and the answer if there is one.

        Args:
            variables: more environment variables, or other values.
        """
        request = self.codebuild.requests[-1]
        environment = {
            "LIFEBOAT_ENGINE": "job",
            "LIFEBOAT_WORK": self.name,
            "LIFEBOAT_SECONDS": str(12 * 3600),
            "LIFEBOAT_MEMORY_MB": "16384",
            "LIFEBOAT_FUNCTION_ARN": f"arn:aws:lambda:{self.aws.region}:{ACCOUNT}:function:f",
            "AWS_LAMBDA_FUNCTION_NAME": self.function,
            "CODEBUILD_BUILD_ID": f"{request['projectName']}:{len(self.codebuild.requests)}",
            "CODEBUILD_START_TIME": str(int((time.time() - 70) * 1000)),
            **self.codebuild.variables,
            **variables,
        }
        self._configure(**environment)
        kept, told = signal.getsignal(signal.SIGTERM), StringIO()
        try:
            with redirect_stdout(told):
                code = run_job([], environment)
        finally:
            signal.signal(signal.SIGTERM, kept)
            for name in environment:
                self.patch.delenv(name, raising=False)
        lines = told.getvalue().splitlines()
        return code, json.loads(lines[-1]) if lines else None

    def attempt(self) -> Attempt:
        """The record of the last run."""
        key = attempt_key("app", AttemptKind(self.name))
        return Attempt.from_json(self.backups.bucket.read(key), key=key)

    def _configure(self, **environment: str) -> None:
        database = {"name": "app", "secret_arn": SECRET_ARN, "engine": self.engine}
        settings = {"databases": [database], "object_lock": "off", **self.settings}
        self.patch.setenv("LIFEBOAT_SETTINGS", json.dumps(settings))
        self.patch.setenv("AWS_LAMBDA_FUNCTION_NAME", self.function)
        for name, value in environment.items():
            self.patch.setenv(name, value)
