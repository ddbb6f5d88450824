"""The real stack on the local AWS, with IAM enforced, and a database of Spec-Drive's kind."""

import base64
import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from layers.target import Platform
from lifeboat.model.manifest import Manifest
from local import sample
from local.aws import LocalAws
from local.postgres import PostgresServer
from local.subscriber import Subscriber
from tests.support.aws_commands import AwsCommands
from tests.support.backup_harness import Bucket, Database
from tests.support.command_stubs import Terminal, psql, terminal
from tests.support.documented import require_documented

REPOSITORY = Path(__file__).parents[2]
PASSWORD = "Bait: s3cr3t/&?%_of'the\"role"

DATABASES = ("app", "other", "quiet")
"""Names in the settings. All of them are the same database; nobody backs up `quiet` but those who
test what happens then. The connection of `other` is kept in Parameter Store, under its own key.
"""


@dataclass(frozen=True)
class Answer:
    """What an invocation came to.

    Attributes:
        failed: whether Lambda counts it as failed.
        payload: what the function returned or raised.
        log: the end of its log.
    """

    failed: bool
    payload: dict[str, Any]
    log: str


@dataclass(frozen=True)
class Installation:
    """A deployed stack with the `DATABASES`.

    Attributes:
        secrets: ARNs of the databases' secrets, by name; that of `other` is one of a parameter.
        admin: ARN of another one, of the same server's superuser; drills and restores may read it.
    """

    aws: LocalAws
    outputs: dict[str, str]
    database: Database
    secrets: dict[str, str]
    admin: str

    @property
    def bucket(self) -> Bucket:
        return Bucket(self.aws.client("s3"), self.outputs["BackupBucketName"])

    def function(self, database: str = "app") -> str:
        return f"Lifeboat-backup-{database}"

    def invoke(self, event: object, *, database: str = "app") -> Answer:
        """Run the backup function of a database."""
        return self.call(self.function(database), event)

    def call(self, function: str, event: object) -> Answer:
        answer = self.aws.client("lambda").invoke(
            FunctionName=function, Payload=json.dumps(event), LogType="Tail"
        )
        payload = json.loads(answer["Payload"].read())
        failed = "FunctionError" in answer
        require_documented(function, payload, failed=failed)
        return Answer(
            failed=failed,
            payload=payload,
            log=base64.b64decode(answer.get("LogResult", "")).decode(),
        )

    def role(self, database: str = "app") -> str:
        function = self.aws.client("lambda").get_function(FunctionName=self.function(database))
        arn: str = function["Configuration"]["Role"]
        return arn

    def log(self, function: str) -> list[str]:
        """What a function has logged, the newest line last."""
        pages = self.aws.client("logs").get_paginator("filter_log_events")
        events = [
            event
            for page in pages.paginate(logGroupName=f"/aws/lambda/{function}")
            for event in page["events"]
        ]
        events.sort(key=lambda event: event["timestamp"])
        return [event["message"] for event in events]

    def manifest(self, backup: str) -> Manifest:
        key = f"{backup}/manifest.json"
        return Manifest.from_json(self.bucket.read(key), key=key)


@pytest.fixture(scope="session")
def installation(
    account: LocalAws,
    server_of: Callable[[int], PostgresServer],
    tmp_path_factory: pytest.TempPathFactory,
) -> Installation:
    database = Database.create(server_of(18), "spec_drive")
    with database.connect() as connection:
        sample.create(connection, 2)
        sample.backup_role(connection, "lifeboat", PASSWORD)
    url = database.server.url(database=database.name, user="lifeboat", password=PASSWORD)
    manager = account.client("secretsmanager")
    secrets = {
        name: manager.create_secret(Name=name, SecretString=url)["ARN"]
        for name in DATABASES
        if name != "other"
    }
    key = account.client("kms").create_key()["KeyMetadata"]["Arn"]
    secrets["other"] = new_parameter(account, "/lifeboat/other", url, KeyId=key)
    superuser = database.server.url(database=database.name)
    admin = manager.create_secret(Name="lifeboat/admin", SecretString=superuser)["ARN"]
    assembly = tmp_path_factory.mktemp("deployed") / "cdk.out"
    synthesize(account, assembly, secrets, admin, key)
    made = Installation(account, account.deploy(assembly), database, secrets, admin)
    Subscriber.of(account, made.outputs["TopicArn"])
    return made


def new_parameter(aws: LocalAws, name: str, text: str, **more: str) -> str:
    """Keep a SecureString; gives its ARN."""
    ssm = aws.client("ssm")
    ssm.put_parameter(Name=name, Value=text, Type="SecureString", **more)
    arn: str = ssm.get_parameter(Name=name)["Parameter"]["ARN"]
    return arn


def parameter_key(installation: Installation) -> str:
    """The key of the parameter; who overwrites it without one gets AWS's own."""
    (found,) = installation.aws.client("ssm").describe_parameters(
        ParameterFilters=[{"Key": "Name", "Values": ["/lifeboat/other"]}]
    )["Parameters"]
    key: str = found["KeyId"]
    return key


def synthesize(
    aws: LocalAws, assembly: Path, secrets: dict[str, str], admin: str, key: str
) -> None:
    """What `cdk synth` runs, without the CLI's own seconds."""
    databases = [{"name": name, "secret_arn": secrets[name]} for name in DATABASES]
    databases[DATABASES.index("other")]["secret_key_arn"] = key
    settings = {
        "databases": databases,
        "architecture": Platform.of_host().architecture,
        "drill": {"target_secret_arns": [admin]},
        "restore": {"target_secret_arns": [admin]},
    }
    done = subprocess.run(
        [sys.executable, "app.py"],
        cwd=REPOSITORY,
        env=aws.environment()
        | {
            "CDK_OUTDIR": str(assembly),
            "CDK_CONTEXT_JSON": json.dumps({"lifeboat": json.dumps(settings)}),  # as -c does
            "CDK_DEFAULT_ACCOUNT": aws.account,
            "CDK_DEFAULT_REGION": aws.region,
        },
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr


@pytest.fixture
def cli(installation: Installation, tmp_path: Path) -> Iterator[Terminal]:
    """A terminal with our command line, the AWS CLI, psql and PostgreSQL's own programs."""
    aws = AwsCommands(
        lambda service, config: installation.aws.client(service, config=config),
    )
    programs = {"aws": aws.run, "psql": psql}
    variables = installation.aws.environment() | {"LIFEBOAT_STACK": "Lifeboat"}
    del variables["PATH"]
    servers = [installation.database.server.programs]
    with terminal(programs, servers, tmp_path, variables) as made:
        yield made
