"""What the monitor asks CodeBuild, and makes of its answers."""

from datetime import UTC, datetime
from typing import Any

import pytest
from botocore.exceptions import ClientError

from lifeboat.model.attempt import Attempt, AttemptKind
from lifeboat.monitor.builds import build_facts, unfinished_builds
from lifeboat.monitor.policy.build_facts import BuildFacts, BuildStatus
from lifeboat.monitor.policy.facts import Unknown
from tests.support.seen_bucket import HOUR, NEWEST, healthy

BEGAN = datetime(2026, 11, 25, 2, 1, tzinfo=UTC)


def phase(kind: str, status: str | None = "SUCCEEDED", *contexts: dict[str, str]) -> dict[str, Any]:
    known = {"phaseStatus": status} if status else {}
    return {"phaseType": kind, "startTime": BEGAN, "contexts": list(contexts), **known}


def build(number: int, status: str, *phases: dict[str, Any]) -> dict[str, Any]:
    return {"id": f"p:{number}", "buildStatus": status, "phases": list(phases)}


class CodeBuild:
    """Answers about these builds."""

    def __init__(self, *builds: dict[str, Any]) -> None:
        self.builds = builds
        self.asked: list[list[str]] = []

    def batch_get_builds(self, *, ids: list[str]) -> dict[str, Any]:
        self.asked.append(ids)
        if not self.builds:
            raise ClientError({"Error": {"Code": "AccessDeniedException"}}, "BatchGetBuilds")
        return {"builds": [each for each in self.builds if each["id"] in ids]}


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        (
            build(1, "IN_PROGRESS", phase("SUBMITTED"), phase("QUEUED", None)),
            BuildFacts(status=BuildStatus.IN_PROGRESS, phase="QUEUED", since=BEGAN),
        ),
        (
            build(1, "FAILED", phase("INSTALL", "FAILED", {"statusCode": "YAML", "message": "m"})),
            BuildFacts(status=BuildStatus.FAILED, phase="INSTALL", since=BEGAN, why="YAML: m"),
        ),
        (
            build(
                1,
                "STOPPED",
                phase("SUBMITTED"),
                phase("BUILD", "STOPPED"),
                phase("COMPLETED", None),
            ),
            BuildFacts(status=BuildStatus.STOPPED, phase="BUILD", since=BEGAN),
        ),
        (
            {"id": "p:1", "buildStatus": "SUCCEEDED", "currentPhase": "COMPLETED"},
            BuildFacts(status=BuildStatus.SUCCEEDED, phase="COMPLETED"),
        ),
    ],
)
def test_a_build_is_shown_by_the_phase_that_counts(
    given: dict[str, Any], expected: BuildFacts
) -> None:
    assert build_facts(CodeBuild(given), ["p:1"]) == {"p:1": expected}


def test_a_hundred_builds_are_asked_for_at_once_and_unknown_ones_are_left_out() -> None:
    aws = CodeBuild(build(7, "SUCCEEDED"))
    ids = [f"p:{number}" for number in range(150)]
    found = build_facts(aws, ids)
    assert not isinstance(found, Unknown)
    assert set(found) == {"p:7"}
    assert [len(each) for each in aws.asked] == [100, 50]


def test_a_refusal_is_a_gap_and_no_answer() -> None:
    found = build_facts(CodeBuild(), ["p:1"])
    assert isinstance(found, Unknown)
    assert "AccessDenied" in found.why
    assert "make deploy" in found.todo


def test_only_builds_of_runs_that_have_not_ended_are_asked_for() -> None:
    def attempt(kind: AttemptKind, build: str | None) -> Attempt:
        return Attempt(kind=kind, database="app", run_id="r", started=NEWEST, build=build)

    bucket = healthy(
        attempts=(
            attempt(AttemptKind.BACKUP, "p:1").handed_over("p:1", "r", NEWEST),
            attempt(AttemptKind.DRILL, "p:2"),
            attempt(AttemptKind.RESTORE, "p:3").succeeded(NEWEST + HOUR),
        )
    )
    assert unfinished_builds(bucket.facts()) == ("p:1", "p:2")
    bucket.attempts = (attempt(AttemptKind.BACKUP, None),)
    assert unfinished_builds(bucket.facts()) == ()
