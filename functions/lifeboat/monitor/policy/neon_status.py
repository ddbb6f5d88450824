"""The part of the status about what Neon itself can give back."""

from collections.abc import Iterator
from datetime import datetime
from typing import Literal

from lifeboat.model.answers import Answer
from lifeboat.model.provider import ProviderReport
from lifeboat.model.text import format_age, format_time, line
from lifeboat.monitor.policy.database_view import DatabaseView
from lifeboat.monitor.policy.neon import NeonFacts, neon_facts, report_of

_MAX_REASON = 300


class ProviderStatus(Answer):
    """What a database's provider can give back by itself, beside Lifeboat's backups.

    Attributes:
        provider: who.
        says: the same in sentences.
        plan: as the provider names it; None if it is not known.
        read_at: when the provider said so; None if it never has.
        window_seconds: it can give back any moment of that last time; 0 if none; None if unknown.
        since: the earliest moment that it can give back; None if none, or unknown.
        databases: how many databases of the branch go back together; None if unknown.
        newest_snapshot: when its newest snapshot was taken; None if there is none, or unknown.
    """

    provider: Literal["neon"] = "neon"
    says: str
    plan: str | None = None
    read_at: datetime | None = None
    window_seconds: int | None = None
    since: datetime | None = None
    databases: int | None = None
    newest_snapshot: datetime | None = None


def provider_status(view: DatabaseView) -> ProviderStatus | None:
    """What the provider of a database can give back; None if it is not asked."""
    if view.database.neon is None:
        return None
    known = neon_facts(view)
    if known is None:
        return ProviderStatus(says=_unknown(report_of(view)))
    facts, window = known.facts, known.window
    return ProviderStatus(
        says=" ".join(_sentences(known, view.now)),
        plan=line(facts.plan) or None,
        read_at=known.at,
        window_seconds=int(window.total_seconds()),
        since=view.now - window if window else None,
        databases=len(facts.branch.databases),
        newest_snapshot=facts.snapshots.newest if facts.snapshots else None,
    )


def _unknown(report: ProviderReport | None) -> str:
    why = "it was not asked yet"
    if report and report.problem:
        why = line(report.problem.what)[:_MAX_REASON].rstrip(".")
    elif report:
        why = "its last answer was about another project or branch"
    return f"What Neon itself can give back is not known: {why}."


def _sentences(known: NeonFacts, now: datetime) -> Iterator[str]:
    facts, window = known.facts, known.window
    if window:
        since = format_time(now - window)
        yield (
            f"Neon can give back any moment of the last {format_age(window)} (since {since});"
            " before that: Lifeboat."
        )
    else:
        why = "it keeps no history" if facts.branch.root else "its branch has a parent"
        yield f"Neon can give back no moment by itself, since {why}; Lifeboat can."
    if window and len(facts.branch.databases) > 1:
        yield f"All {len(facts.branch.databases)} databases of the branch go back together."
    if facts.snapshots and facts.snapshots.newest:
        yield f"Its newest snapshot is of {format_time(facts.snapshots.newest)}."
    if not known.fresh:
        yield f"Neon said so at {format_time(known.at)}, and nothing since."
