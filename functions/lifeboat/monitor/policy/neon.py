"""What Neon says about a database, as far as its report can be relied on."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from lifeboat.model.provider import ProviderFacts, ProviderReport
from lifeboat.model.utc import is_ahead
from lifeboat.monitor.policy.database_view import DatabaseView
from lifeboat.settings import WatchedNeon

MAX_AGE = timedelta(hours=3)
"""Facts that are older no longer count: Neon is asked every hour."""

_LONGEST_WINDOW = timedelta(days=3650)
"""More than any plan has: what a report says must not become a date that cannot be."""

_LONGEST_PERIOD = timedelta(days=62)
"""More than any billing period has."""

_FREE, _PAID = frozenset({"free"}), frozenset({"launch", "scale", "business"})


@dataclass(frozen=True, kw_only=True)
class NeonFacts:
    """What Neon said about a database's project, and when.

    Attributes:
        facts: what it said.
        at: when it said so.
        fresh: whether that is recent enough to be judged.
    """

    facts: ProviderFacts
    at: datetime
    fresh: bool

    @property
    def window(self) -> timedelta:
        """How far back Neon can restore the branch to any moment; 0 if it cannot.

        Instant restore is for root branches only (https://neon.com/docs/guides/backup-restore).
        """
        if not self.facts.branch.root:
            return timedelta(0)
        return min(timedelta(seconds=min(self.facts.history_seconds, 10**9)), _LONGEST_WINDOW)

    @property
    def is_free(self) -> bool:
        """Whether it is on a plan that costs nothing."""
        return _family(self.facts.plan) in _FREE

    @property
    def is_paid(self) -> bool:
        """Whether it is on a plan that costs money; false also for plans that are unknown here."""
        return _family(self.facts.plan) in _PAID

    def counts_at(self, now: datetime) -> bool:
        """Whether its figure of transfer is of the billing period of that moment."""
        start, end = self.facts.period_start, self.facts.period_end
        return self.fresh and start <= now < end and end - start <= _LONGEST_PERIOD


def report_of(view: DatabaseView) -> ProviderReport | None:
    """The report about a database; None if there is none, or one from the future."""
    report = view.facts.provider
    if view.database.neon is None or report is None:
        return None
    return None if is_ahead(report.checked, view.now) else report


def neon_facts(view: DatabaseView) -> NeonFacts | None:
    """The newest facts about a database; None if there are none about its project."""
    report, setting = report_of(view), view.database.neon
    if report is None or setting is None or report.facts is None or report.facts_of is None:
        return None
    if not _is_about(report.facts, setting) or is_ahead(report.facts_of, view.now):
        return None
    at = report.facts_of
    return NeonFacts(facts=report.facts, at=at, fresh=view.now - at <= MAX_AGE)


def _is_about(facts: ProviderFacts, setting: WatchedNeon) -> bool:
    """Whether facts are about the project and branch of the settings, which may have changed."""
    return facts.project_id == setting.project_id and setting.branch_id in {None, facts.branch.id}


def is_counted(view: DatabaseView) -> bool:
    """Whether Neon itself has counted the transfer of this billing period."""
    known = neon_facts(view)
    return known is not None and known.counts_at(view.now)


def plan_of(view: DatabaseView) -> str | None:
    """The plan as Neon names it, such as "launch_v3"; None if it is not known."""
    known = neon_facts(view)
    return known.facts.plan or None if known and known.fresh else None


def _family(plan: str) -> str:
    """A plan without its generation: launch of launch_v3."""
    return plan.partition("_")[0]
