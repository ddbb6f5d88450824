"""Asks Neon everything that is to be known about one database. Nothing there is changed."""

from collections.abc import Callable
from dataclasses import dataclass

from lifeboat.errors import ProviderError
from lifeboat.model.provider import ProviderFacts, ProviderProblem
from lifeboat.neon.api import NeonApi
from lifeboat.neon.client import NeonProject
from lifeboat.neon.policy.default_branch import default_branch
from lifeboat.neon.records import Branch
from lifeboat.provider_watch.policy.facts import Told, facts_of
from lifeboat.provider_watch.policy.problems import is_not_offered, problem_of
from lifeboat.settings import WatchedNeon


@dataclass(frozen=True)
class Answer:
    """What Neon told.

    Attributes:
        facts: what is known now.
        problem: why a part is missing; None if nothing is, or the plan doesn't have it.
    """

    facts: ProviderFacts
    problem: ProviderProblem | None


@dataclass
class _Parts:
    """Parts of the API that a project can do without: they are beta, or a plan lacks them."""

    key: str
    problem: ProviderProblem | None = None

    def ask[A](self, question: Callable[[], A]) -> A | None:
        """The answer; None if there is none. The first problem is kept."""
        try:
            return question()
        except ProviderError as error:
            if not is_not_offered(error):
                self.problem = self.problem or problem_of(error, self.key)
            return None


def ask_neon(api: NeonApi, where: WatchedNeon) -> Answer:
    """What Neon says about a project and a branch.

    Without the project, the branch and its databases there is no answer. Snapshots, their
    schedule and whose the key is may be missing.

    Args:
        api: with the key, and the moment at which it has to be over.
        where: the project, and the branch if it isn't the default one.

    Raises:
        ProviderError: what is not optional could not be read.
        RefusedError: an id in the settings can be none.
    """
    neon = NeonProject(api, where.project_id)
    project = neon.details()
    branch = _branch(neon, where)
    databases = neon.databases(branch.id)
    parts, above = _Parts(api.key), branch.parent_id
    told = Told(
        project=project,
        branch=branch,
        parent=parts.ask(lambda: neon.branch(above)) if above else None,
        databases=databases,
        schedule=parts.ask(lambda: neon.backup_schedule(branch.id)),
        snapshots=parts.ask(neon.snapshots),
        key=parts.ask(neon.key_details),
    )
    return Answer(facts_of(told, api.key), parts.problem)


def _branch(neon: NeonProject, where: WatchedNeon) -> Branch:
    if where.branch_id is not None:
        return neon.branch(where.branch_id)
    return default_branch(neon.branches(), where.project_id)
