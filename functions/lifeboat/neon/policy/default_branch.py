"""Which branch of a project a database is in, if the settings don't say."""

from collections.abc import Iterable

from lifeboat.errors import ProviderGoneError
from lifeboat.neon.records import Branch


def default_branch(branches: Iterable[Branch], project_id: str) -> Branch:
    """The branch that a project begins with, if no other one is its default.

    Raises:
        ProviderGoneError: no branch is the default one.
    """
    found = next((each for each in branches if each.default), None)
    if found is None:
        raise ProviderGoneError(
            f"The project {project_id} has no default branch.",
            todo="Set databases[].neon.branch_id to the id of the database's branch, then make"
            " deploy; or set a default branch in the Neon console.",
        )
    return found
