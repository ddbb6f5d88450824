import os
import ssl
import subprocess
import sys
import urllib.error
import urllib.request
from pathlib import Path
from typing import Any

import psutil
import pytest
from botocore.exceptions import ClientError

from local.aws import LocalAws, trust
from local.aws.trust import VARIABLES
from local.certificates import issue
from local.supervised_process import StartError
from tests.support.aws_helpers import eventually, make_role

CALLER = """
import time
from local.aws import LocalAws
from tests.support.aws_helpers import make_function
aws = LocalAws.start()
sleeps = '''
import os, subprocess, time
def handler(event, context):
    subprocess.Popen(["/bin/sleep", "60"], stdout=2, start_new_session=True)
    time.sleep(60)
'''
name = make_function(aws, sleeps, timeout=60)
aws.client("lambda").invoke(FunctionName=name, InvocationType="Event", Payload="{}")
print(aws.ca_bundle.parent, flush=True)
time.sleep(60)
"""


def test_it_listens_on_its_own_port_and_nowhere_else(aws: LocalAws) -> None:
    addresses = [
        {(each.laddr.ip, each.laddr.port) for each in child.net_connections() if _listens(each)}
        for child in psutil.Process().children(recursive=True)
        if "tools.ministack_patches" in child.cmdline()
    ]
    assert {("127.0.0.1", _port(aws))} in addresses


def test_plain_http_and_strange_authorities_are_refused(aws: LocalAws, tmp_path: Path) -> None:
    stranger = ssl.create_default_context(cafile=str(issue(tmp_path).ca_file))
    with pytest.raises(urllib.error.URLError, match="CERTIFICATE_VERIFY_FAILED"):
        urllib.request.urlopen(aws.endpoint, context=stranger)  # noqa: S310
    with pytest.raises(OSError, match=r"."):
        urllib.request.urlopen(f"http://localhost:{_port(aws)}/")


def test_the_bundle_holds_the_machines_authorities_and_ours(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    companys, ours = tmp_path / "company", tmp_path / "ours"
    for directory in (companys, ours):
        directory.mkdir()
    files = [issue(companys).ca_file, issue(ours).ca_file]
    bundle = tmp_path / "bundle.pem"
    monkeypatch.delenv("AWS_CA_BUNDLE", raising=False)
    for name in ("NODE_EXTRA_CA_CERTS", "SSL_CERT_FILE"):
        monkeypatch.setenv(name, str(files[0]))
    trust.write_bundle(bundle, files[1])
    assert [text in bundle.read_text() for text in map(Path.read_text, files)] == [True, True]
    for name in VARIABLES:
        monkeypatch.delenv(name, raising=False)
    trust.write_bundle(bundle, files[1])
    assert bundle.read_text().count("BEGIN CERTIFICATE") > 50


def test_the_environment_leads_to_this_aws_and_to_no_real_one(
    aws: LocalAws, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_PROFILE", "production")
    monkeypatch.setenv("AWS_ENDPOINT_URL_S3", "https://example.com")
    environment = aws.environment()
    assert environment["PATH"] == os.environ["PATH"]
    assert not {"AWS_PROFILE", "AWS_ENDPOINT_URL_S3"} & environment.keys()
    code = "import boto3; print(boto3.client('sts').get_caller_identity()['Account'])"
    done = subprocess.run(
        [sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == aws.account


def test_a_test_may_act_as_any_role_even_one_that_trusts_lambda_only(aws: LocalAws) -> None:
    role = make_role(aws, service="lambda.amazonaws.com")
    name = role.rpartition("/")[2]
    caller = aws.client("sts", role_arn=role).get_caller_identity()["Arn"]
    assert caller == f"arn:aws:sts::{aws.account}:assumed-role/{name}/local"
    with pytest.raises(ClientError, match="AccessDenied"):
        aws.client("s3", role_arn=role).list_buckets()


def test_a_start_that_fails_is_reported_with_the_servers_words() -> None:
    with pytest.raises(StartError, match="unknown gaps: no_such_gap"):
        LocalAws.start(leave_open=["no_such_gap"])


def test_it_ends_with_a_killed_caller_and_so_do_functions_and_their_children() -> None:
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    with subprocess.Popen(
        [sys.executable, "-c", CALLER],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env=environment,
        text=True,
    ) as caller:
        assert caller.stdout is not None
        home = caller.stdout.readline().strip()
        us = psutil.Process(caller.pid)
        assert eventually(lambda: _programs(us) == ["python"] * 3 + ["sleep"])
        family = us.children(recursive=True)
        caller.kill()
    assert eventually(lambda: not any(_runs(each) for each in family))
    assert eventually(lambda: not Path(home).exists())


def _port(aws: LocalAws) -> int:
    return int(aws.endpoint.rpartition(":")[2])


def _listens(connection: Any) -> bool:
    return bool(connection.status == psutil.CONN_LISTEN)


def _programs(process: psutil.Process) -> list[str]:
    """What runs below `process`: our supervisor, the server, a function and its child."""
    children = process.children(recursive=True)
    return [Path(child.cmdline()[0]).name.rstrip("3.") for child in children if child.cmdline()]


def _runs(process: psutil.Process) -> bool:
    return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
