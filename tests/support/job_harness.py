"""A backup function and its job in this process; only CodeBuild is a stand-in."""

import json
import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from io import StringIO
from types import SimpleNamespace
from typing import Any

import pytest
from botocore.exceptions import ClientError

from lifeboat.backup import handler as function
from lifeboat.model.attempt import Attempt
from lifeboat.model.engine import Engine
from lifeboat.postgres.programs import Programs
from lifeboat.runtime.hand_over import JobStarter, engine
from lifeboat.runtime.job import run_job
from local.aws import LocalAws
from local.subscriber import Subscriber
from tests.support.backup_harness import SECRET_ARN, BackupHarness, Bucket

PROJECT = "Lifeboat-backup-app-job"
FUNCTION_ARN = "arn:aws:lambda:us-east-1:000000000000:function:Lifeboat-backup-app"


def refusal(code: str) -> ClientError:
    """CodeBuild's answer to StartBuild."""
    return ClientError({"Error": {"Code": code, "Message": "on purpose"}}, "StartBuild")


@dataclass
class CodeBuild:
    """Answers with these errors first, and then starts builds that nobody runs.

    Attributes:
        errors: what it raises first, one for each request; `for_ever`: the last one again.
        builds: the variables of each build that was started.
        requests: how often it was asked.
    """

    errors: list[Exception] = field(default_factory=list)
    for_ever: bool = False
    builds: list[dict[str, str]] = field(default_factory=list)
    requests: int = 0

    def start_build(self, **request: Any) -> dict[str, Any]:
        self.requests += 1
        if self.errors:
            raise self.errors[0] if self.for_ever else self.errors.pop(0)
        given = request["environmentVariablesOverride"]
        self.builds.append({each["name"]: each["value"] for each in given})
        return {"build": {"id": f"{request['projectName']}:{len(self.builds)}"}}


@dataclass
class JobHarness:
    """Calls the backup function as Lambda does, and runs its builds as CodeBuild does.

    Attributes:
        aws: the local AWS.
        backups: the database and the bucket.
        patch: of the test.
        settings: of the installation.
        codebuild: the stand-in.
        slept: the pauses between attempts to start a build; nobody waits for them.
    """

    aws: LocalAws
    backups: BackupHarness
    patch: pytest.MonkeyPatch
    settings: dict[str, Any] = field(default_factory=dict)
    codebuild: CodeBuild = field(default_factory=CodeBuild)
    slept: list[float] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.topic = self.aws.client("sns").create_topic(Name=f"topic-{self.bucket.name}")
        self.people = Subscriber.of(self.aws, self.topic["TopicArn"])
        self.patch.setattr("boto3.DEFAULT_SESSION", None)  # another test's keeps its credentials
        self.patch.setattr("lifeboat.runtime.invocation.hide_memory", lambda: None)
        self.patch.setattr(Programs, "of_environment", lambda: self.backups.programs)
        self.patch.setattr(function, "read_login", lambda *_: self.backups.read_login())
        self.patch.setattr(function, "job_starter", self._starter)

    @property
    def bucket(self) -> Bucket:
        return self.backups.bucket

    def _starter(self, run_id: str, remaining: Callable[[], float]) -> JobStarter | None:
        if engine() is Engine.JOB:
            return None
        return JobStarter(
            project=PROJECT,
            run_id=run_id,
            remaining=remaining,
            client=lambda: self.codebuild,
            sleep=self.slept.append,
        )

    def call(self, event: dict[str, Any] | None = None, seconds: float = 300) -> dict[str, Any]:
        """The function's answer."""
        self._enter()
        context: Any = SimpleNamespace(
            function_name="Lifeboat-backup-app",
            memory_limit_in_mb=1769,
            invoked_function_arn=FUNCTION_ARN,
            aws_request_id="r-1",
            get_remaining_time_in_millis=lambda: seconds * 1000,
        )
        return function.handler(event or {"database": "app"}, context)

    def run_build(self, number: int = -1, **variables: str) -> dict[str, Any]:
        """Run a build; its answer, or {} if it failed."""
        with self.in_build(number, **variables) as out:
            code = run_job([], dict(self._build))
        assert (code == 0) == bool(out.getvalue())
        answer: dict[str, Any] = json.loads(out.getvalue() or "{}")
        return answer

    @contextmanager
    def in_build(self, number: int = -1, **variables: str) -> Iterator[StringIO]:
        """The environment of a build; gives its standard output."""
        self._enter()
        index = number if number >= 0 else len(self.codebuild.builds) - 1
        self._build = {
            **self.codebuild.builds[index],
            "LIFEBOAT_WORK": "backup",
            "LIFEBOAT_ENGINE": "job",
            "LIFEBOAT_SECONDS": "43200",
            "LIFEBOAT_MEMORY_MB": "8192",
            "LIFEBOAT_FUNCTION_ARN": FUNCTION_ARN,
            "CODEBUILD_BUILD_ID": f"{PROJECT}:{index + 1}",
            **variables,
        }
        out = StringIO()
        with pytest.MonkeyPatch.context() as patch:
            for name, value in self._build.items():
                patch.setenv(name, value)
            patch.setattr(sys, "stdout", out)
            yield out

    def record(self) -> Attempt:
        """The record of the last run."""
        key = "attempts/app.json"
        return Attempt.from_json(self.bucket.read(key), key=key)

    def told(self, seconds: int = 1) -> list[str]:
        """The subjects of the messages that people got."""
        return [str(each["Subject"]) for each in self.people.arrived(seconds)]

    def _enter(self) -> None:
        given = {"name": "app", "secret_arn": SECRET_ARN, **self.settings.get("database", {})}
        rest = {key: value for key, value in self.settings.items() if key != "database"}
        settings = {"databases": [given], "object_lock": "off", **rest}
        for name, value in self._environment(settings):
            self.patch.setenv(name, value)

    def _environment(self, settings: dict[str, Any]) -> Iterable[tuple[str, str]]:
        yield from self.aws.environment().items()
        yield "AWS_LAMBDA_FUNCTION_NAME", "Lifeboat-backup-app"
        yield "LIFEBOAT_BUCKET", self.bucket.name
        yield "LIFEBOAT_TOPIC", self.topic["TopicArn"]
        yield "LIFEBOAT_SETTINGS", json.dumps(settings)
        yield "POWERTOOLS_METRICS_NAMESPACE", "Lifeboat"
