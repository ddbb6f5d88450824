"""What StartBuild makes of a project and a request: the document of a build."""

import time
from typing import Any
from uuid import uuid4

from ministack.core.responses import (  # type: ignore[import-not-found]
    get_account_id,
    get_region,
)

Document = dict[str, Any]

QUEUED_MINUTES = 480


class RefusedError(Exception):
    """A request that CodeBuild refuses: its error code, and why."""


def submitted(project: Document, request: Document, number: int) -> Document:
    """The document of a new build, the project's `number`th.

    Raises:
        RefusedError: it has what this local AWS hasn't.
    """
    name, uuid = project["name"], str(uuid4())
    limits = {
        key: int(request.get(f"{key}Override") or project.get(key) or default)
        for key, default in (("timeoutInMinutes", 60), ("queuedTimeoutInMinutes", 480))
    }
    sources = [project["source"], *(project.get("secondarySources") or ())]
    for source in sources:
        if source["type"] not in ("S3", "NO_SOURCE"):
            raise RefusedError(
                "InvalidInputException", f"not implemented locally: sources of {source['type']}"
            )
    cloudwatch = (project.get("logsConfig") or {}).get("cloudWatchLogs") or {"status": "ENABLED"}
    return {
        "id": f"{name}:{uuid}",
        "arn": f"arn:aws:codebuild:{get_region()}:{get_account_id()}:build/{name}:{uuid}",
        "buildNumber": number,
        "startTime": time.time(),
        "currentPhase": "QUEUED",
        "buildStatus": "IN_PROGRESS",
        "projectName": name,
        "phases": [],
        "source": project["source"],
        "secondarySources": project.get("secondarySources") or [],
        "artifacts": {"location": ""},
        "environment": project["environment"] | {"environmentVariables": _merged(project, request)},
        "serviceRole": project["serviceRole"],
        "logs": {"cloudWatchLogs": cloudwatch},
        "logsConfig": project.get("logsConfig") or {},
        "buildComplete": False,
        "initiator": "lifeboat-local",
        "encryptionKey": project["encryptionKey"],
        **limits,
    }


def _merged(project: Document, request: Document) -> list[Document]:
    """The project's variables, or instead of them those of the request of the same name."""
    variables = {
        each["name"]: {"type": "PLAINTEXT"} | each
        for each in (
            *(project["environment"].get("environmentVariables") or ()),
            *(request.get("environmentVariablesOverride") or ()),
        )
    }
    for each in variables.values():
        if each["type"] != "PLAINTEXT":
            raise RefusedError(
                "InvalidInputException", f"not implemented locally: variables of {each['type']}"
            )
    return [*variables.values()]
