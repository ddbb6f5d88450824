"""The real stack on the local AWS, with IAM enforced, and a database of Spec-Drive's kind."""

import base64
import json
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from layers.target import Platform
from lifeboat.policy.manifest import Manifest
from local import sample
from local.aws import LocalAws
from local.postgres import PostgresServer
from tests.workshop import Bucket, Database

REPOSITORY = Path(__file__).parents[2]
PASSWORD = "Bait: s3cr3t/&?%_of'the\"role"


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
    """A deployed stack with two databases, `app` and `other`."""

    aws: LocalAws
    outputs: dict[str, str]
    database: Database
    secrets: dict[str, str]

    @property
    def vault(self) -> Bucket:
        return Bucket(self.aws.client("s3"), self.outputs["VaultName"])

    def function(self, database: str = "app") -> str:
        return f"Lifeboat-backup-{database}"

    def invoke(self, event: object, *, database: str = "app") -> Answer:
        answer = self.aws.client("lambda").invoke(
            FunctionName=self.function(database), Payload=json.dumps(event), LogType="Tail"
        )
        return Answer(
            failed="FunctionError" in answer,
            payload=json.loads(answer["Payload"].read()),
            log=base64.b64decode(answer.get("LogResult", "")).decode(),
        )

    def role(self, database: str = "app") -> str:
        function = self.aws.client("lambda").get_function(FunctionName=self.function(database))
        arn: str = function["Configuration"]["Role"]
        return arn

    def manifest(self, backup: str) -> Manifest:
        key = f"{backup}/manifest.json"
        return Manifest.from_json(self.vault.read(key), key=key)


@pytest.fixture(scope="session")
def installation(
    aws: LocalAws,
    server_of: Callable[[int], PostgresServer],
    tmp_path_factory: pytest.TempPathFactory,
) -> Installation:
    database = Database.create(server_of(18), "spec_drive")
    with database.connect() as connection:
        sample.create(connection, 2)
        sample.backup_role(connection, "lifeboat", PASSWORD)
    url = database.server.url(database=database.name, user="lifeboat", password=PASSWORD)
    manager = aws.client("secretsmanager")
    secrets = {
        name: manager.create_secret(Name=name, SecretString=url)["ARN"] for name in ("app", "other")
    }
    assembly = tmp_path_factory.mktemp("deployed") / "cdk.out"
    synthesize(aws, assembly, secrets)
    aws.bootstrap()
    return Installation(aws, aws.deploy(assembly), database, secrets)


def synthesize(aws: LocalAws, assembly: Path, secrets: dict[str, str]) -> None:
    """What `cdk synth` runs, without the CLI's own seconds."""
    databases = [{"name": name, "secret_arn": arn} for name, arn in secrets.items()]
    context = {
        "lifeboat": {"databases": databases, "architecture": Platform.of_host().architecture}
    }
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
