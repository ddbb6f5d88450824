"""What is told of a branch that was made: for the manifest, without what somebody could forge."""

import re

from lifeboat.errors import ProviderContractError
from lifeboat.model.source_branch import SourceBranch
from lifeboat.neon.policy.refusals import not_the_contract
from lifeboat.neon.records import Branch

_LSN = re.compile(r"[0-9A-Fa-f]{1,8}/[0-9A-Fa-f]{1,8}", re.ASCII)


def described(branch: Branch) -> SourceBranch:
    """The branch, for the manifest.

    Raises:
        ProviderContractError: it has no parent, so it is no copy of anything.
    """
    if branch.parent_id is None:
        raise _contract("branch.parent_id: the branch was made of no other one")
    lsn = branch.parent_lsn or ""
    return SourceBranch(
        project_id=branch.project_id,
        id=branch.id,
        parent_id=branch.parent_id,
        lsn=lsn.upper() if _LSN.fullmatch(lsn) else None,
        moment=branch.parent_timestamp or branch.created_at,
    )


def require_same_login(answered: tuple[str, str] | None, asked: tuple[str, str]) -> None:
    """Raise unless a connection URI is of the login that was asked for.

    Args:
        answered: its role and database; None if it is no URI that PostgreSQL's programs read.
        asked: the role and the database that were asked for.

    Raises:
        ProviderContractError: it isn't. Nothing of the URI is quoted.
    """
    if answered is None:
        raise _contract("uri: PostgreSQL's programs can't read it, or it isn't encrypted")
    if answered != asked:
        raise _contract("uri: it is of another role or database than was asked for")


def _contract(what: str) -> ProviderContractError:
    return not_the_contract("make a branch", what)
