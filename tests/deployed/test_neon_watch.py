"""The function that asks Neon, deployed: what it writes, what it may, and where the key goes."""

import json
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

from layers.target import Platform
from lifeboat.model.provider import ProblemKind, ProviderReport
from lifeboat.provider_watch.policy.endpoint import TEST_API
from local.aws import LocalAws
from local.neon import FakeNeon, Fault
from tests.deployed.conftest import REPOSITORY, Installation
from tests.support.backup_harness import Bucket

KEY = "napi_d3pl0yed0bait123456789"
STACK = "InNeon"
FUNCTION = f"{STACK}-neon-watch"
REPORT = "providers/app.json"


@dataclass(frozen=True)
class InNeon:
    """A second stack, whose only database is in Neon.

    Attributes:
        aws: that it is deployed on.
        neon: what its function asks.
        vault: its bucket.
        key_arn: of the secret with the key.
        secret_arn: of the database's secret.
    """

    aws: LocalAws
    neon: FakeNeon
    vault: Bucket
    key_arn: str
    secret_arn: str

    def role(self, function: str) -> str:
        found = self.aws.client("lambda").get_function(FunctionName=f"{STACK}-{function}")
        return str(found["Configuration"]["Role"])

    def ask_at(self, url: str) -> None:
        """Have the function ask another API, as nobody but tests do."""
        client = self.aws.client("lambda")
        about = client.get_function_configuration(FunctionName=FUNCTION)
        variables = about["Environment"]["Variables"] | {TEST_API: url}
        client.update_function_configuration(
            FunctionName=FUNCTION, Environment={"Variables": variables}
        )

    def look(self) -> tuple[bool, dict[str, Any]]:
        """Whether the function failed, and what it answered."""
        answer = self.aws.client("lambda").invoke(
            FunctionName=FUNCTION, Payload=json.dumps({"scheduled": "2026-11-30T02:10:00Z"})
        )
        return "FunctionError" in answer, json.loads(answer["Payload"].read())

    def report(self) -> ProviderReport:
        return ProviderReport.from_json(self.vault.read(REPORT), key=REPORT)

    def log(self) -> str:
        pages = self.aws.client("logs").get_paginator("filter_log_events")
        found = pages.paginate(logGroupName=f"/aws/lambda/{FUNCTION}")
        return "\n".join(event["message"] for page in found for event in page["events"])


@pytest.fixture(scope="module")
def in_neon(
    installation: Installation, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[InNeon]:
    aws, root = installation.aws, tmp_path_factory.mktemp("neon")
    made = aws.client("secretsmanager").create_secret(Name="lifeboat/neon", SecretString=KEY)
    secret = installation.secrets["app"]
    with FakeNeon.start(KEY, root=root) as neon:
        place = {"project_id": neon.project.id, "api_key_secret_arn": made["ARN"]}
        outputs = deploy(aws, root / "cdk.out", secret, place)
        for each in ("monitor", "neon-watch", "backup-app", "drill-app"):
            # Its metrics and backups would get into the other stack's tests, at some time of day.
            aws.client("scheduler").delete_schedule(Name=f"{STACK}-{each}")
        vault = Bucket(aws.client("s3"), outputs["BackupBucketName"])
        there = InNeon(aws, neon, vault, made["ARN"], secret)
        there.ask_at(neon.url)
        yield there
    # The command line finds the account's only stack by itself, and other tests see to that.
    stacks = aws.client("cloudformation")
    stacks.delete_stack(StackName=STACK)
    stacks.get_waiter("stack_delete_complete").wait(
        StackName=STACK, WaiterConfig={"Delay": 1, "MaxAttempts": 60}
    )


def deploy(aws: LocalAws, assembly: Path, secret: str, neon: dict[str, str]) -> dict[str, str]:
    database = {"name": "app", "secret_arn": secret, "engine": "function", "neon": neon}
    settings = {
        "databases": [database],
        "architecture": Platform.of_host().architecture,
        "dashboard": False,
        "restore": {"enabled": False},
    }
    context = {"lifeboat": json.dumps(settings), "stack_name": STACK}
    done = subprocess.run(
        [sys.executable, "app.py"],
        cwd=REPOSITORY,
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


def test_what_neon_says_lies_in_the_bucket(in_neon: InNeon) -> None:
    failed, answer = in_neon.look()
    assert (failed, answer) == (False, {"databases": [{"database": "app", "problem": None}]})
    report = in_neon.report()
    assert report.facts
    assert (report.facts.plan, report.facts.history_seconds) == ("launch_v3", 604_800)
    assert KEY not in in_neon.vault.read(REPORT).decode() + in_neon.log()


def test_a_refused_key_is_reported_beside_what_was_known_and_gets_into_no_log(
    in_neon: InNeon,
) -> None:
    in_neon.look()
    known = in_neon.report()
    in_neon.neon.faults = [Fault(status=401, message="no such key: {key}", times=9)]
    failed, answer = in_neon.look()
    in_neon.neon.faults = []
    assert (failed, answer["databases"][0]["problem"]) == (False, "key")
    report = in_neon.report()
    assert report.problem
    assert report.problem.kind is ProblemKind.KEY
    assert (report.facts, report.facts_of) == (known.facts, known.facts_of)
    log = in_neon.log()
    assert "provider.problem" in log
    assert KEY not in in_neon.vault.read(REPORT).decode() + log + json.dumps(answer)


def test_who_changes_the_functions_variables_cannot_have_the_key_sent_elsewhere(
    in_neon: InNeon,
) -> None:
    in_neon.ask_at("https://localhost:1/api/v2")
    failed, answer = in_neon.look()
    in_neon.ask_at(in_neon.neon.url)
    assert failed
    assert "sent to Neon alone" in answer["errorMessage"]
    assert "Safe: " in answer["errorMessage"]


def refusal(call: Any, **asked: Any) -> str:
    with pytest.raises(ClientError) as caught:
        call(**asked)
    return str(caught.value.response["Error"]["Code"])


@pytest.mark.parametrize("function", ["backup-app", "drill-app", "monitor"])
def test_no_other_function_may_read_the_key_or_forge_the_report(
    in_neon: InNeon, function: str
) -> None:
    role = in_neon.role(function)
    secrets = in_neon.aws.client("secretsmanager", role_arn=role)
    assert "AccessDenied" in refusal(secrets.get_secret_value, SecretId=in_neon.key_arn)
    s3 = in_neon.aws.client("s3", role_arn=role)
    forged = {"Bucket": in_neon.vault.name, "Key": REPORT, "Body": b"{}"}
    assert refusal(s3.put_object, **forged) == "AccessDenied"


def test_the_function_may_do_nothing_else(in_neon: InNeon) -> None:
    role, bucket = in_neon.role("neon-watch"), in_neon.vault.name
    secrets = in_neon.aws.client("secretsmanager", role_arn=role)
    assert secrets.get_secret_value(SecretId=in_neon.key_arn)["SecretString"] == KEY
    assert "AccessDenied" in refusal(secrets.get_secret_value, SecretId=in_neon.secret_arn)
    s3 = in_neon.aws.client("s3", role_arn=role)
    archive = "daily/app/2026-11-22T020000Z/archive.dump"
    in_neon.vault.client.put_object(Bucket=bucket, Key=archive, Body=b"rows")
    assert refusal(s3.get_object, Bucket=bucket, Key=archive) == "AccessDenied"
    for key in (archive, "providers/shop.json", "monitor/state.json", "attempts/app.json"):
        assert refusal(s3.put_object, Bucket=bucket, Key=key, Body=b"{}") == "AccessDenied"
    assert refusal(s3.delete_object, Bucket=bucket, Key=REPORT) == "AccessDenied"
    assert refusal(s3.list_objects_v2, Bucket=bucket) == "AccessDenied"
    topics = in_neon.aws.client("sns").list_topics()["Topics"]
    sns = in_neon.aws.client("sns", role_arn=role)
    said = refusal(sns.publish, TopicArn=topics[0]["TopicArn"], Message="x")
    assert said in {"AccessDenied", "AuthorizationError"}
