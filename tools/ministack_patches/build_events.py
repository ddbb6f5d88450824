"""What EventBridge hears of builds; ministack tells it nothing."""

import json
from typing import Any

from ministack.services import eventbridge  # type: ignore[import-not-found]

from tools.ministack_patches import builds
from tools.ministack_patches.build_run import BuildRun

Document = dict[str, Any]


def build_events() -> None:
    """Tell EventBridge when a build begins and ends; as shipped nobody hears of it.

    https://docs.aws.amazon.com/codebuild/latest/userguide/sample-build-notifications-ref.html
    """

    def publish(run: BuildRun) -> None:
        build = run.build.copy()
        detail = {
            "build-status": build["buildStatus"],
            "project-name": build["projectName"],
            "build-id": build["arn"],
            "current-phase": build["currentPhase"],
            "current-phase-context": "[]",
            "version": "1",
            "additional-information": _additional(build),
        }
        entry = {
            "Source": "aws.codebuild",
            "DetailType": "CodeBuild Build State Change",
            "Resources": [build["arn"]],
            "Detail": json.dumps(detail),
        }
        eventbridge._put_events({"Entries": [entry]}, allow_aws_source=True)  # noqa: SLF001

    builds.OBSERVERS.append(publish)


def _additional(build: Document) -> Document:
    return {
        "timeout-in-minutes": build["timeoutInMinutes"],
        "queued-timeout-in-minutes": build["queuedTimeoutInMinutes"],
        "build-complete": build["buildComplete"],
        "build-number": build["buildNumber"],
        "initiator": build["initiator"],
        "logs": {
            "group-name": build["logs"].get("groupName"),
            "stream-name": build["logs"].get("streamName"),
        },
        "phases": [
            {
                "phase-type": each["phaseType"],
                "phase-status": each.get("phaseStatus"),
                "phase-context": [
                    f"{context['statusCode']}: {context['message']}"
                    for context in each.get("contexts", ())
                ],
            }
            for each in build["phases"]
        ],
    }
