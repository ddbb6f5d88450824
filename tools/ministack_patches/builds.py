"""Gaps of ministack's CodeBuild: it runs no build, and asks for other rights than AWS."""

import contextvars
import json
import threading
import time
from collections.abc import Callable
from typing import Any

from ministack.core import iam_actions  # type: ignore[import-not-found]
from ministack.core.responses import (  # type: ignore[import-not-found]
    error_response_json,
    get_account_id,
    get_region,
    json_response,
)
from ministack.services import codebuild  # type: ignore[import-not-found]

from tools.ministack_patches import roles
from tools.ministack_patches.build_record import BuildRecord
from tools.ministack_patches.build_request import Document, RefusedError, submitted
from tools.ministack_patches.build_run import MINUTE_SECONDS, STOPPED, BuildRun
from tools.ministack_patches.build_turns import TURNS, QueueFullError

SERVICE = "codebuild.amazonaws.com"

STARTED_WITH = {
    "projectName",
    "environmentVariablesOverride",
    "timeoutInMinutesOverride",
    "queuedTimeoutInMinutesOverride",
    "idempotencyToken",
}
"""What StartBuild may be given here; anything else is refused instead of being lost."""

WRITES = (".CreateLogStream", ".PutLogEvents")

TOKEN_MINUTES = 5
"""How long an idempotency token is remembered."""

_runs: dict[str, BuildRun] = {}
_tokens: dict[tuple[str, str, str], tuple[float, Document, str]] = {}
_starting = threading.Lock()
OBSERVERS: list[Callable[[BuildRun], None]] = []
"""Called when the status of a build has changed."""


def running_builds() -> None:
    """Run a build's commands as processes of this machine.

    As shipped a build succeeds at once and runs nothing, or needs Docker. See `build_run`.
    """
    codebuild._start_build = _answering(start_build)  # noqa: SLF001
    codebuild._stop_build = _answering(stop_build)  # noqa: SLF001
    codebuild._batch_get_builds = _answering(batch_get_builds)  # noqa: SLF001


def _answering(handle: Callable[[Document], Document]) -> Callable[[Document], object]:
    def answer(request: Document) -> object:
        try:
            return json_response(handle(request))
        except RefusedError as refused:
            return error_response_json(*refused.args)

    return answer


def start_build(request: Document) -> Document:
    """Submit a build.

    https://docs.aws.amazon.com/codebuild/latest/APIReference/API_StartBuild.html

    Raises:
        RefusedError: as CodeBuild does, or because it is more than this local AWS can.
    """
    project = codebuild._projects.get(request["projectName"].rpartition("project/")[2])  # noqa: SLF001
    if project is None:
        raise RefusedError(
            "ResourceNotFoundException", f"Project cannot be found: {request['projectName']}"
        )
    if unknown := request.keys() - STARTED_WITH:
        raise RefusedError("InvalidInputException", f"not implemented locally: {sorted(unknown)}")
    account, region = get_account_id(), get_region()
    role = project["serviceRole"]
    if not roles.trusts(role, SERVICE, project["arn"], account, region):
        raise RefusedError(
            "InvalidInputException",
            f"CodeBuild is not authorized to perform: sts:AssumeRole on {role}",
        )
    with _starting:
        if earlier := _same(request, account, region):
            return {"build": earlier.build.copy()}
        run = BuildRun(BuildRecord(submitted(project, request, _number(project))), account, region)
        try:
            TURNS.submit(run.kind)
        except QueueFullError as error:
            raise RefusedError("AccountLimitExceededException", str(error)) from error
        identifier = run.build["id"]
        _runs[identifier] = run
        codebuild._builds[identifier] = run.build.copy()  # noqa: SLF001 - for the lists of builds
        if token := request.get("idempotencyToken"):
            _tokens[account, region, token] = (time.time(), request, identifier)
    # ministack knows account and region by the request's context, which has to outlive it.
    live = contextvars.copy_context().run
    threading.Thread(target=live, args=(run.live, _tell), daemon=True).start()
    return {"build": run.build.copy()}


def _same(request: Document, account: str, region: str) -> BuildRun | None:
    """The build that this very request, by its token, has started already."""
    before = _tokens.get((account, region, request.get("idempotencyToken", "")))
    if before is None or before[0] < time.time() - TOKEN_MINUTES * MINUTE_SECONDS:
        return None
    if before[1] != request:
        raise RefusedError(
            "InvalidInputException", "The idempotency token was used with other parameters"
        )
    return _runs[before[2]]


def _number(project: Document) -> int:
    """The number of the project's next build."""
    earlier = [run for run in _runs.values() if run.build["projectName"] == project["name"]]
    return len(earlier) + 1


def _tell(run: BuildRun) -> None:
    for observe in OBSERVERS:
        observe(run)


def stop_build(request: Document) -> Document:
    """Stop a build, unless it has ended.

    https://docs.aws.amazon.com/codebuild/latest/APIReference/API_StopBuild.html

    Raises:
        RefusedError: there is none.
    """
    run = _runs.get(_identifier(request["id"]))
    if run is None:
        raise RefusedError("ResourceNotFoundException", f"Build not found: {request['id']}")
    run.end(STOPPED)
    return {"build": run.build.copy()}


def batch_get_builds(request: Document) -> Document:
    """Builds by id or ARN.

    https://docs.aws.amazon.com/codebuild/latest/APIReference/API_BatchGetBuilds.html

    Raises:
        RefusedError: they are of several projects, of which only the first would be authorized.
    """
    if len({_identifier(each).rpartition(":")[0] for each in request["ids"]}) > 1:
        raise RefusedError(
            "InvalidInputException", "not implemented locally: builds of several projects"
        )
    found = [each for each in request["ids"] if _identifier(each) in _runs]
    return {
        "builds": [_runs[_identifier(each)].build.copy() for each in found],
        "buildsNotFound": [each for each in request["ids"] if each not in found],
    }


def _identifier(name: str) -> str:
    """The id in an id or an ARN of a build."""
    return name.rpartition("build/")[2]


def build_permissions() -> None:
    """Ask for the right to see or stop a build on its project's ARN.

    As shipped it is asked for on all resources, which a right on one project isn't.
    https://docs.aws.amazon.com/service-authorization/latest/reference/list_awscodebuild.html
    """
    extract = iam_actions.extract_resource_arn

    def extract_project(service: str, *rest: Any) -> str:  # noqa: ANN401
        if service == "codebuild":
            _method, _path, _headers, body, _parameters, region, account = rest
            request = json.loads(body or b"{}")
            builds = [request.get("id"), *(request.get("ids") or ())]
            for each in filter(None, builds):
                name = _identifier(each).rpartition(":")[0]
                return f"arn:aws:codebuild:{region}:{account}:project/{name}"
        arn: str = extract(service, *rest)
        return arn

    iam_actions.extract_resource_arn = extract_project


def log_permissions() -> None:
    """Ask for the right to write a log on the ARN of its stream.

    As shipped it is asked for on the group's, which `log-group:<name>:*` doesn't name.
    https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazoncloudwatchlogs.html
    """
    extract = iam_actions.extract_resource_arn

    def extract_stream(service: str, *rest: Any) -> str:  # noqa: ANN401
        arn: str = extract(service, *rest)
        _method, _path, headers, body, *_ = rest
        if service == "logs" and headers.get("x-amz-target", "").endswith(WRITES):
            return f"{arn}:log-stream:{json.loads(body).get('logStreamName')}"
        return arn

    iam_actions.extract_resource_arn = extract_stream
