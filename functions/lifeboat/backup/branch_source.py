"""A source that is a branch in Neon, made for one run by a function that has the key."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from lifeboat.errors import BranchError, ConfigurationError
from lifeboat.model.branches import BranchRequest
from lifeboat.postgres.endpoint import Endpoint, parse_secret
from lifeboat.postgres.login import Login, login_to
from lifeboat.postgres.pooler import check_endpoint
from lifeboat.postgres.source import OpenSource
from lifeboat.runtime.branch_broker import BranchBroker


@dataclass
class NeonBranch:
    """A branch of the database's own branch, as of now. See `lifeboat.postgres.source`.

    Attributes:
        broker: makes and deletes it.
        request: to make it.
        read_database: reads how to log in to the database itself.
        folder: a private directory, for CA certificates.
        log: logs an event with its details.
    """

    broker: BranchBroker
    request: BranchRequest
    read_database: Callable[[], Login]
    folder: Path
    log: Callable[[str, Mapping[str, object]], None]

    def __post_init__(self) -> None:
        """Nothing is made yet."""
        self._opened: OpenSource | None = None
        self._asked = False
        self._id: str | None = None

    def open(self) -> OpenSource:
        """Make the branch, unless it is made.

        Raises:
            BranchError: it could not be made, or is not what it has to be.
            SecretError: a secret could not be read.
        """
        if self._opened is None:
            self._opened = self._open()
        return self._opened

    def close(self) -> None:
        """Have it deleted, even if nobody knows whether it was made."""
        if not self._asked:
            return
        self._asked, self._opened = False, None
        request = self.request.model_copy(update={"action": "delete", "branch": self._id})
        try:
            self.broker.delete(request)
        except BranchError as error:
            self.log("backup.branch_not_deleted", {"reason": error.what, "next": error.todo})

    def _open(self) -> OpenSource:
        database = self.read_database()
        self._asked = True
        answer = self.broker.create(self.request)
        if answer.branch is None:
            raise BranchError("No branch was made.", todo="Read the log of <stack>-neon-broker.")
        self._id = answer.branch.id
        uri = self.broker.connection(answer.secret_version)
        login = login_to(self._endpoint(uri, database.endpoint), self.folder)
        return OpenSource(
            read_login=lambda: login, branch=answer.branch, database=database.endpoint
        )

    def _endpoint(self, uri: str, database: Endpoint) -> Endpoint:
        """Where the branch is, verified as strictly as the database.

        Raises:
            BranchError: it leads to no branch.
        """
        endpoint = _read(uri)
        if endpoint is None:
            raise BranchError(
                "The secret of the branch has no direct connection URL.",
                todo="Deploy the stack again (make deploy). If it repeats, report it.",
            )
        if endpoint.digest == database.digest:
            raise BranchError(
                "Neon's connection to the branch leads to the database itself.",
                todo="Look at the branches in the Neon console, and report it.",
            )
        if not (database.ca or database.system_ca):
            return endpoint
        return replace(
            endpoint, ca=database.ca, system_ca=database.system_ca, sslmode=database.sslmode
        )


def _read(uri: str) -> Endpoint | None:
    """The endpoint that a URI describes; None if nobody can dump through it."""
    try:
        return check_endpoint(parse_secret(uri))[0]
    except ConfigurationError:
        return None
