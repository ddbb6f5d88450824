"""Asks CodeBuild about the builds of runs that have not ended, as far as their records say."""

from collections.abc import Collection, Iterator, Mapping
from datetime import UTC
from itertools import batched
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from lifeboat.monitor.policy.build_facts import BuildFacts, BuildStatus
from lifeboat.monitor.policy.facts import Facts, Unknown

_AT_ONCE = 100
"""https://docs.aws.amazon.com/codebuild/latest/APIReference/API_BatchGetBuilds.html"""


def unfinished_builds(facts: Facts) -> tuple[str, ...]:
    """The ids of the builds whose runs have not ended, as far as their records say."""
    return tuple(
        attempt.build
        for database in facts.databases
        for attempt in database.attempts
        if attempt.is_under_way and attempt.build
    )


def build_facts(client: Any, ids: Collection[str]) -> Mapping[str, BuildFacts] | Unknown:  # noqa: ANN401
    """What CodeBuild knows of these builds, by their ids; one that it doesn't know is left out.

    Args:
        client: of CodeBuild.
        ids: of the builds.
    """
    found: dict[str, BuildFacts] = {}
    try:
        for some in batched(ids, _AT_ONCE, strict=False):
            answer = client.batch_get_builds(ids=list(some))
            found |= {build["id"]: _facts(build) for build in answer["builds"]}
    except (ClientError, BotoCoreError) as error:
        return Unknown(
            why=f"CodeBuild did not say how the jobs are: {error}",
            todo="If it denied that, deploy the stack again (make deploy). Otherwise the next check"
            " asks again.",
        )
    return found


def _facts(build: Mapping[str, Any]) -> BuildFacts:
    status = BuildStatus(build["buildStatus"])
    phases = list(build.get("phases", ()))
    shown = _phase(phases, status) or {"phaseType": build.get("currentPhase", "")}
    since = shown.get("startTime")
    return BuildFacts(
        status=status,
        phase=shown["phaseType"],
        since=since.astimezone(UTC) if since else None,
        why="; ".join(_words(shown)),
    )


def _phase(phases: list[Mapping[str, Any]], status: BuildStatus) -> Mapping[str, Any] | None:
    """The current phase, or of a build that has ended the first that did not succeed."""
    if status is BuildStatus.IN_PROGRESS:
        return phases[-1] if phases else None
    broken = (each for each in phases if each.get("phaseStatus") != "SUCCEEDED")
    return next(broken, None)


def _words(phase: Mapping[str, Any]) -> Iterator[str]:
    for context in phase.get("contexts", ()):
        parts = (context.get("statusCode"), context.get("message"))
        yield ": ".join(each for each in parts if each)
