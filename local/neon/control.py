"""Neon's control plane: what may be done to a project's branches, and how long it takes.

Which status Neon refuses with is not in its contract, which has one general error. The ones here
were seen by users of Neon (423 while operations run, 422 with BRANCHES_LIMIT_EXCEEDED), or are
guesses.
"""

import threading
import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

import psycopg

from lifeboat.errors import LifeboatError
from local.neon.gateway import Gateway
from local.neon.model import Branch, Endpoint, Operation, Project, RefusedRequest, Snapshot
from local.neon.storage import Line, Storage

type Work = Callable[[], None]


class ControlPlane:
    """One project, and the servers that have its data.

    Attributes:
        project: its state; tests change it.
        operation_seconds: how long each operation takes at least.
        failing: actions of the next operations that fail, each once.
        makes_copies: whether a new branch has data of its own, which takes a second; else it is one
            more way to those of its parent, for who doesn't look into it.
        restores_protected: whether a protected branch can be thrown back. Neon's documentation says
            that it can't be deleted or reset from its parent, and nothing of its own history.
        is_punctual: whether what has expired is deleted at once; Neon says "at or soon after".
    """

    def __init__(self, root: Path | None, project: Project) -> None:
        self.project = project
        self.operation_seconds = 0.1
        self.failing: list[str] = []
        self.makes_copies = True
        self.restores_protected = True
        self.is_punctual = True
        self._storage = Storage(root, project.pg_version)
        self._ahead = timedelta(0)
        self._lock = threading.RLock()
        self._workers: list[threading.Thread] = []
        main = Branch("main", project.created_at, default=True, state="ready")
        main.endpoint = Endpoint(main.id, largest_cu=1)
        project.branches[main.id] = main

    def now(self) -> datetime:
        """The time by which branches expire."""
        return datetime.now(UTC) + self._ahead

    def advance(self, time_passed: timedelta) -> None:
        """Let time pass: what expires meanwhile is gone. Servers notice nothing."""
        self._ahead += time_passed
        self.expire()

    def expire(self) -> None:
        """Delete what has expired, if that is done at once."""
        if not self.is_punctual:
            return
        with self._lock:
            for branch in [*self.project.branches.values()]:
                if branch.expires_at and branch.expires_at <= self.now():
                    self._remove(branch)

    def line_of(self, branch: Branch) -> Line:
        """The data of a branch; those of the default branch are made when first needed."""
        with self._lock:
            if branch.line is None and branch.default:
                branch.line = self._storage.first()
                self._serve(branch)
            line = branch.line or branch.borrowed
            if line is None:
                raise RefusedRequest(412, "the branch is not ready yet")
            return line

    def create(self, wanted: Branch, endpoint: Endpoint | None) -> list[Operation]:
        """Make a branch; `wanted` has a parent."""
        with self._lock:
            self._require_idle()
            self._require_new_name(wanted.name)
            self._require_room()
            if self.project.suspended:
                raise RefusedRequest(402, "Your project has exceeded the data transfer quota.")
            parent = self._branch(wanted.parent_id)
            self._require_in_history(wanted.parent_timestamp)
            source = self.line_of(parent)
            self.project.branches[wanted.id] = wanted

            def make() -> None:
                at, apart = wanted.parent_timestamp, parent.protected
                if self.makes_copies:
                    wanted.line = self._storage.branch(source, at, new_passwords=apart)
                else:
                    wanted.borrowed = source
                wanted.state = "ready"

            steps: list[tuple[str, Work]] = [("create_branch", make)]
            if endpoint:
                wanted.endpoint = endpoint
                steps.append(("start_compute", lambda: self._serve(wanted)))
            return self._begin(wanted.id, steps)

    def delete(self, branch_id: str) -> tuple[Branch, list[Operation]] | None:
        """Delete a branch; None if there is none."""
        with self._lock:
            branch = self.project.branches.get(branch_id)
            if branch is None:
                return None
            self._require_idle()
            children = [
                each.name for each in self.project.branches.values() if each.parent_id == branch_id
            ]
            if branch.default or branch.protected or children:
                raise RefusedRequest(422, "cannot delete a default, protected or parent branch")
            return branch, self._begin(
                branch_id,
                [("suspend_compute", _nothing), ("delete_timeline", lambda: self._remove(branch))],
            )

    def restore(
        self, branch_id: str, source_id: str, at: datetime | None, keep_as: str | None
    ) -> tuple[Branch, list[Operation]]:
        """Throw a branch back; the old state becomes its parent, under the name `keep_as`."""
        with self._lock:
            self._require_idle()
            branch, source = self._branch(branch_id), self._branch(source_id)
            if source is branch and at is None:
                raise RefusedRequest(400, "source_timestamp or source_lsn is required")
            if source is branch and not keep_as:
                raise RefusedRequest(400, "preserve_under_name is required")
            if branch.protected and not self.restores_protected:
                raise RefusedRequest(422, "the branch is protected")
            self._require_in_history(at)
            if keep_as:
                self._require_new_name(keep_as)
            line = self.line_of(source)
            branch.state = "resetting"

            def throw_back() -> None:
                new = self._storage.branch(line, at, new_passwords=False)
                with self._lock:
                    if keep_as:
                        self._preserve(branch, keep_as)
                    branch.line, branch.parent_timestamp = new, at
                    branch.state = "ready"
                    self._serve(branch)

            steps: list[tuple[str, Work]] = [
                ("create_branch", throw_back),
                ("apply_config", _nothing),
            ]
            return branch, self._begin(branch_id, steps)

    def take_snapshot(self, name: str) -> Snapshot:
        """Take a snapshot of the default branch, as a person does in the console."""
        with self._lock:
            main = self.project.main
            taken = Snapshot(name, main.id, self.now(), manual=True, line=self.line_of(main))
            self.project.snapshots.append(taken)
            return taken

    def branch_of_snapshot(self, snapshot_id: str, branch: Branch) -> list[Operation]:
        """Make a branch that has what a snapshot has, and replaces none."""
        with self._lock:
            self._require_idle()
            self._require_new_name(branch.name)
            self._require_room()
            taken = next((each for each in self.project.snapshots if each.id == snapshot_id), None)
            if taken is None or taken.line is None:
                raise RefusedRequest(404, "snapshot not found")
            line, at = taken.line, taken.created_at
            self.project.branches[branch.id] = branch

            def make() -> None:
                branch.line = self._storage.branch(line, at, new_passwords=False)
                branch.state = "ready"

            return self._begin(branch.id, [("create_branch", make)])

    def let_expire(self, branch_id: str, at: datetime | None) -> tuple[Branch, list[Operation]]:
        """Change when a branch expires."""
        with self._lock:
            branch = self._branch(branch_id)
            branch.expires_at = at
            return branch, []

    def create_compute(self, endpoint: Endpoint) -> list[Operation]:
        """Give a branch a compute."""
        with self._lock:
            self._require_idle()
            branch = self._branch(endpoint.branch_id)
            if branch.endpoint:
                raise RefusedRequest(422, "read-write endpoint already exists")
            branch.endpoint = endpoint
            return self._begin(branch.id, [("start_compute", lambda: self._serve(branch))])

    def change(self, branch: Branch, work: Callable[[Line], None]) -> list[Operation]:
        """Change what is in the data of a branch.

        Raises:
            RefusedRequest: its data are its parent's, which must not be changed.
        """
        with self._lock:
            self._require_idle()
            line = self.line_of(branch)
            if branch.borrowed is not None:
                raise RefusedRequest(409, "this branch has no data of its own")
            return self._begin(branch.id, [("apply_config", lambda: work(line))])

    def close(self) -> None:
        """Wait for operations, and stop all servers."""
        for worker in self._workers:
            worker.join()
        for branch in self.project.branches.values():
            if branch.endpoint and branch.endpoint.gateway:
                branch.endpoint.gateway.close()
        self._storage.close()

    def _preserve(self, branch: Branch, name: str) -> None:
        old = Branch(name, self.now(), parent_id=branch.parent_id, state="ready", line=branch.line)
        for child in self.project.branches.values():
            if child.parent_id == branch.id:
                child.parent_id = old.id
        self.project.branches[old.id] = old
        branch.parent_id = old.id

    def _serve(self, branch: Branch) -> None:
        line = branch.line or branch.borrowed
        if line is None or branch.endpoint is None:
            return
        if branch.endpoint.gateway:
            branch.endpoint.gateway.point_at(line.server.port)
        else:
            branch.endpoint.gateway = Gateway(line.server.port)

    def _remove(self, branch: Branch) -> None:
        with self._lock:
            del self.project.branches[branch.id]
            if branch.endpoint and branch.endpoint.gateway:
                branch.endpoint.gateway.close()
            if branch.line:
                self._storage.end(branch.line)

    def _branch(self, branch_id: str | None) -> Branch:
        branch = self.project.branches.get(branch_id or self.project.main.id)
        if branch is None:
            raise RefusedRequest(404, "branch not found")
        return branch

    def _require_idle(self) -> None:
        if self.project.busy:
            raise RefusedRequest(
                423,
                "project already has running conflicting operations,"
                " scheduling of new ones is prohibited",
            )

    def _require_room(self) -> None:
        if len(self.project.branches) >= self.project.branches_limit:
            raise RefusedRequest(422, "branches limit exceeded", "BRANCHES_LIMIT_EXCEEDED")

    def _require_new_name(self, name: str) -> None:
        if name in {each.name for each in self.project.branches.values()}:
            raise RefusedRequest(409, "a branch with this name exists already")

    def _require_in_history(self, at: datetime | None) -> None:
        kept = timedelta(seconds=self.project.history_retention_seconds)
        if at is not None and not self.now() - kept <= at <= self.now():
            raise RefusedRequest(400, "the timestamp is outside of the history window")

    def _begin(self, branch_id: str, steps: Sequence[tuple[str, Work]]) -> list[Operation]:
        operations = [Operation(action, branch_id, self.now()) for action, _ in steps]
        self.project.operations |= {each.id: each for each in operations}
        works = [work for _, work in steps]
        worker = threading.Thread(target=self._work, args=(operations, works))
        self._workers.append(worker)
        worker.start()
        return operations

    def _work(self, operations: list[Operation], works: list[Work]) -> None:
        """Carry out one operation after the other; after a failure the rest is cancelled."""
        for operation, work in zip(operations, works, strict=True):
            operation.status = "running"
            time.sleep(self.operation_seconds)
            operation.error = self._failure(operation.action, work)
            operation.status = "failed" if operation.error else "finished"
            if operation.error:
                break
        for operation in operations:
            if not operation.ended:
                operation.status = "cancelled"

    def _failure(self, action: str, work: Work) -> str | None:
        """Why an operation failed; None if it is done."""
        if action in self.failing:
            self.failing.remove(action)
            return "a failure on request"
        try:
            work()
        except (OSError, LifeboatError, psycopg.Error) as error:
            return f"{type(error).__name__}: {error}"
        return None


def _nothing() -> None:
    pass
