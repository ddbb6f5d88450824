"""The stack's projects: a build of each runs its function's work, with that function's rights."""

import json
import uuid
from collections.abc import Mapping
from typing import Any

import pytest

from lifeboat.model.engine import BuildVariable, Engine
from tests.deployed.conftest import Installation
from tests.support.aws_helpers import eventually


def run(installation: Installation, project: str, event: Mapping[str, object]) -> dict[str, Any]:
    """Start a build as a function does, and wait for its end."""
    client = installation.aws.client("codebuild")
    values = {BuildVariable.EVENT: json.dumps(event), BuildVariable.RUN_ID: str(uuid.uuid4())}
    started = client.start_build(
        projectName=project,
        environmentVariablesOverride=[
            {"name": name, "value": value, "type": "PLAINTEXT"} for name, value in values.items()
        ],
    )["build"]

    def look() -> dict[str, Any]:
        (build,) = client.batch_get_builds(ids=[started["id"]])["builds"]
        return dict(build)

    assert eventually(lambda: look()["buildStatus"] != "IN_PROGRESS", seconds=300)
    return look() | {"run_id": values[BuildVariable.RUN_ID]}


def answer(installation: Installation, function: str, build: dict[str, Any]) -> dict[str, Any]:
    """What the program of a build has answered: a line of JSON in its function's log."""
    stream = build["logs"]["streamName"]
    assert stream.startswith("job/")
    events = installation.aws.client("logs").get_log_events(
        logGroupName=f"/aws/lambda/{function}", logStreamName=stream, startFromHead=True
    )["events"]
    lines = [each["message"].strip() for each in events]
    found = [json.loads(line) for line in lines if line.startswith("{")]
    said = [each for each in found if "level" not in each and "_aws" not in each]
    assert build["buildStatus"] == "SUCCEEDED", "\n".join(lines[-30:])
    (only,) = said
    ids = {each.get("function_request_id") for each in found if "level" in each}
    assert ids == {build["run_id"]}
    return dict(only)


def test_a_job_takes_a_backup_and_another_proves_it(installation: Installation) -> None:
    build = run(installation, "Lifeboat-backup-app-job", {"database": "app", "label": "by-a-job"})
    backup = answer(installation, "Lifeboat-backup-app", build)["backup"]
    assert installation.manifest(backup).engine is Engine.JOB

    event = {"database": "app", "backup": backup}
    build = run(installation, "Lifeboat-drill-app-job", event)
    assert answer(installation, "Lifeboat-drill-app", build)["verdict"] == "proven"


def test_a_job_restores(installation: Installation) -> None:
    event = {"action": "list", "database": "app"}
    build = run(installation, "Lifeboat-restore-job", event)
    assert "backups" in answer(installation, "Lifeboat-restore", build)


@pytest.mark.parametrize("work", ["backup", "drill"])
def test_a_job_of_one_database_can_do_nothing_for_another(
    installation: Installation, work: str
) -> None:
    build = run(installation, f"Lifeboat-{work}-app-job", {"database": "other"})
    assert build["buildStatus"] == "FAILED"


def test_a_function_may_start_its_own_job_and_no_other(installation: Installation) -> None:
    role = installation.role("app")
    client = installation.aws.client("codebuild", role_arn=role)
    for project in ("Lifeboat-backup-other-job", "Lifeboat-drill-app-job", "Lifeboat-restore-job"):
        with pytest.raises(client.exceptions.ClientError, match="AccessDenied"):
            client.start_build(projectName=project)
