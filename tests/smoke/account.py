"""The account that is tried, and the stack in it."""

import base64
import json
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

from botocore.config import Config
from botocore.exceptions import ClientError

REPOSITORY = Path(__file__).parents[2]
ONCE = Config(read_timeout=960, retries={"total_max_attempts": 1})
"""For functions: the SDK waits for the whole run, and never sends an event twice."""


@dataclass(frozen=True)
class Answer:
    """What an invocation came to, with the end of its log."""

    failed: bool
    payload: Any
    log: str

    def __getitem__(self, key: str) -> str:
        return str(self.payload.get(key)) if isinstance(self.payload, dict) else "None"


def run_here(command: Sequence[str]) -> int:
    """Run a program in the checkout, in the open; its exit code."""
    print(f"  $ {' '.join(command)}", flush=True)
    return subprocess.run(command, cwd=REPOSITORY, check=False).returncode


@dataclass(frozen=True)
class Account:
    """Where the checks run.

    Attributes:
        client: makes a client of a service, with a configuration.
        stack: the stack's name; one of its own, so that no backup of worth is touched.
        database: the one in the settings that is backed up.
        context: what is given to the CDK besides the settings' file.
        run: runs a program, and gives its exit code.
        key: ARN of a KMS key to try encryption with.
        patience: seconds until an alarm has to have changed.
    """

    client: Callable[[str, Config | None], Any]
    stack: str
    database: str
    context: tuple[str, ...] = ()
    run: Callable[[Sequence[str]], int] = run_here
    key: str | None = None
    patience: float = 3 * 3600
    _taken: list[str] = field(default_factory=list)

    @cached_property
    def outputs(self) -> Mapping[str, str]:
        """Those of the stack."""
        (found,) = self.client("cloudformation", None).describe_stacks(StackName=self.stack)[
            "Stacks"
        ]
        return {each["OutputKey"]: each["OutputValue"] for each in found.get("Outputs", ())}

    @property
    def bucket(self) -> str:
        return self.outputs["BackupBucketName"]

    @cached_property
    def s3(self) -> Any:
        return self.client("s3", None)

    def exists(self) -> bool:
        """Whether there is a stack of that name."""
        try:
            self.client("cloudformation", None).describe_stacks(StackName=self.stack)
        except ClientError as error:
            if "does not exist" in str(error):
                return False
            raise
        return True

    def invoke(self, function: str, event: Mapping[str, object]) -> Answer:
        """Ask a function, such as `monitor`, or `backup` of the database."""
        name = f"{self.stack}-{function}"
        if function in {"backup", "drill"}:
            name, event = f"{name}-{self.database}", {"database": self.database, **event}
        said = self.client("lambda", ONCE).invoke(
            FunctionName=name, Payload=json.dumps(event), LogType="Tail"
        )
        return Answer(
            failed="FunctionError" in said,
            payload=json.loads(said["Payload"].read()),
            log=base64.b64decode(said.get("LogResult", "")).decode(errors="replace"),
        )

    def back_up(self) -> Answer:
        """Take a backup, and remember it as the one that later checks speak of."""
        answer = self.invoke("backup", {})
        if not answer.failed:
            self._taken.append(answer["backup"])
        return answer

    def backup(self) -> str:
        """The id of the newest backup taken here; takes the first.

        Raises:
            RuntimeError: it failed.
        """
        if not self._taken and (answer := self.back_up()).failed:
            raise RuntimeError(f"The backup failed: {answer['errorMessage']}")
        return self._taken[-1]

    def findings(self) -> list[str]:
        """The codes of what the monitor finds now."""
        answer = self.invoke("monitor", {})
        if answer.failed:
            raise RuntimeError(f"The monitor failed: {answer['errorMessage']}")
        return sorted(each["code"] for each in answer.payload["findings"])

    def deploy(self, *settings: str) -> int:
        """Deploy the stack with more settings, without questions."""
        return self._cdk("deploy", "--require-approval", "never", settings=settings)

    def revert(self) -> int:
        """Bring back what was changed by hand, as the monitor's findings tell people to."""
        return self._cdk("deploy", "--revert-drift", "--require-approval", "never")

    def destroy(self) -> int:
        """Delete the stack; its bucket stays."""
        self.client("cloudformation", None).update_termination_protection(
            StackName=self.stack, EnableTerminationProtection=False
        )
        return self._cdk("destroy", "--force")

    def ready(self) -> bool:
        """Whether the preflight finds nothing that is missing."""
        return not self.run(["python", "-m", "infra.preflight", *self._context(())])

    def _cdk(self, verb: str, *options: str, settings: Sequence[str] = ()) -> int:
        return self.run(["cdk", verb, "--all", *options, *self._context(settings)])

    def _context(self, settings: Sequence[str]) -> list[str]:
        given = (f"stack_name={self.stack}", *self.context, *settings)
        return [word for each in given for word in ("-c", each)]

    def alarms(self, state: str = "ALARM") -> list[str]:
        """The stack's alarms in a state, without the stack's name."""
        pages = (
            self.client("cloudwatch", None)
            .get_paginator("describe_alarms")
            .paginate(AlarmNamePrefix=f"{self.stack}-", StateValue=state)
        )
        found = [each["AlarmName"] for page in pages for each in page["MetricAlarms"]]
        return sorted(each.removeprefix(f"{self.stack}-") for each in found)

    def wait_for_alarm(self, name: str, state: str) -> bool:
        """Whether an alarm came into a state before patience ended."""
        until = time.monotonic() + self.patience
        while name not in self.alarms(state):
            if time.monotonic() > until:
                return False
            time.sleep(min(30.0, self.patience / 20))
        return True

    def versions(self) -> Iterator[dict[str, Any]]:
        """Every version and delete marker in the bucket."""
        pages = self.s3.get_paginator("list_object_versions").paginate(Bucket=self.bucket)
        for page in pages:
            yield from page.get("Versions", ())
            yield from page.get("DeleteMarkers", ())
