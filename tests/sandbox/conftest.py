"""A function in Lambda's box, the AWS it talks to, and PostgreSQL servers of every major."""

import json
import shutil
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from itertools import count
from pathlib import Path
from typing import Any

import pytest

from layers.build import BUILD
from layers.postgres import client_layer, server_layer
from layers.postgres.lock import read
from layers.postgres.shim import SHIM, compile_shim
from layers.python import dependency_layer
from lifeboat.model.manifest import Manifest
from lifeboat.settings import Settings
from local import sample
from local.aws import LocalAws
from local.postgres import PostgresServer
from tests.sandbox.box import INSTALLED, Box
from tests.sandbox.function import Function, Shape
from tests.support.backup_harness import Bucket, Database

PASSWORD = "Bait: s3cr3t/&?%_of'the\"role"
CA_INSIDE = "/etc/pki/local-aws.pem"
FIRST_DAY = datetime.now(UTC).date() - timedelta(days=100)
BACKUP = Shape("Lifeboat-backup-app", "lifeboat.backup.handler.handler", memory_mb=1769)
DRILL = Shape("Lifeboat-drill-app", "lifeboat.drill.handler.handler", memory_mb=3008, seconds=180)
DRILL_TMP_MB = 4096
_NUMBERS = count(1)


@dataclass(frozen=True)
class Account:
    """An AWS account and a role in it that may use S3 and read secrets."""

    aws: LocalAws
    role_arn: str

    @classmethod
    def create(cls, aws: LocalAws) -> "Account":
        trust = {"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}}
        allowed = {"Effect": "Allow", "Action": ["s3:*", "secretsmanager:*"], "Resource": "*"}
        iam = aws.client("iam")
        role = iam.create_role(
            RoleName="in-the-box",
            AssumeRolePolicyDocument=_policy(trust | {"Action": "sts:AssumeRole"}),
        )["Role"]
        iam.put_role_policy(
            RoleName="in-the-box", PolicyName="all", PolicyDocument=_policy(allowed)
        )
        return cls(aws, role["Arn"])

    def credentials(self) -> dict[str, str]:
        """A session of the role, in the three variables in which Lambda hands it over."""
        given = self.aws.client("sts").assume_role(RoleArn=self.role_arn, RoleSessionName="box")
        return {
            "AWS_ACCESS_KEY_ID": given["Credentials"]["AccessKeyId"],
            "AWS_SECRET_ACCESS_KEY": given["Credentials"]["SecretAccessKey"],
            "AWS_SESSION_TOKEN": given["Credentials"]["SessionToken"],
        }

    def secret(self, value: str) -> str:
        """Store a new secret; its ARN."""
        manager = self.aws.client("secretsmanager")
        arn: str = manager.create_secret(Name=f"app-{next(_NUMBERS)}", SecretString=value)["ARN"]
        return arn


def _policy(statement: dict[str, Any]) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


@dataclass(frozen=True)
class Deployed:
    """A function in the box, the bucket and the secret of its own."""

    function: Function
    account: Account
    bucket: Bucket
    secret_arn: str
    days: Iterator[date]

    def manifest(self, backup: str) -> Manifest:
        key = f"{backup}/manifest.json"
        return Manifest.from_json(self.bucket.read(key), key=key)

    def event(self) -> dict[str, str]:
        """As the schedule sends it; each one is for the day after the one before."""
        return {"database": "app", "scheduled": f"{next(self.days):%Y-%m-%dT02:00:00Z}"}

    def rotate(self, value: str) -> None:
        """Change what the secret says."""
        manager = self.account.aws.client("secretsmanager")
        manager.put_secret_value(SecretId=self.secret_arn, SecretString=value)


@dataclass(frozen=True)
class SpecDrive:
    """A sample database, and the URL with which the backup role logs in to it."""

    database: Database
    url: str

    @classmethod
    def create(cls, server: PostgresServer) -> "SpecDrive":
        database = Database.create(server, "spec_drive")
        with database.connect() as connection:
            sample.create(connection, 1)
            sample.backup_role(connection, "lifeboat", PASSWORD)
        url = server.url(database=database.name, user="lifeboat", password=PASSWORD)
        return cls(database, url)


type Start = Callable[..., AbstractContextManager[Function]]
type Deploy = Callable[..., AbstractContextManager[Deployed]]


@pytest.fixture(scope="session")
def box(aws: LocalAws) -> Box:
    """The backup function's."""
    there = [INSTALLED / "aws-lambda-rie", INSTALLED / "runtime", shutil.which("bwrap")]
    assert all(each and Path(each).exists() for each in there), f"{there}: run `make sandbox`"
    layers = (client_layer("x86_64"), dependency_layer("x86_64"))
    return Box(layers, {CA_INSIDE: aws.ca_bundle, "/etc/hosts": Path("/etc/hosts")})


@pytest.fixture(scope="session")
def drill_box(box: Box) -> Box:
    """The drill function's."""
    layers = (server_layer("x86_64"), dependency_layer("x86_64"))
    return replace(box, layers=layers, tmp_mb=DRILL_TMP_MB)


@pytest.fixture(scope="session")
def account(aws: LocalAws) -> Account:
    return Account.create(aws)


@pytest.fixture(scope="session")
def start(account: Account, tmp_path_factory: pytest.TempPathFactory) -> Start:
    """Start any function: `with start(box, shape, bucket=, settings=) as function`."""

    @contextmanager
    def started(
        box: Box, shape: Shape, *, bucket: Bucket, settings: Settings, **more: str
    ) -> Iterator[Function]:
        variables = {
            "LIFEBOAT_BUCKET": bucket.name,
            "LIFEBOAT_SETTINGS": settings.of_database("app").model_dump_json(exclude_defaults=True),
            "POWERTOOLS_METRICS_NAMESPACE": "Lifeboat",
            "POWERTOOLS_LOG_LEVEL": "INFO",
            "AWS_REGION": account.aws.region,
            "AWS_DEFAULT_REGION": account.aws.region,
            "AWS_ENDPOINT_URL": account.aws.endpoint,
            "AWS_CA_BUNDLE": CA_INSIDE,
            **account.credentials(),
            **more,
        }
        log_file = tmp_path_factory.mktemp("function") / "log"
        with Function(box, shape, variables, log_file=log_file) as function:
            yield function

    return started


@pytest.fixture(scope="session")
def deploy(box: Box, account: Account, start: Start) -> Deploy:
    """A backup function for the database that a secret names: `with deploy(secret) as deployed`."""

    @contextmanager
    def started(
        secret: str, *, shape: Shape = BACKUP, box: Box = box, **more: str
    ) -> Iterator[Deployed]:
        arn = account.secret(secret)
        bucket = Bucket.create(account.aws.client("s3"), f"bucket-in-the-box-{next(_NUMBERS)}")
        settings = Settings.model_validate({"databases": [{"name": "app", "secret_arn": arn}]})
        days = (FIRST_DAY + timedelta(n) for n in count())
        with start(box, shape, bucket=bucket, settings=settings, **more) as function:
            yield Deployed(function, account, bucket, arn, days)

    return started


@pytest.fixture(scope="session")
def warm(deploy: Deploy) -> Iterator[Deployed]:
    """A function for all tests, since a cold start takes seconds; each tells it where to go."""
    with deploy("not yet") as deployed:
        yield deployed


@pytest.fixture(scope="session")
def tls_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PostgresServer]:
    with PostgresServer.start(root=tmp_path_factory.mktemp("tls"), tls=True) as server:
        yield server


@pytest.fixture(scope="session")
def spec_drive() -> Callable[[PostgresServer], SpecDrive]:
    """The sample database of a server, made when first asked for."""
    made: dict[int, SpecDrive] = {}

    def get(server: PostgresServer) -> SpecDrive:
        if server.port not in made:
            made[server.port] = SpecDrive.create(server)
        return made[server.port]

    return get


@pytest.fixture(scope="session")
def library(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """Machine code that runs as soon as it is loaded."""
    into = tmp_path_factory.mktemp("evil")
    source = Path(__file__).with_name("evil.c")
    compile_shim(into, "x86_64", read(), build=BUILD, source=source)
    return (into / SHIM).read_bytes()
