"""How `lifeboat doctor` compares the projects of CodeBuild with the settings."""

from copy import deepcopy
from typing import Any

import pytest

from lifeboat.settings import Settings
from lifeboat_setup.expected_projects import ExpectedProject, expected_projects

ARN = "arn:aws:secretsmanager:eu-central-1:123456789012:secret:lifeboat/{}-AbCd12"


def expected(**more: object) -> dict[str, ExpectedProject]:
    databases = [
        {"name": "app", "secret_arn": ARN.format("app")},
        {"name": "small", "secret_arn": ARN.format("small"), "engine": "function"},
    ]
    settings = Settings.model_validate({"databases": databases} | more)

    def function(work: str, database: str | None) -> str:
        return f"Lifeboat-{work}-{database}" if database else f"Lifeboat-{work}"

    return {each.name: each for each in expected_projects(function, settings)}


def as_deployed(project: ExpectedProject) -> dict[str, Any]:
    """What CodeBuild says of a project that is as it should be."""
    return {
        "environment": {
            "computeType": project.compute,
            "image": project.image,
            "environmentVariables": [
                {"name": name, "value": value} for name, value in project.variables.items()
            ],
        },
        "timeoutInMinutes": project.minutes,
    }


def test_every_function_that_may_hand_over_has_one() -> None:
    works = ("Lifeboat-backup-app-job", "Lifeboat-drill-app-job", "Lifeboat-restore-job")
    assert tuple(expected()) == works
    assert tuple(expected(drill={"enabled": False}, restore={"enabled": False})) == works[:1]


def test_a_project_as_the_settings_say_has_no_difference() -> None:
    for project in expected(job={"drill_compute": "2xlarge", "timeout_hours": 36}).values():
        assert list(project.differences(as_deployed(project))) == []


def test_a_project_that_is_not_there_is_told() -> None:
    (project, *_) = expected().values()
    assert list(project.differences(None)) == ["Lifeboat-backup-app-job is not there"]


@pytest.mark.parametrize(
    ("place", "value", "told"),
    [
        (("environment", "computeType"), "BUILD_GENERAL1_SMALL", "another machine (BUILD_GENERAL1"),
        (("environment", "image"), "x:1", "another image (x:1)"),
        (("timeoutInMinutes",), 60, "another time limit (60 min)"),
        (("environment", "environmentVariables"), [], "another part of the settings"),
    ],
)
def test_each_difference_is_told(place: tuple[str, ...], value: object, told: str) -> None:
    (project, *_) = expected().values()
    found = deepcopy(as_deployed(project))
    where = found
    for key in place[:-1]:
        where = where[key]
    where[place[-1]] = value

    (difference,) = project.differences(found)
    assert difference.startswith(f"Lifeboat-backup-app-job has {told}")
