"""Makes a branch one to restore into: without its parent's databases, with a role of its own.

Code in a backup runs there with that role's rights, in which is to read all data of the branch. So
none of the parent's may be left when anybody learns how to connect.
"""

import secrets
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from lifeboat.errors import ProviderContractError
from lifeboat.neon.branch_contents import BranchContents
from lifeboat.neon.client import NeonProject
from lifeboat.neon.policy.refusals import not_the_contract
from lifeboat.neon.records import Branch, Operation
from lifeboat.neon_broker.policy.own_branches import is_new

type Wait = Callable[[Iterable[Operation]], None]


@dataclass(frozen=True)
class OwnLogin:
    """Who may connect to a branch, and to which database.

    Attributes:
        user: a role.
        database: an existing database.
    """

    user: str
    database: str


def empty_branch(
    neon: NeonProject, made: Branch, name: str, before: Iterable[Branch], wait: Wait
) -> OwnLogin:
    """Delete all databases of a branch, and make a role with an empty one.

    Args:
        neon: the project.
        made: the branch that was made, as Neon describes it now.
        name: of the run's branch.
        before: the branches that were there before.
        wait: waits for operations of Neon.

    Raises:
        ProviderContractError: it is another branch than was made, and so is left as it is; or a
            database could not be deleted.
        ProviderError: Neon refused, or failed.
    """
    if not is_new(made, name, before):
        raise _contract("branch: it is none that was made just now, so nothing of it is deleted")
    contents = BranchContents(neon.api, neon.project_id, made.id)
    for each in neon.databases(made.id):
        wait(contents.delete_database(each.name))
    if neon.databases(made.id):
        raise _contract("databases: some are still there after they were deleted")
    own = f"lifeboat_drill_{secrets.token_hex(4)}"
    wait(contents.create_role(own))
    wait(contents.create_database(own, owner=own))
    return OwnLogin(own, own)


def _contract(what: str) -> ProviderContractError:
    return not_the_contract("make an empty branch", what)
