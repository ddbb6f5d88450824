"""What Lifeboat relies on is in Neon's contract: a contract that changed breaks a test by name."""

from typing import Any

import pytest
from pydantic import BaseModel

from lifeboat.neon import answers, records
from lifeboat.neon.policy.refusals import GeneralError
from lifeboat.neon.records import Frequency, OperationStatus
from tests.support.neon_contract import Contract, contract

SCHEMAS: dict[type[BaseModel], str] = {
    records.Project: "Project",
    records.ProjectSettings: "ProjectSettingsData",
    records.Quota: "ProjectQuota",
    records.Owner: "ProjectOwnerData",
    records.Branch: "Branch",
    records.Operation: "Operation",
    records.Endpoint: "Endpoint",
    records.Database: "Database",
    records.Role: "Role",
    records.Snapshot: "Snapshot",
    records.ScheduleItem: "BackupScheduleItem",
    records.KeyDetails: "AuthDetailsResponse",
    GeneralError: "GeneralError",
    answers.Pagination: "CursorPagination",
    answers.ProjectAnswer: "ProjectResponse",
    answers.BranchAnswer: "BranchResponse",
    answers.OperationAnswer: "OperationResponse",
    answers.Operations: "OperationsResponse",
    answers.DatabasesAnswer: "DatabasesResponse",
    answers.RolesAnswer: "RolesResponse",
    answers.ScheduleAnswer: "BackupSchedule",
    answers.ConnectionUriAnswer: "ConnectionURIResponse",
}

FIELDS = [(kind, name) for kind in SCHEMAS for name in kind.model_fields]

#: Method, path, query, names in the body, and the status of a success.
OPERATIONS = {
    "getAuthDetails": ("GET", "/auth", (), (), 200),
    "getProject": ("GET", "/projects/{project_id}", (), (), 200),
    "listProjectBranches": (
        "GET",
        "/projects/{project_id}/branches",
        ("limit", "sort_by", "cursor"),
        (),
        200,
    ),
    "createProjectBranch": (
        "POST",
        "/projects/{project_id}/branches",
        (),
        (
            "branch.name",
            "branch.parent_id",
            "branch.parent_timestamp",
            "branch.expires_at",
            "endpoints.type",
            "endpoints.autoscaling_limit_max_cu",
        ),
        201,
    ),
    "getProjectBranch": ("GET", "/projects/{project_id}/branches/{branch_id}", (), (), 200),
    "deleteProjectBranch": ("DELETE", "/projects/{project_id}/branches/{branch_id}", (), (), 204),
    "restoreProjectBranch": (
        "POST",
        "/projects/{project_id}/branches/{branch_id}/restore",
        (),
        ("source_branch_id", "source_timestamp", "preserve_under_name"),
        200,
    ),
    "listProjectBranchDatabases": (
        "GET",
        "/projects/{project_id}/branches/{branch_id}/databases",
        (),
        (),
        200,
    ),
    "createProjectBranchDatabase": (
        "POST",
        "/projects/{project_id}/branches/{branch_id}/databases",
        (),
        ("database.name", "database.owner_name"),
        201,
    ),
    "deleteProjectBranchDatabase": (
        "DELETE",
        "/projects/{project_id}/branches/{branch_id}/databases/{database_name}",
        (),
        (),
        204,
    ),
    "createProjectBranchRole": (
        "POST",
        "/projects/{project_id}/branches/{branch_id}/roles",
        (),
        ("role.name",),
        201,
    ),
    "listProjectBranchRoles": (
        "GET",
        "/projects/{project_id}/branches/{branch_id}/roles",
        (),
        (),
        200,
    ),
    "getConnectionURI": (
        "GET",
        "/projects/{project_id}/connection_uri",
        ("branch_id", "database_name", "role_name", "pooled"),
        (),
        200,
    ),
    "getProjectOperation": (
        "GET",
        "/projects/{project_id}/operations/{operation_id}",
        (),
        (),
        200,
    ),
    "listSnapshots": ("GET", "/projects/{project_id}/snapshots", (), (), 200),
    "getSnapshotSchedule": (
        "GET",
        "/projects/{project_id}/branches/{branch_id}/backup_schedule",
        (),
        (),
        200,
    ),
}

PLANS = {
    *("UNKNOWN", "direct_sales", "direct_sales_v3", "aws_marketplace", "free_v2", "free_v3"),
    *("launch", "launch_v3", "scale", "scale_v3", "business", "vercel_pg_legacy"),
}
"""Whoever decides by a plan has to know them all."""


@pytest.fixture(scope="session")
def neon() -> Contract:
    return contract()


@pytest.mark.parametrize(
    ("kind", "name"), FIELDS, ids=[f"{kind.__name__}.{name}" for kind, name in FIELDS]
)
def test_a_field_is_in_the_contract(neon: Contract, kind: type[BaseModel], name: str) -> None:
    theirs = neon.schema(SCHEMAS[kind])
    assert name in theirs["properties"], "Neon has dropped or renamed it"
    if kind.model_fields[name].is_required():
        assert name in theirs.get("required", ()), "Neon may leave it out now"
    assert _kinds(neon, theirs["properties"][name]) == _our_kinds(kind, name)


def test_fields_that_people_are_warned_by_count_what_they_say(neon: Contract) -> None:
    project, quota = neon.schema("Project"), neon.schema("ProjectQuota")
    transfer = project["properties"]["data_transfer_bytes"]["description"]
    assert "Egress traffic" in transfer
    assert "reset at the beginning of each billing period" in transfer
    assert "all active computes\nare automatically suspended" in quota["description"]
    history = project["properties"]["history_retention_seconds"]["description"]
    assert "number of seconds to retain the shared history" in history


@pytest.mark.parametrize("name", OPERATIONS)
def test_a_request_is_in_the_contract(neon: Contract, name: str) -> None:
    method, path, query, body, status = OPERATIONS[name]
    operation = neon.operation(method, path)
    assert (operation.name, operation.template) == (name, path)
    assert {*query} <= operation.parameters("query").keys()
    for place in body:
        node = operation.body_schema()
        for part in place.split("."):
            assert node is not None
            node = neon.properties(neon.resolve(node).get("items", node))[0].get(part)
        assert node is not None, f"{place} is gone"
    assert str(status) in operation.content["responses"]
    assert operation.content.get("deprecated") is None


def test_the_statuses_of_an_operation_are_those_that_are_waited_for(neon: Contract) -> None:
    assert set(neon.schema("OperationStatus")["enum"]) == set(OperationStatus)


def test_the_plans_are_known(neon: Contract) -> None:
    assert set(neon.schema("BillingSubscriptionType")["enum"]) == PLANS


def test_the_kinds_of_keys_are_known(neon: Contract) -> None:
    methods = neon.schema("AuthDetailsResponse")["properties"]["auth_method"]["enum"]
    assert {*methods} >= {"api_key_user", "api_key_org"}


def test_a_schedule_has_the_frequencies_that_are_known(neon: Contract) -> None:
    told = neon.schema("BackupScheduleItem")["properties"]["frequency"]["description"]
    assert {each.strip(" -`") for each in told.splitlines()[1:] if each} == set(Frequency)


def test_what_may_be_repeated_is_what_the_contract_says(neon: Contract) -> None:
    told = neon.document["components"]["responses"]["GeneralError"]["description"]
    assert "Any request that returns a `503 Service Unavailable` response is always safe" in told
    assert "Any request that returns a `423 Locked` response is safe to retry" in told
    assert "`GET`, `HEAD`, and `OPTIONS`. Retrying these methods is **safe**" in told
    assert "`POST`, `PATCH`, `DELETE`, and `PUT`. Retrying these methods is generally **not" in told


def _kinds(neon: Contract, schema: Any) -> set[str]:
    schema = neon.resolve(schema)
    parts = schema.get("allOf", [schema])
    return {str(neon.resolve(each).get("type")) for each in parts}


def _our_kinds(kind: type[BaseModel], name: str) -> set[str]:
    whole = kind.model_json_schema()
    ours = whole["properties"][name]
    found = {
        whole["$defs"][each["$ref"].split("/")[-1]]["type"] if "$ref" in each else each["type"]
        for each in ours.get("anyOf", [ours])
    }
    return found - {"null"}
