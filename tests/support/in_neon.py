"""A second stack on the local AWS, whose only database is in the stand-in for Neon."""

import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg

from layers.target import Platform
from lifeboat.model.branches import SECRET_VARIABLE
from lifeboat.model.drill_target import DrillTargetKind
from lifeboat.model.engine import EngineChoice
from lifeboat.model.provider import ProviderReport
from lifeboat.model.source_branch import SourceKind
from lifeboat.neon.policy.endpoint import TEST_API
from local.aws import LocalAws
from local.neon import FakeNeon
from local.neon.storage import DATABASE, ROLE
from tests.support.backup_harness import Bucket

KEY = "napi_d3pl0yed0bait123456789"
STACK = "InNeon"
WATCH = f"{STACK}-neon-watch"
BACKUP = f"{STACK}-backup-app"
DRILL = f"{STACK}-drill-app"
BROKER = f"{STACK}-neon-broker"
REPORT = "providers/app.json"

_REPOSITORY = Path(__file__).parents[2]


@dataclass(frozen=True)
class InNeon:
    """The stack.

    Attributes:
        aws: that it is deployed on.
        neon: what its functions ask.
        bucket: its bucket.
        topic: ARN of its topic.
        key_arn: of the secret with the key.
        secret_arn: of the database's secret.
    """

    aws: LocalAws
    neon: FakeNeon
    bucket: Bucket
    topic: str
    key_arn: str
    secret_arn: str

    def role(self, function: str) -> str:
        found = self.aws.client("lambda").get_function(FunctionName=f"{STACK}-{function}")
        return str(found["Configuration"]["Role"])

    def ask_at(self, url: str, function: str = WATCH) -> None:
        """Have a function ask another API, as nobody but tests do."""
        client = self.aws.client("lambda")
        about = client.get_function_configuration(FunctionName=function)
        variables = about["Environment"]["Variables"] | {TEST_API: url}
        client.update_function_configuration(
            FunctionName=function, Environment={"Variables": variables}
        )

    def invoke(self, function: str, event: object) -> tuple[bool, dict[str, Any]]:
        """Whether a function failed, and what it answered."""
        answer = self.aws.client("lambda").invoke(FunctionName=function, Payload=json.dumps(event))
        return "FunctionError" in answer, json.loads(answer["Payload"].read())

    def look(self) -> tuple[bool, dict[str, Any]]:
        """Whether the watch failed, and what it answered."""
        return self.invoke(WATCH, {"scheduled": "2026-11-30T02:10:00Z"})

    def run(self, statement: str) -> list[tuple[object, ...]]:
        """Run a statement in the default branch, past the gateway."""
        line = self.neon.control.line_of(self.neon.project.main)
        url = line.server.url(database=DATABASE, user=ROLE, password=line.passwords[ROLE])
        with psycopg.connect(url, autocommit=True) as connection:
            done = connection.execute(statement)
            return done.fetchall() if done.description else []

    def back_up(self) -> tuple[bool, dict[str, Any]]:
        """Whether a backup failed, and what it answered."""
        return self.invoke(BACKUP, {"database": "app"})

    def branch_secret(self, function: str = BACKUP) -> str:
        """ARN of the secret by which a backup, or drill, connects to its branch."""
        found = self.aws.client("lambda").get_function_configuration(FunctionName=function)
        return str(found["Environment"]["Variables"][SECRET_VARIABLE])

    def report(self) -> ProviderReport:
        return ProviderReport.from_json(self.bucket.read(REPORT), key=REPORT)

    def log(self, function: str = WATCH) -> str:
        pages = self.aws.client("logs").get_paginator("filter_log_events")
        found = pages.paginate(logGroupName=f"/aws/lambda/{function}")
        return "\n".join(event["message"] for page in found for event in page["events"])


@contextmanager
def deployed_in_neon(
    aws: LocalAws,
    root: Path,
    *,
    source: SourceKind = "database",
    drill_target: DrillTargetKind = "embedded",
    engine: EngineChoice = "function",
    **neon_settings: object,
) -> Iterator[InNeon]:
    """The stack, until the block is left; its functions speak to the stand-in.

    Args:
        aws: to deploy it on; it is bootstrapped.
        root: a directory of its own.
        source: what its backups read.
        drill_target: where its drills restore.
        engine: whether its runs may be jobs.
        neon_settings: more keys of `databases.neon`.
    """
    manager = aws.client("secretsmanager")
    with FakeNeon.start(KEY, root=root) as neon:
        made = {
            name: manager.create_secret(Name=name, SecretString=text)["ARN"]
            for name, text in {"lifeboat/neon": KEY, "lifeboat/in-neon": _url(neon)}.items()
        }
        key, secret = made["lifeboat/neon"], made["lifeboat/in-neon"]
        place = {"project_id": neon.project.id, "api_key_secret_arn": key, **neon_settings}
        runs = {"source": source, "drill_target": drill_target, "engine": engine}
        database = {"secret_arn": secret, "neon": place, **runs}
        outputs = _deploy(aws, root / "cdk.out", database)
        for each in ("monitor", "neon-watch", "backup-app", "drill-app"):
            # Its metrics and backups would get into the other stack's tests, at some time of day.
            aws.client("scheduler").delete_schedule(Name=f"{STACK}-{each}")
        bucket = Bucket(aws.client("s3"), outputs["BackupBucketName"])
        there = InNeon(aws, neon, bucket, outputs["TopicArn"], key, secret)
        for each in _asking(aws):
            there.ask_at(neon.url, each)
        yield there
    # The command line finds the account's only stack by itself, and other tests see to that.
    stacks = aws.client("cloudformation")
    stacks.delete_stack(StackName=STACK)
    stacks.get_waiter("stack_delete_complete").wait(
        StackName=STACK, WaiterConfig={"Delay": 1, "MaxAttempts": 60}
    )
    for arn in made.values():
        manager.delete_secret(SecretId=arn, ForceDeleteWithoutRecovery=True)


def _asking(aws: LocalAws) -> list[str]:
    """Names of the functions that speak to Neon."""
    pages = aws.client("lambda").get_paginator("list_functions").paginate()
    names = [each["FunctionName"] for page in pages for each in page["Functions"]]
    return [each for each in names if each.startswith(f"{STACK}-neon-")]


def _url(neon: FakeNeon) -> str:
    """Of the database in the default branch; starts its server."""
    main = neon.project.main
    password = neon.control.line_of(main).passwords[ROLE]
    assert main.endpoint
    assert main.endpoint.gateway
    return f"postgresql://{ROLE}:{password}@127.0.0.1:{main.endpoint.gateway.port}/{DATABASE}"


def _deploy(aws: LocalAws, assembly: Path, database: dict[str, object]) -> dict[str, str]:
    settings = {
        "databases": [{"name": "app", **database}],
        "architecture": Platform.of_host().architecture,
        "dashboard": False,
        "restore": {"enabled": False},
    }
    context = {"lifeboat": json.dumps(settings), "stack_name": STACK}
    done = subprocess.run(
        [sys.executable, "app.py"],
        cwd=_REPOSITORY,
        env=aws.environment()
        | {
            "CDK_OUTDIR": str(assembly),
            "CDK_CONTEXT_JSON": json.dumps(context),
            "CDK_DEFAULT_ACCOUNT": aws.account,
            "CDK_DEFAULT_REGION": aws.region,
        },
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return aws.deploy(assembly)
