"""`make deploy` puts the command line into the bucket, and the monitor has nothing against it."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
from botocore.exceptions import ClientError

from lifeboat.model.keys import COMMAND_LINE_KEY
from tests.deployed.conftest import Installation


def put(installation: Installation, monkeypatch: pytest.MonkeyPatch, *arguments: str) -> int:
    from infra import put_command_line

    for name, value in installation.aws.environment().items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(sys, "argv", ["put_command_line", "-c", "lifeboat={}", *arguments])
    return put_command_line.main()


def versions(installation: Installation) -> list[str]:
    listed = installation.bucket.client.list_object_versions(
        Bucket=installation.bucket.name, Prefix=COMMAND_LINE_KEY
    )
    return [each["VersionId"] for each in listed.get("Versions", ())]


def test_it_is_put_once_runs_from_there_and_is_no_finding(
    installation: Installation,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    tmp_path: Path,
) -> None:
    assert put(installation, monkeypatch, "--require-approval=never") == 0
    said = capsys.readouterr().out
    assert f"aws s3 cp s3://{installation.bucket.name}/tools/lifeboat.pyz . && python3" in said
    assert put(installation, monkeypatch) == 0
    assert len(versions(installation)) == 1, "the same content makes no new version"

    fetched = tmp_path / "lifeboat.pyz"
    fetched.write_bytes(installation.bucket.read(COMMAND_LINE_KEY))
    done = subprocess.run(
        [sys.executable, fetched, "status", "--json"],
        env=installation.aws.environment(),
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert done.returncode in {0, 4}, done.stderr
    found = {each["code"]: each for each in json.loads(done.stdout)["findings"]}
    assert found.keys().isdisjoint({"unmanaged-prefix", "lifecycle-drift"}), found

    installation.bucket.client.put_object(
        Bucket=installation.bucket.name, Key=COMMAND_LINE_KEY, Body=b"older"
    )
    assert put(installation, monkeypatch) == 0
    assert installation.bucket.read(COMMAND_LINE_KEY) == fetched.read_bytes()


def test_a_deployer_who_may_not_put_it_is_told_what_to_allow(
    installation: Installation,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert put(installation, monkeypatch, "-c", "stack_name=Other") == 1
    said = capsys.readouterr().err
    assert "s3:PutObject on tools/lifeboat.pyz" in said
    assert "Safe: The stack is deployed" in said


@pytest.mark.parametrize("function", ["backup-app", "drill-app", "monitor", "restore"])
def test_no_function_may_write_what_people_run(installation: Installation, function: str) -> None:
    about = installation.aws.client("lambda").get_function(FunctionName=f"Lifeboat-{function}")
    s3 = installation.aws.client("s3", role_arn=about["Configuration"]["Role"])
    with pytest.raises(ClientError, match="AccessDenied"):
        s3.put_object(
            Bucket=installation.bucket.name, Key=COMMAND_LINE_KEY, Body=b"x", IfNoneMatch="*"
        )
