"""From a secret in Secrets Manager or Parameter Store to a login that libpq can use."""

import errno
import json
from collections.abc import Callable
from itertools import count
from pathlib import Path
from typing import Any, Literal

import boto3
import psycopg
import pytest
from botocore.config import Config

from lifeboat.errors import SecretError
from lifeboat.postgres.connect import connect
from lifeboat.postgres.login import Login, read_login
from lifeboat.runtime.secret_store import SecretStore
from local.aws import LocalAws
from local.postgres import PostgresServer
from tests.support.secret_stores import store_of

PASSWORD = "bait-in-the-secret"
_NUMBERS = count(1)

type Parameter = Callable[..., str]


@pytest.fixture
def store(aws: LocalAws) -> Callable[..., str]:
    """Stores a secret and gives its ARN."""

    def put(**content: Any) -> str:
        name = f"login-{next(_NUMBERS)}"
        arn: str = aws.client("secretsmanager").create_secret(Name=name, **content)["ARN"]
        return arn

    return put


@pytest.fixture
def parameter(aws: LocalAws) -> Parameter:
    """Stores a SecureString, or what else it is told, and gives its ARN."""

    def put(value: str, **more: Any) -> str:
        name = f"/login/{next(_NUMBERS)}"
        wanted = {"Name": name, "Type": "SecureString", **more}
        aws.client("ssm").put_parameter(Value=value, **wanted)
        found = aws.client("ssm").get_parameter(Name=wanted["Name"])
        arn: str = found["Parameter"]["ARN"]
        return arn

    return put


def role(aws: LocalAws, name: str) -> str:
    """A role without any permission."""
    trust = {"Effect": "Allow", "Principal": {"AWS": "*"}, "Action": "sts:AssumeRole"}
    made = aws.client("iam").create_role(
        RoleName=name,
        AssumeRolePolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": [trust]}),
    )
    arn: str = made["Role"]["Arn"]
    return arn


def refused(aws: LocalAws, arn: str, scratch: Path, role_arn: str | None = None) -> SecretError:
    with pytest.raises(SecretError) as caught:
        read_login(store_of(aws, role_arn), arn, scratch)
    assert PASSWORD not in str(caught.value)
    assert caught.value.todo
    return caught.value


def test_a_server_that_proves_its_name_is_let_in(
    aws: LocalAws, store: Callable[..., str], tmp_path: Path
) -> None:
    with PostgresServer.start(major=17, root=tmp_path, tls=True) as server:
        assert server.ca_file is not None
        secret = {"url": server.url(), "ca": Path(server.ca_file).read_text()}
        arn = store(SecretString=json.dumps(secret))
        kept = store_of(aws)
        connection, login = connect(lambda: read_login(kept, arn, tmp_path), wake_seconds=60)
        with connection:
            used = connection.execute("SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()")
            assert used.fetchone() == (True,)
        assert login.environment()["PGSSLMODE"] == "verify-full"
        assert login.environment()["PGSSLROOTCERT"] == login.ca_file


def test_a_publicly_trusted_server_needs_no_certificate_in_the_secret(
    aws: LocalAws, store: Callable[..., str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with PostgresServer.start(major=17, root=tmp_path, tls=True) as server:
        arn = store(SecretString=server.url(sslrootcert="system"))
        kept = store_of(aws)
        monkeypatch.setenv("SSL_CERT_FILE", str(server.ca_file))  # who the system trusts
        connection, login = connect(lambda: read_login(kept, arn, tmp_path), wake_seconds=60)
        connection.close()
        assert login.environment()["PGSSLROOTCERT"] == str(server.ca_file)
        assert login.environment()["PGSSLMODE"] == "verify-full"


def test_a_server_with_another_authoritys_certificate_is_refused(
    aws: LocalAws, store: Callable[..., str], tmp_path: Path
) -> None:
    folders = [tmp_path / name for name in ("one", "other")]
    for folder in folders:
        folder.mkdir()
    with (
        PostgresServer.start(major=17, root=folders[0], tls=True) as server,
        PostgresServer.start(major=17, root=folders[1], tls=True) as other,
    ):
        assert other.ca_file is not None
        secret = {"url": server.url(), "ca": Path(other.ca_file).read_text()}
        arn = store(SecretString=json.dumps(secret))
        kept = store_of(aws)
        with pytest.raises(Exception, match="certificate verify failed") as caught:
            connect(lambda: read_login(kept, arn, tmp_path), wake_seconds=60)
        assert type(caught.value).__name__ == "ConnectError"


def test_a_secret_that_is_missing(aws: LocalAws, tmp_path: Path) -> None:
    arn = "arn:aws:secretsmanager:us-east-1:000000000000:secret:nowhere-AbCdEf"
    error = refused(aws, arn, tmp_path)
    assert "ResourceNotFoundException" in error.what
    assert "Create the secret" in error.todo


def test_a_secret_that_the_role_may_not_read(
    aws: LocalAws, store: Callable[..., str], tmp_path: Path
) -> None:
    arn = store(SecretString=f"postgresql://u:{PASSWORD}@localhost/d")
    error = refused(aws, arn, tmp_path, role_arn=role(aws, "may-read-nothing"))
    assert "AccessDenied" in error.what
    assert "make deploy" in error.todo


def test_a_parameter_is_read_like_a_secret(
    aws: LocalAws, parameter: Parameter, tmp_path: Path
) -> None:
    for name in ("/login/app", "login-app"):
        arn = parameter(f"postgresql://u:{PASSWORD}@localhost/d\n", Name=name)
        login = read_login(store_of(aws), arn, tmp_path)
        assert login.environment()["PGPASSWORD"] == PASSWORD


def test_a_parameter_that_is_missing(aws: LocalAws, tmp_path: Path) -> None:
    arn = "arn:aws:ssm:us-east-1:000000000000:parameter/login/nowhere"
    error = refused(aws, arn, tmp_path)
    assert "ParameterNotFound" in error.what
    assert "Create the parameter" in error.todo


def test_a_parameter_that_the_role_may_not_read(
    aws: LocalAws, parameter: Parameter, tmp_path: Path
) -> None:
    arn = parameter(f"postgresql://u:{PASSWORD}@localhost/d")
    error = refused(aws, arn, tmp_path, role_arn=role(aws, "may-read-no-parameter"))
    assert "AccessDenied" in error.what
    assert "make deploy" in error.todo


def test_a_parameter_that_is_no_secure_string(
    aws: LocalAws, parameter: Parameter, tmp_path: Path
) -> None:
    for kind in ("String", "StringList"):
        error = refused(aws, parameter(f"postgresql://u:{PASSWORD}@h/d", Type=kind), tmp_path)
        assert f"is a plain {kind}, which isn't encrypted" in error.what
        assert "new password" in error.todo
        assert "--type SecureString" in error.todo


def test_a_parameter_whose_key_is_disabled(
    aws: LocalAws, parameter: Parameter, tmp_path: Path
) -> None:
    key = aws.client("kms").create_key()["KeyMetadata"]["Arn"]
    arn = parameter(f"postgresql://u:{PASSWORD}@localhost/d", KeyId=key)
    read_login(store_of(aws), arn, tmp_path)
    aws.client("kms").disable_key(KeyId=key)
    error = refused(aws, arn, tmp_path)
    assert "InvalidKeyId" in error.what
    assert "Enable the parameter's KMS key" in error.todo


@pytest.mark.parametrize(
    ("arn", "kept"),
    [
        ("arn:aws:secretsmanager:us-east-1:000000000000:secret:a-AbCdEf", "Secrets Manager"),
        ("arn:aws:ssm:us-east-1:000000000000:parameter/a", "Parameter Store"),
    ],
)
def test_a_service_that_cannot_be_reached_is_named(arn: str, kept: str, tmp_path: Path) -> None:
    def unreachable(service: Literal["secretsmanager", "ssm"]) -> Any:
        return boto3.client(
            service,
            endpoint_url="https://localhost:1",
            region_name="us-east-1",
            aws_access_key_id="test",
            aws_secret_access_key="test",
            config=Config(retries={"total_max_attempts": 1}),
        )

    store = SecretStore(lambda: unreachable("secretsmanager"), lambda: unreachable("ssm"))
    with pytest.raises(SecretError) as caught:
        read_login(store, arn, tmp_path)
    assert f"Could not reach {kept}" in caught.value.what
    assert f"give its subnets a way to {kept}" in caught.value.todo


def test_a_secret_that_is_binary(aws: LocalAws, store: Callable[..., str], tmp_path: Path) -> None:
    arn = store(SecretBinary=PASSWORD.encode())
    assert "binary" in refused(aws, arn, tmp_path).what


def test_a_secret_that_makes_no_sense(
    aws: LocalAws, store: Callable[..., str], tmp_path: Path
) -> None:
    for text in (
        PASSWORD,
        f'{{"url": "{PASSWORD}"}}',
        f'["{PASSWORD}"]',
        f"mysql://u:{PASSWORD}@h",
    ):
        refused(aws, store(SecretString=text), tmp_path)


def test_a_full_disk_where_the_certificates_go(
    aws: LocalAws, store: Callable[..., str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(Path, "write_text", full)
    secret = {"url": f"postgresql://u:{PASSWORD}@localhost/d", "ca": "-----BEGIN CERTIFICATE-----"}
    error = refused(aws, store(SecretString=json.dumps(secret)), tmp_path)
    assert "No space left on device" in error.what
    assert "backup.ephemeral_mb" in error.todo


def test_a_suspended_database_is_waited_for(backups: Any) -> None:
    """The first attempts are refused, as while a serverless compute wakes up."""
    real = backups.read_login()
    asleep = Login(real.endpoint.__class__(**{**vars(real.endpoint), "port": 1}))
    answers = iter([asleep])
    moments = iter(range(100))
    naps: list[float] = []

    with pytest.raises(Exception, match="Connection refused"):
        connect(
            lambda: next(answers),
            wake_seconds=60,
            clock=lambda: float(next(moments) * 20),
            sleep=naps.append,
        )
    assert len(naps) == 2
    connection, _ = connect(lambda: real, wake_seconds=60)
    with connection:
        assert isinstance(connection, psycopg.Connection)
