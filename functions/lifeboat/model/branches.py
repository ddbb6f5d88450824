"""What a run asks of the function that makes branches, and what that answers.

A branch belongs to one run: its name has the run's id. So a request that is repeated makes no
second branch, and a run that never got its answer can still have its branch deleted.

A backup's branch has what its parent has, to be read. A drill's branch has none of its databases,
to be restored into.
"""

from typing import Annotated, Literal

from pydantic import Field

from lifeboat.errors import LifeboatError
from lifeboat.model.answers import Answer
from lifeboat.model.engine import Engine
from lifeboat.model.events import EventParser, Request
from lifeboat.model.keys import DATABASE_NAME
from lifeboat.model.source_branch import SourceBranch
from lifeboat.model.text import line

BROKER_VARIABLE = "LIFEBOAT_BRANCH_BROKER"
"""Environment variable of a backup or drill: the name of the function that makes its branches."""

SECRET_VARIABLE = "LIFEBOAT_BRANCH_SECRET"  # noqa: S105 - the name of a variable
"""Environment variable of a backup or drill: the ARN of the secret that says how to connect."""

SECRETS_VARIABLE = "LIFEBOAT_BRANCH_SECRETS"
"""Environment variable of that function: these ARNs by purpose, then by database, as JSON."""

type Purpose = Literal["backup", "drill"]
"""What a branch is for."""

_MAX_REASON = 500

MAY_BE = {
    "action": "'create' or 'delete'",
    "database": "the name of a database in the settings whose backups or drills use a branch",
    "purpose": "'backup' or 'drill', whatever the branch is for",
    "run": "the id of the run that the branch is for: 1 to 64 small letters, digits and hyphens",
    "engine": "'function' or 'job', whichever the run is",
    "branch": "the id of the branch that was made for the run, to delete it",
}


class BranchRequest(Request):
    """What to do about the branch of a run.

    Attributes:
        action: make it, or delete it.
        database: its name in the settings.
        purpose: what the branch is for.
        run: the id of the run.
        engine: what the run is: a job lasts longer, and so does its branch.
        branch: its id, as it was answered; without it, the branch to delete is found by its name.
    """

    action: Literal["create", "delete"]
    database: Annotated[str, Field(pattern=DATABASE_NAME)]
    purpose: Purpose = "backup"
    run: Annotated[str, Field(pattern=r"^[a-z0-9-]{1,64}$")]
    engine: Engine = Engine.FUNCTION
    branch: Annotated[str, Field(pattern=r"^[a-z0-9-]{1,60}$")] | None = None


class BranchAnswer(Answer):
    """What was done. It never says how to connect: that is in a secret.

    Attributes:
        database: as in the event.
        branch: that was made; null if one was to be deleted.
        name: that the branch has; null likewise.
        secret_version: the version of the secret that leads to it; null likewise.
        deleted: ids of the branches that were deleted.
    """

    database: str
    branch: SourceBranch | None = None
    name: str | None = None
    secret_version: str | None = None
    deleted: tuple[str, ...] = ()


_GRAMMAR = EventParser(
    BranchRequest,
    MAY_BE,
    samples=(
        {"action": "create", "database": "app", "run": "00000000-0000-0000-0000-000000000000"},
    ),
)


def reason_of(error: LifeboatError) -> str:
    """Why a run has no branch, for its manifest or report: on one line, and not long."""
    return line(error.what)[:_MAX_REASON]


def parse_branch_request(event: object) -> BranchRequest:
    """The request in an event.

    Raises:
        EventError: there is none; says which key has what, and what it may be.
    """
    return _GRAMMAR.read(event)
