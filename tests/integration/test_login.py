"""From a secret in Secrets Manager to a login that libpq can use."""

import errno
import json
from collections.abc import Callable
from itertools import count
from pathlib import Path
from typing import Any

import psycopg
import pytest

from lifeboat.errors import SecretError
from lifeboat.postgres.connect import connect
from lifeboat.postgres.login import Login, read_login
from local.aws import LocalAws
from local.postgres import PostgresServer

PASSWORD = "bait-in-the-secret"
_NUMBERS = count(1)


@pytest.fixture
def store(aws: LocalAws) -> Callable[..., str]:
    """Stores a secret and gives its ARN."""

    def put(**content: Any) -> str:
        name = f"login-{next(_NUMBERS)}"
        arn: str = aws.client("secretsmanager").create_secret(Name=name, **content)["ARN"]
        return arn

    return put


def refused(aws: LocalAws, arn: str, scratch: Path, **client: Any) -> SecretError:
    with pytest.raises(SecretError) as caught:
        read_login(aws.client("secretsmanager", **client), arn, scratch)
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
        client = aws.client("secretsmanager")
        connection, login = connect(lambda: read_login(client, arn, tmp_path), wake_seconds=60)
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
        client = aws.client("secretsmanager")
        monkeypatch.setenv("SSL_CERT_FILE", str(server.ca_file))  # who the system trusts
        connection, login = connect(lambda: read_login(client, arn, tmp_path), wake_seconds=60)
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
        client = aws.client("secretsmanager")
        with pytest.raises(Exception, match="certificate verify failed") as caught:
            connect(lambda: read_login(client, arn, tmp_path), wake_seconds=60)
        assert type(caught.value).__name__ == "ConnectError"


def test_a_secret_that_is_missing(aws: LocalAws, tmp_path: Path) -> None:
    arn = "arn:aws:secretsmanager:us-east-1:000000000000:secret:nowhere-AbCdEf"
    error = refused(aws, arn, tmp_path)
    assert "ResourceNotFoundException" in error.what
    assert "Create the secret" in error.todo


def test_a_secret_that_the_role_may_not_read(
    aws: LocalAws, store: Callable[..., str], tmp_path: Path
) -> None:
    trust = {"Effect": "Allow", "Principal": {"AWS": "*"}, "Action": "sts:AssumeRole"}
    role = aws.client("iam").create_role(
        RoleName="may-read-nothing",
        AssumeRolePolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": [trust]}),
    )["Role"]["Arn"]
    arn = store(SecretString=f"postgresql://u:{PASSWORD}@localhost/d")
    error = refused(aws, arn, tmp_path, role_arn=role)
    assert "AccessDenied" in error.what
    assert "make deploy" in error.todo


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


def test_a_suspended_database_is_waited_for(workshop: Any) -> None:
    """The first attempts are refused, as while a serverless compute wakes up."""
    real = workshop.read_login()
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
