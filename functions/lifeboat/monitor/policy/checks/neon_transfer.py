"""Checks Neon's own figure of transfer: whether backups and all else exceed a plan's allowance."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from lifeboat.alerts.policy.findings import Code, Finding, Level
from lifeboat.model.steps import plain_steps
from lifeboat.model.text import format_size, format_time, join_first, line, plural
from lifeboat.monitor.policy.database_view import DatabaseView
from lifeboat.monitor.policy.neon import NeonFacts, neon_facts
from lifeboat.monitor.policy.transfer import drills_read, read_by, reading_runs
from lifeboat.settings import TransferSettings
from lifeboat.settings.allowance import (
    Allowance,
    allowance_of,
    consequence,
    exhausted_at,
    fixes,
)
from lifeboat.settings.providers import GB, provider_named

_NEON = "neon"
_MOST_GB = 1e9


@dataclass(frozen=True)
class _Reader:
    """A database, and what Neon has counted for its project."""

    view: DatabaseView
    known: NeonFacts


@dataclass(frozen=True, kw_only=True)
class _Outlook:
    """The transfer of a project.

    Attributes:
        used: bytes that Neon has counted in this billing period, of the application too.
        at: when it said so.
        end: of the period.
        rest: the runs until then, each with the bytes that it will read.
        following: the runs of the period after it.
    """

    used: int
    at: datetime
    end: datetime
    rest: Sequence[tuple[datetime, int]]
    following: Sequence[tuple[datetime, int]]

    @property
    def to_come(self) -> int:
        """Bytes that runs will read in this period."""
        return sum(read for _, read in self.rest)


def neon_transfer_findings(views: Iterable[DatabaseView]) -> Iterator[Finding]:
    """Databases whose project uses up its allowance in this billing period, or in the next.

    Neon counts per project, so backups of all databases of a project are added up.
    """
    projects: defaultdict[str, list[_Reader]] = defaultdict(list)
    for view in views:
        known = neon_facts(view)
        if known and known.counts_at(view.now):
            projects[known.facts.project_id].append(_Reader(view, known))
    for readers in projects.values():
        outlook, allowance = _outlook(readers), _allowance(readers)
        for each in readers:
            yield from _findings(each, readers, outlook, allowance)


def _outlook(readers: Sequence[_Reader]) -> _Outlook:
    newest = max((each.known for each in readers), key=lambda each: each.at)
    facts = newest.facts
    after = facts.period_end + (facts.period_end - facts.period_start)
    coming = sorted(run for each in readers for run in _runs(each.view, newest.at, after))
    return _Outlook(
        used=facts.transfer_bytes,
        at=newest.at,
        end=facts.period_end,
        rest=[run for run in coming if run[0] < facts.period_end],
        following=[run for run in coming if run[0] >= facts.period_end],
    )


def _runs(view: DatabaseView, since: datetime, until: datetime) -> Iterator[tuple[datetime, int]]:
    """The runs since Neon has counted; nothing is known of what a first backup will read."""
    if view.complete:
        read = read_by(view.complete[0])
        yield from ((run, read) for run in reading_runs(view, since, until))


def _allowance(readers: Sequence[_Reader]) -> Allowance | None:
    """What the project may send: by the smallest of plan, settings and quota.

    Several databases state what each may read of the project's allowance (docs/transfer.md), so
    what they state is added up.
    """
    facts = readers[0].known.facts
    each = [allowance_of(reader.view.database, _NEON, facts.plan) for reader in readers]
    allowed = next((one for one in each if one and not one.stated), None) or _sum_of(each)
    quota = facts.transfer_quota_bytes
    if not quota or (allowed and allowed.bytes is not None and allowed.bytes <= quota):
        return allowed
    terms = TransferSettings(allowance_gb=min(quota / GB, _MOST_GB), suspends=True)
    told = "a quota that is set on the project"
    return Allowance(terms=terms, provider=provider_named(_NEON), stated=False, told=told)


def _sum_of(stated: Iterable[Allowance | None]) -> Allowance | None:
    """What several databases state, added up; no limit if one states none."""
    first, *others = filter(None, stated)
    parts = [one.terms.allowance_gb for one in (first, *others)]
    total = None if None in parts else min(sum(filter(None, parts)), _MOST_GB)
    return replace(first, terms=first.terms.model_copy(update={"allowance_gb": total}))


def _findings(
    reader: _Reader, readers: Sequence[_Reader], outlook: _Outlook, allowance: Allowance | None
) -> Iterator[Finding]:
    if allowance is None or allowance.bytes is None:
        return
    soon, when = exhausted_at(outlook.used, outlook.rest, allowance.bytes)
    later, then = exhausted_at(0, outlook.following, allowance.bytes)
    if not soon and not later:
        return
    headline, moment = (
        ("has used up its transfer allowance at Neon", None)
        if soon and when is None
        else ("will use up its transfer allowance at Neon", when or then)
    )
    most = max(outlook.used + outlook.to_come, sum(read for _, read in outlook.following))
    run = f" The run of {format_time(moment)} will use up the allowance." if moment else ""
    yield Finding(
        code=Code.NEON_TRANSFER,
        level=Level.CRITICAL
        if soon and allowance.is_known and allowance.terms.suspends
        else Level.WARNING,
        database=reader.view.name,
        headline=headline,
        fact=f"{_figures(reader, readers, outlook)}{run} {consequence(allowance, most)} What the"
        " application will still read comes on top.",
        limit=allowance.words,
        basis=outlook.at,
        safe="Backups are complete, and go on as long as Neon does not stop the database.",
        advice=plain_steps(*fixes(allowance)),
    )


def _figures(reader: _Reader, readers: Sequence[_Reader], outlook: _Outlook) -> str:
    names = join_first(sorted(each.view.name for each in readers))
    kind = "run" if any(drills_read(each.view) for each in readers) else "backup"
    return (
        f"By {format_time(outlook.at)}, Neon had counted {format_size(outlook.used)} for project"
        f" {line(reader.known.facts.project_id)} in the billing period that ends at"
        f" {format_time(outlook.end)}. Until then, {plural(len(outlook.rest), kind)} of {names}"
        f" will read {format_size(outlook.to_come)};"
        f" {format_size(sum(read for _, read in outlook.following))} in the period after it."
    )
