"""Which request of Neon's API does what."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from urllib.parse import quote, unquote

from local.neon import documents
from local.neon.control import ControlPlane
from local.neon.documents import Json
from local.neon.model import Branch, Endpoint, Operation, RefusedRequest

_CREATED = 201
_OK = 200
_NOTHING = 204


@dataclass(frozen=True)
class Asked:
    """A request that may be answered.

    Attributes:
        path: below the API's base.
        key_method: whose the key is, as `GET /auth` says.
    """

    method: str
    path: str
    query: Mapping[str, str]
    body: object
    key_method: str


@dataclass(frozen=True)
class Told:
    """An answer; no body for 204."""

    status: int
    body: object = None
    headers: dict[str, str] = field(default_factory=dict)


def answer(control: ControlPlane, asked: Asked) -> Told:
    """Carry out a request.

    Raises:
        RefusedRequest: it can't be.
    """
    control.expire()
    if (asked.method, asked.path) == ("GET", "/auth"):
        body = {"account_id": "org-fake-1", "auth_method": asked.key_method}
        return Told(_OK, body)
    prefix = f"/projects/{control.project.id}"
    if asked.path != prefix and not asked.path.startswith(f"{prefix}/"):
        raise RefusedRequest(404, "project not found")
    place = asked.path.removeprefix(prefix)
    for (method, pattern), carry_out in _ROUTES.items():
        found = re.fullmatch(pattern, place)
        if found and method == asked.method:
            return carry_out(control, asked, *found.groups())
    raise RefusedRequest(404, "this request is not part of the stand-in")


def _project(control: ControlPlane, _: Asked) -> Told:
    return Told(_OK, {"project": documents.project(control.project)})


def _branches(control: ControlPlane, asked: Asked) -> Told:
    everything = [*control.project.branches.values()]
    begin = int(asked.query.get("cursor") or 0)
    page = everything[begin : begin + int(asked.query.get("limit") or len(everything))]
    pagination: Json = {"sort_by": "created_at", "sort_order": "desc"}
    if begin + len(page) < len(everything):
        pagination["next"] = str(begin + len(page))
    body = {
        "branches": [documents.branch(each, control.project.id) for each in page],
        "annotations": {},
        "pagination": pagination,
    }
    return Told(_OK, body)


def _branch(control: ControlPlane, _: Asked, branch_id: str) -> Told:
    annotation = {"object": {"type": "console/branch", "id": branch_id}, "value": {}}
    document = _document(control, _known(control, branch_id))
    return Told(_OK, {"branch": document, "annotation": annotation})


def _create(control: ControlPlane, asked: Asked) -> Told:
    wanted, endpoints = _part(asked.body, "branch"), _list(asked.body, "endpoints")
    parent = str(wanted.get("parent_id") or control.project.main.id)
    now = control.now()
    branch = Branch(
        str(wanted.get("name") or f"br-{now:%Y%m%d%H%M%S}"),
        now,
        parent_id=parent,
        parent_timestamp=_moment(wanted.get("parent_timestamp")),
        protected=bool(wanted.get("protected")),
        expires_at=_moment(wanted.get("expires_at")),
    )
    endpoint = None
    if endpoints:
        largest = endpoints[0].get("autoscaling_limit_max_cu") or 0.25
        endpoint = Endpoint(branch.id, float(str(largest)))
    operations = control.create(branch, endpoint)
    body = {
        "branch": _document(control, branch),
        "endpoints": [documents.endpoint(endpoint, control.project.id)] if endpoint else [],
        "operations": [documents.operation(each, control.project.id) for each in operations],
        "roles": [],
        "databases": [],
    }
    return Told(_CREATED, body)


def _delete(control: ControlPlane, _: Asked, branch_id: str) -> Told:
    begun = control.delete(branch_id)
    return _change(control, *begun) if begun else Told(_NOTHING)


def _restore(control: ControlPlane, asked: Asked, branch_id: str) -> Told:
    wanted = _part({"body": asked.body}, "body")
    keep_as = wanted.get("preserve_under_name")
    return _change(
        control,
        *control.restore(
            branch_id,
            str(wanted["source_branch_id"]),
            _moment(wanted.get("source_timestamp")),
            str(keep_as) if keep_as else None,
        ),
    )


def _restore_snapshot(control: ControlPlane, asked: Asked, snapshot_id: str) -> Told:
    wanted = _part({"body": asked.body}, "body")
    if wanted.get("finalize_restore"):
        raise RefusedRequest(404, "replacing a branch is not part of the stand-in")
    now = control.now()
    branch = Branch(str(wanted.get("name") or f"br-{now:%Y%m%d%H%M%S}"), now)
    return _change(control, branch, control.branch_of_snapshot(snapshot_id, branch))


def _update(control: ControlPlane, asked: Asked, branch_id: str) -> Told:
    at = _moment(_part(asked.body, "branch").get("expires_at"))
    return _change(control, *control.let_expire(branch_id, at))


def _create_compute(control: ControlPlane, asked: Asked) -> Told:
    wanted = _part(asked.body, "endpoint")
    largest = wanted.get("autoscaling_limit_max_cu") or 0.25
    endpoint = Endpoint(str(wanted["branch_id"]), float(str(largest)))
    operations = control.create_compute(endpoint)
    body = {
        "endpoint": documents.endpoint(endpoint, control.project.id),
        "operations": [documents.operation(each, control.project.id) for each in operations],
    }
    return Told(_CREATED, body)


def _operation(control: ControlPlane, _: Asked, operation_id: str) -> Told:
    operation = control.project.operations.get(operation_id)
    if operation is None:
        raise RefusedRequest(404, "operation not found")
    return Told(_OK, {"operation": documents.operation(operation, control.project.id)})


def _databases(control: ControlPlane, _: Asked, branch_id: str) -> Told:
    branch = _known(control, branch_id)
    rows = enumerate(control.line_of(branch).databases(), start=1)
    found = [documents.database(number, name, owner, branch) for number, (name, owner) in rows]
    return Told(_OK, {"databases": found})


def _roles(control: ControlPlane, _: Asked, branch_id: str) -> Told:
    branch = _known(control, branch_id)
    found = [documents.role(name, branch) for name in control.line_of(branch).roles()]
    return Told(_OK, {"roles": found})


def _create_role(control: ControlPlane, asked: Asked, branch_id: str) -> Told:
    branch, name = _known(control, branch_id), str(_part(asked.body, "role")["name"])
    operations = control.change(branch, lambda line: line.add_role(name))
    return _made(control, operations, role=documents.role(name, branch))


def _create_database(control: ControlPlane, asked: Asked, branch_id: str) -> Told:
    branch, wanted = _known(control, branch_id), _part(asked.body, "database")
    name, owner = str(wanted["name"]), str(wanted["owner_name"])
    operations = control.change(branch, lambda line: line.add_database(name, owner))
    return _made(control, operations, database=documents.database(1, name, owner, branch))


def _delete_database(control: ControlPlane, _: Asked, branch_id: str, name: str) -> Told:
    branch, plain = _known(control, branch_id), unquote(name)
    owners = dict(control.line_of(branch).databases())
    if plain not in owners:
        return Told(_NOTHING)
    operations = control.change(branch, lambda line: line.drop_database(plain))
    document = documents.database(1, plain, owners[plain], branch)
    return _made(control, operations, status=_OK, database=document)


def _connection_uri(control: ControlPlane, asked: Asked) -> Told:
    branch = _known(control, asked.query.get("branch_id") or control.project.main.id)
    line = control.line_of(branch)
    role, database = asked.query["role_name"], asked.query["database_name"]
    if database not in [name for name, _ in line.databases()]:
        raise RefusedRequest(404, "database not found")
    if role not in line.passwords:
        raise RefusedRequest(404, "role not found")
    if branch.endpoint is None or branch.endpoint.gateway is None:
        raise RefusedRequest(404, "endpoint not found")
    login = f"{quote(role, safe='')}:{quote(line.passwords[role], safe='')}"
    address = f"127.0.0.1:{branch.endpoint.gateway.port}"
    return Told(_OK, {"uri": f"postgresql://{login}@{address}/{quote(database, safe='')}"})


def _snapshots(control: ControlPlane, _: Asked) -> Told:
    found = [documents.snapshot(each) for each in control.project.snapshots]
    return Told(_OK, {"snapshots": found})


def _schedule(control: ControlPlane, _: Asked, branch_id: str) -> Told:
    return Told(_OK, {"schedule": _known(control, branch_id).schedule})


_ID = "([a-z0-9-]+)"
_ROUTES: dict[tuple[str, str], Callable[..., Told]] = {
    ("GET", ""): _project,
    ("GET", "/branches"): _branches,
    ("POST", "/branches"): _create,
    ("GET", f"/branches/{_ID}"): _branch,
    ("DELETE", f"/branches/{_ID}"): _delete,
    ("PATCH", f"/branches/{_ID}"): _update,
    ("POST", "/endpoints"): _create_compute,
    ("POST", f"/branches/{_ID}/restore"): _restore,
    ("GET", f"/branches/{_ID}/databases"): _databases,
    ("POST", f"/branches/{_ID}/databases"): _create_database,
    ("DELETE", f"/branches/{_ID}/databases/([^/]+)"): _delete_database,
    ("GET", f"/branches/{_ID}/roles"): _roles,
    ("POST", f"/branches/{_ID}/roles"): _create_role,
    ("GET", f"/branches/{_ID}/backup_schedule"): _schedule,
    ("GET", f"/operations/{_ID}"): _operation,
    ("GET", "/connection_uri"): _connection_uri,
    ("GET", "/snapshots"): _snapshots,
    ("POST", f"/snapshots/{_ID}/restore"): _restore_snapshot,
}


def _change(control: ControlPlane, branch: Branch, operations: list[Operation]) -> Told:
    body = {
        "branch": _document(control, branch),
        "operations": [documents.operation(each, control.project.id) for each in operations],
    }
    return Told(_OK, body)


def _made(
    control: ControlPlane, operations: list[Operation], status: int = _CREATED, **what: Json
) -> Told:
    """Something of a branch that is being made or deleted."""
    begun = [documents.operation(each, control.project.id) for each in operations]
    return Told(status, {**what, "operations": begun})


def _document(control: ControlPlane, branch: Branch) -> Json:
    return documents.branch(branch, control.project.id)


def _known(control: ControlPlane, branch_id: str) -> Branch:
    branch = control.project.branches.get(branch_id)
    if branch is None:
        raise RefusedRequest(404, "branch not found")
    return branch


def _part(body: object, name: str) -> Json:
    found = body.get(name) if isinstance(body, dict) else None
    return found if isinstance(found, dict) else {}


def _list(body: object, name: str) -> list[Json]:
    found = body.get(name) if isinstance(body, dict) else None
    return found if isinstance(found, list) else []


def _moment(text: object) -> datetime | None:
    return datetime.fromisoformat(str(text)) if text else None
