"""What builds of the stack's projects may not do; test_commands_become_jobs has what they do."""

import json
import uuid
from collections.abc import Mapping
from typing import Any

import pytest

from lifeboat.model.engine import BuildVariable
from local.aws import LocalAws
from tests.deployed.conftest import Installation
from tests.support.aws_helpers import eventually


def run_build(aws: LocalAws, project: str, event: Mapping[str, object]) -> dict[str, Any]:
    """Start a build as a function does, and wait for its end."""
    client = aws.client("codebuild")
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
    return look()


@pytest.mark.parametrize("work", ["backup", "drill"])
def test_a_job_of_one_database_can_do_nothing_for_another(
    installation: Installation, work: str
) -> None:
    build = run_build(installation.aws, f"Lifeboat-{work}-app-job", {"database": "other"})
    assert build["buildStatus"] == "FAILED"


def test_a_function_may_start_its_own_job_and_no_other(installation: Installation) -> None:
    role = installation.role("app")
    client = installation.aws.client("codebuild", role_arn=role)
    for project in ("Lifeboat-backup-other-job", "Lifeboat-drill-app-job", "Lifeboat-restore-job"):
        with pytest.raises(client.exceptions.ClientError, match="AccessDenied"):
            client.start_build(projectName=project)
