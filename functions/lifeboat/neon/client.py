"""What Lifeboat asks of Neon: about a project, its branches, and what Neon itself can give back.

Every method raises an error of the tree below `ProviderError`; `NeonApi` says when a request is
repeated. Ids and names are checked before they become a part of a URL.
"""

import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime

from lifeboat.errors import ProviderDownError, RefusedError
from lifeboat.model.text import line
from lifeboat.neon.answers import (
    BranchAnswer,
    BranchChange,
    BranchesAnswer,
    ConnectionUri,
    ConnectionUriAnswer,
    DatabasesAnswer,
    NewBranch,
    OperationAnswer,
    Operations,
    ProjectAnswer,
    RolesAnswer,
    ScheduleAnswer,
    SnapshotsAnswer,
)
from lifeboat.neon.api import Request
from lifeboat.neon.asking import ProjectRequests
from lifeboat.neon.policy.refusals import not_the_contract, operation_failed, still_busy
from lifeboat.neon.policy.wire import identifier, wire_moment, wire_second
from lifeboat.neon.records import (
    Branch,
    Database,
    KeyDetails,
    Operation,
    Project,
    Role,
    ScheduleItem,
    Snapshot,
)
from lifeboat.runtime.timeouts import timeouts

_PAGE = 100
_MAX_PAGES = 100
_WRITABLE = "read_write"


@dataclass(frozen=True)
class NeonProject(ProjectRequests):
    """One project of Neon, through its API."""

    def details(self) -> Project:
        """Plan, history window, quotas, and what was used in this billing period.

        It wakes no compute: https://neon.com/docs/reference/api
        """
        request = self.request(f"read the project {self.project_id}")
        return self.ask(ProjectAnswer, request).project

    def key_details(self) -> KeyDetails:
        """Whose the API key is."""
        return self.ask(KeyDetails, Request(purpose="read whose the key is", path=("auth",)))

    def branches(self) -> tuple[Branch, ...]:
        """All branches, without deleted ones."""
        return tuple(self._pages())

    def branch(self, branch_id: str) -> Branch:
        """One branch."""
        request = self.request(f"read the branch {branch_id}", "branches", branch_id)
        return self.ask(BranchAnswer, request).branch

    def create_branch(
        self,
        name: str,
        *,
        expires_at: datetime,
        parent_id: str | None = None,
        at: datetime | None = None,
        largest_cu: float | None = None,
    ) -> NewBranch:
        """Make a branch with a compute to read and write; wait for its operations.

        Args:
            name: 1 to 256 characters.
            expires_at: when Neon deletes it, in whole seconds: what nobody deletes ends then.
            parent_id: default is the project's default branch.
            at: the moment of the parent's history that it has; default is now.
            largest_cu: how far its compute may grow, in compute units of Neon; 0.25 at least.
        """
        branch: dict[str, object] = {"name": name, "expires_at": wire_second(expires_at)}
        if parent_id is not None:
            branch["parent_id"] = identifier(parent_id)
        if at is not None:
            branch["parent_timestamp"] = wire_moment(at)
        endpoint: dict[str, object] = {"type": _WRITABLE}
        if largest_cu is not None:
            endpoint["autoscaling_limit_max_cu"] = largest_cu
        request = self.request(
            f"make the branch {name}",
            "branches",
            method="POST",
            body={"branch": branch, "endpoints": [endpoint]},
        )
        return self.ask(NewBranch, request)

    def delete_branch(self, branch_id: str) -> tuple[Operation, ...]:
        """Delete a branch; wait for the operations. None if it was gone already.

        Neon can recover it for 7 days.
        """
        request = self.request(
            f"delete the branch {branch_id}", "branches", branch_id, method="DELETE"
        )
        body = self.api.send(request)
        return self.read(BranchChange, request, body).operations if body else ()

    def restore_branch(
        self,
        branch_id: str,
        *,
        at: datetime | None,
        preserve_under: str,
        source_id: str | None = None,
    ) -> BranchChange:
        """Throw a whole branch back to a moment; wait for the operations.

        Args:
            branch_id: of a root branch. Its connection string stays the same.
            at: the moment; None is the newest state of another branch.
            preserve_under: the name of a new branch that keeps the present state.
            source_id: whose history `at` is of; default is the branch itself.

        Raises:
            RefusedError: the present state would not be kept, or nothing would be restored.
        """
        if not preserve_under:
            raise RefusedError(
                "The present state of the branch would not be kept.",
                todo="Give a name for the branch that keeps it.",
            )
        source = identifier(source_id or branch_id)
        if at is None and source == branch_id:
            todo = "Give a moment, or another branch."
            raise RefusedError("A branch has its own newest state already.", todo=todo)
        moment = {} if at is None else {"source_timestamp": wire_moment(at)}
        request = self.request(
            f"restore the branch {branch_id}",
            "branches",
            branch_id,
            "restore",
            method="POST",
            body={
                "source_branch_id": source,
                "preserve_under_name": preserve_under,
                **moment,
            },
        )
        return self.ask(BranchChange, request)

    def databases(self, branch_id: str) -> tuple[Database, ...]:
        """All databases of a branch."""
        return self.ask(DatabasesAnswer, self._of_branch(branch_id, "databases")).databases

    def roles(self, branch_id: str) -> tuple[Role, ...]:
        """All roles of a branch."""
        return self.ask(RolesAnswer, self._of_branch(branch_id, "roles")).roles

    def snapshots(self) -> tuple[Snapshot, ...]:
        """All snapshots of the project. The contract calls this beta."""
        request = self.request("list the project's snapshots", "snapshots")
        return self.ask(SnapshotsAnswer, request).snapshots

    def restore_snapshot(self, snapshot_id: str, *, name: str, branch_id: str) -> BranchChange:
        """Make a branch that has what a snapshot has; wait for the operations. The contract: beta.

        It replaces no branch ("finalize_restore" is false), has no compute, and does not expire.

        Args:
            snapshot_id: of the snapshot.
            name: of the new branch.
            branch_id: of the branch that it could replace.
        """
        request = self.request(
            f"make a branch of the snapshot {snapshot_id}",
            "snapshots",
            snapshot_id,
            "restore",
            method="POST",
            body={
                "name": name,
                "target_branch_id": identifier(branch_id),
                "finalize_restore": False,
            },
        )
        return self.ask(BranchChange, request)

    def let_expire(self, branch_id: str, at: datetime) -> BranchChange:
        """Have Neon delete a branch at a moment, in whole seconds; wait for the operations."""
        request = self.request(
            f"let the branch {branch_id} expire",
            "branches",
            branch_id,
            method="PATCH",
            body={"branch": {"expires_at": wire_second(at)}},
        )
        return self.ask(BranchChange, request)

    def create_compute(self, branch_id: str, *, largest_cu: float) -> Operations:
        """Give a branch that has none a compute to read and write; wait for the operations.

        Args:
            branch_id: of the branch.
            largest_cu: how far it may grow, in compute units of Neon; 0.25 at least.
        """
        request = self.request(
            f"make a compute for the branch {branch_id}",
            "endpoints",
            method="POST",
            body={
                "endpoint": {
                    "branch_id": identifier(branch_id),
                    "type": _WRITABLE,
                    "autoscaling_limit_max_cu": largest_cu,
                }
            },
        )
        return self.ask(Operations, request)

    def backup_schedule(self, branch_id: str) -> tuple[ScheduleItem, ...]:
        """The schedule of snapshots of a branch; empty if it has none. The contract: beta."""
        return self.ask(ScheduleAnswer, self._of_branch(branch_id, "backup_schedule")).schedule

    def connection_uri(self, branch_id: str, *, database: str, role: str) -> ConnectionUri:
        """How to connect to a branch directly, past the pooler, with the role's password.

        Roles on a child of a protected branch have passwords of their own, so a URI of the parent
        doesn't do: https://neon.com/docs/guides/protected-branches
        """
        request = self.request(
            f"read how to connect to the branch {branch_id}",
            "connection_uri",
            query={
                "branch_id": identifier(branch_id),
                "database_name": database,
                "role_name": role,
                "pooled": "false",
            },
        )
        return ConnectionUri(self.ask(ConnectionUriAnswer, request).uri)

    def operation(self, operation_id: str) -> Operation:
        """One operation."""
        request = self.request(f"read the operation {operation_id}", "operations", operation_id)
        return self.ask(OperationAnswer, request).operation

    def wait_for(self, operations: Iterable[Operation], *, seconds: float) -> None:
        """Wait until all operations have ended well.

        Args:
            operations: of an answer; what they are about is ready when they have ended.
            seconds: how long to wait at most.

        Raises:
            ProviderOperationError: one failed or was cancelled.
            ProviderBusyError: time was up; Neon goes on with them.
        """
        deadline = time.monotonic() + seconds
        for operation in operations:
            self._wait_for_one(operation, deadline, seconds)

    def _wait_for_one(self, operation: Operation, deadline: float, seconds: float) -> None:
        asking = replace(self, api=replace(self.api, until=min(self.api.until, deadline)))
        while not operation.status.succeeded:
            if operation.status.failed:
                raise operation_failed(operation, self.api.key)
            left = deadline - time.monotonic()
            if left <= 0:
                raise still_busy(
                    f"Neon's operation {line(operation.action)} has not ended after {seconds:g}"
                    f' seconds; it was "{operation.status}" when Neon last said so. Neon goes on'
                    " with it."
                )
            time.sleep(min(timeouts().provider_poll_seconds, left / 2))
            try:
                operation = asking.operation(operation.id)
            except ProviderDownError:
                if time.monotonic() < deadline:  # else it was cut short by our own deadline
                    raise

    def _pages(self) -> Iterator[Branch]:
        query = {"limit": str(_PAGE), "sort_by": "created_at"}
        seen: set[str] = set()
        for _ in range(_MAX_PAGES):
            request = self.request("list the project's branches", "branches", query=query)
            page = self.ask(BranchesAnswer, request)
            yield from page.branches
            cursor = page.pagination.next if page.pagination else None
            # The contract doesn't say how the last page looks: without a cursor, or empty.
            if not cursor or not page.branches:
                return
            if cursor in seen:
                raise not_the_contract(request.purpose, "pagination.next: pages go in a circle")
            seen.add(cursor)
            query = {**query, "cursor": cursor}
        raise not_the_contract(request.purpose, f"it goes on after {_MAX_PAGES} pages")

    def _of_branch(self, branch_id: str, what: str) -> Request:
        purpose = f"read the {what.replace('_', ' ')} of the branch {branch_id}"
        return self.request(purpose, "branches", branch_id, what)
