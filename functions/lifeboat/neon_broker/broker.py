"""Makes the branch that a run reads or restores into, and deletes it.

How to connect to the branch goes into a secret that only the run may read, and nowhere else. What
fails half-way is deleted at once, and by Neon when it expires.
"""

import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial

import urllib3
from aws_lambda_powertools import Logger

from lifeboat.errors import ConfigurationError, EventError, ProviderError
from lifeboat.model.branches import BranchAnswer, BranchRequest
from lifeboat.neon.answers import ConnectionUri
from lifeboat.neon.api import NEON_API, NeonApi, neon_pool
from lifeboat.neon.client import NeonProject
from lifeboat.neon.records import Branch, Operation
from lifeboat.neon_broker.branch_secrets import BranchSecrets
from lifeboat.neon_broker.empty_branch import OwnLogin, empty_branch
from lifeboat.neon_broker.policy.own_branches import (
    LARGEST_CU,
    expires_at,
    is_new,
    leftovers,
    name_of,
    of_run,
)
from lifeboat.neon_broker.policy.source import described, require_same_login
from lifeboat.postgres.endpoint import Endpoint, parse_secret
from lifeboat.runtime.secret_store import SecretStore
from lifeboat.settings import BrokeredDatabase, BrokerSettings

_CLEAN_UP_SECONDS = 15.0
"""Reserve of a creation, to delete what could not be finished."""


@dataclass(frozen=True, kw_only=True)
class Broker:
    """What the broker works with.

    Attributes:
        settings: the databases of which it may make branches.
        secrets: where the API keys are, and the connections of the databases.
        branch_secrets: where it puts how to connect to a branch.
        remaining: returns the seconds until the run has to be over.
        now: in UTC.
        logger: of the function.
        pool: the HTTP client.
        base_url: of Neon's API; another one is for tests.
    """

    settings: BrokerSettings
    secrets: SecretStore
    branch_secrets: BranchSecrets
    remaining: Callable[[], float]
    now: datetime
    logger: Logger
    pool: urllib3.PoolManager = field(default_factory=neon_pool, repr=False)
    base_url: str = NEON_API

    def carry_out(self, request: BranchRequest) -> BranchAnswer:
        """Make the branch of a run, or delete it.

        Raises:
            EventError: backups, or drills, of this database use no branch.
            ProviderError: Neon refused, or failed; see the subclasses.
            SecretError: a secret could not be read or written.
        """
        database = self._database(request)
        return (
            self._create(request, database)
            if request.action == "create"
            else self._delete(request, database)
        )

    def _create(self, request: BranchRequest, database: BrokeredDatabase) -> BranchAnswer:
        login = self._source_login(request, database)
        neon, name = self._neon(database, reserve=_CLEAN_UP_SECONDS), name_of(request)
        there = neon.branches()
        old = [*leftovers(there, request, self.now), *of_run(there, request)]
        deleted = self._delete_all(neon, old)
        made = neon.create_branch(
            name,
            expires_at=expires_at(request.engine, self.settings.job_hours, self.now),
            parent_id=database.neon.branch_id,
            largest_cu=LARGEST_CU[request.purpose],
        )
        ours = made.branch if is_new(made.branch, name, there) else None
        with self._deleted_if_it_fails(database, ours):
            self._wait(neon, made.operations)
            now = neon.branch(made.branch.id)
            branch = described(now)
            if login is None:
                login = empty_branch(neon, now, name, there, partial(self._wait, neon))
            found = neon.connection_uri(made.branch.id, database=login.database, role=login.user)
            require_same_login(_login_of(found), (login.user, login.database))
            version = self.branch_secrets.put(request, found.uri)
        self.logger.info("branch.created", extra={"branch": branch.id, "deleted": deleted})
        return BranchAnswer(
            database=database.name,
            branch=branch,
            name=name,
            secret_version=version,
            deleted=deleted,
        )

    def _source_login(
        self, request: BranchRequest, database: BrokeredDatabase
    ) -> Endpoint | OwnLogin | None:
        """Who reads the branch, and which database of it; None for a branch without any."""
        if request.purpose == "drill" or database.secret_arn is None:
            return None
        return parse_secret(self.secrets.text(database.secret_arn))

    def _delete(self, request: BranchRequest, database: BrokeredDatabase) -> BranchAnswer:
        """Delete the branch, and empty the secret even if that fails."""
        try:
            neon = self._neon(database)
            deleted = tuple(
                each.id for each in of_run(neon.branches(), request) if neon.delete_branch(each.id)
            )
        finally:
            self.branch_secrets.empty(request)
        self.logger.info("branch.deleted", extra={"deleted": deleted})
        return BranchAnswer(database=database.name, deleted=deleted)

    def _delete_all(self, neon: NeonProject, branches: Iterable[Branch]) -> tuple[str, ...]:
        """Delete what earlier runs have left; a failure is no reason to make no new branch."""
        deleted: list[str] = []
        for each in branches:
            try:
                self._wait(neon, neon.delete_branch(each.id))
            except ProviderError as error:
                self._not_deleted(each, error)
            else:
                deleted.append(each.id)
        return tuple(deleted)

    @contextmanager
    def _deleted_if_it_fails(
        self, database: BrokeredDatabase, branch: Branch | None
    ) -> Iterator[None]:
        try:
            yield
        except Exception:
            if branch:
                try:
                    self._neon(database).delete_branch(branch.id)
                except ProviderError as error:
                    self._not_deleted(branch, error)
            raise

    def _not_deleted(self, branch: Branch, error: ProviderError) -> None:
        self.logger.warning(
            "branch.not_deleted",
            extra={"branch": branch.id, "what": error.what, "next": error.todo},
        )

    def _wait(self, neon: NeonProject, operations: Iterable[Operation]) -> None:
        neon.wait_for(operations, seconds=self.remaining() - _CLEAN_UP_SECONDS)

    def _neon(self, database: BrokeredDatabase, *, reserve: float = 0.0) -> NeonProject:
        key = self.secrets.text(database.neon.api_key_secret_arn)
        until = time.monotonic() + self.remaining() - reserve
        return NeonProject(NeonApi(key, self.pool, self.base_url, until), database.neon.project_id)

    def _database(self, request: BranchRequest) -> BrokeredDatabase:
        for each in self.settings.databases:
            if each.name == request.database and each.uses_branch(request.purpose):
                return each
        if request.purpose == "drill":
            raise EventError(
                f"Drills of {request.database!r} do not restore into a branch.",
                todo='Set drill_target = "neon-branch" for it in lifeboat.toml, then make deploy.',
            )
        raise EventError(
            f"Backups of {request.database!r} do not read a branch.",
            todo='Set source = "branch" for it in lifeboat.toml, then make deploy.',
        )


def _login_of(found: ConnectionUri) -> tuple[str, str] | None:
    """The role and the database of a URI; None if it can't be read."""
    try:
        endpoint = parse_secret(found.uri)
    except ConfigurationError:
        return None
    return endpoint.user, endpoint.database
