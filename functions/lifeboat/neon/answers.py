"""The envelopes in which Neon's API answers, and how one is read."""

from dataclasses import dataclass, field
from typing import Annotated

from pydantic import Field, ValidationError

from lifeboat.model.redact import without
from lifeboat.neon.policy.refusals import not_the_contract, wrong_fields
from lifeboat.neon.records import (
    Branch,
    Database,
    Endpoint,
    Operation,
    Project,
    Record,
    Role,
    ScheduleItem,
    Snapshot,
)


class ProjectAnswer(Record):
    """One project."""

    project: Project


class Pagination(Record):
    """Where the next page begins; None or empty: nowhere."""

    next: Annotated[str, Field(max_length=4096)] | None = None


class BranchesAnswer(Record):
    """A page of branches."""

    branches: tuple[Branch, ...]
    pagination: Pagination | None = None


class BranchAnswer(Record):
    """One branch."""

    branch: Branch


class BranchChange(Record):
    """A branch that is being deleted or restored.

    Attributes:
        branch: as it is now, which is before the operations.
        operations: what Neon does about it; wait for all of them.
    """

    branch: Branch
    operations: tuple[Operation, ...]


class NewBranch(BranchChange):
    """A branch that is being made.

    Attributes:
        endpoints: its computes.
    """

    endpoints: tuple[Endpoint, ...]


class Operations(Record):
    """What Neon does; wait for all of it."""

    operations: tuple[Operation, ...]


class OperationAnswer(Record):
    """One operation."""

    operation: Operation


class DatabasesAnswer(Record):
    """All databases of a branch."""

    databases: tuple[Database, ...]


class RolesAnswer(Record):
    """All roles of a branch."""

    roles: tuple[Role, ...]


class SnapshotsAnswer(Record):
    """All snapshots of a project."""

    snapshots: tuple[Snapshot, ...]


class ScheduleAnswer(Record):
    """The schedule of snapshots of a branch."""

    schedule: tuple[ScheduleItem, ...]


class ConnectionUriAnswer(Record):
    """A connection URI, which holds a password."""

    uri: Annotated[str, Field(pattern=r"^postgres(ql)?://[!-~]{1,4000}$", repr=False)]


@dataclass(frozen=True)
class ConnectionUri:
    """A connection URI with a password.

    Attributes:
        uri: a secret; it must get into no log, argument or error.
    """

    uri: str = field(repr=False)


def read[A: Record](kind: type[A], body: bytes, *, purpose: str, key: str) -> A:
    """An answer from its JSON.

    Args:
        kind: of the answer.
        body: its JSON.
        purpose: what was asked for, as it follows "Could not" in an error.
        key: the API key, which no error may quote.

    Raises:
        ProviderContractError: it doesn't fit; says which field, and no value.
    """
    wrong = ""
    try:
        return kind.model_validate_json(body)
    except ValidationError as error:
        wrong = without(wrong_fields(error), key)
    # Outside of `except`: the parser's own error may hold what it read.
    raise not_the_contract(purpose, wrong)
