"""The answer about a period: what is known of it, and what is not."""

from collections.abc import Mapping
from datetime import date, datetime

from lifeboat.model.answers import Answer
from lifeboat.monitor.policy.controls import CONTROLS, STATEMENT, Control
from lifeboat.monitor.policy.event import Action
from lifeboat.monitor.policy.evidence import EvidenceRecord, MonthEvidence

MAX_MONTHS = 27
"""Evidence is kept for about so long."""


class EvidenceAnswer(Answer):
    """The evidence of a period.

    Attributes:
        action: "evidence".
        since: the first day of the period.
        until: its end: when it was asked.
        recorded_since: when recording began; null if it has not begun. Of the time before nothing
            is known.
        unknown_months: months of the period of which nothing is known.
        months: what is known; the first one may begin before the period.
        pages: where the published months are in the bucket, as pages for a browser.
        controls: which requirement is answered by which part.
        statement: what this is not.
    """

    action: Action = Action.EVIDENCE
    since: date
    until: datetime
    recorded_since: datetime | None
    unknown_months: tuple[str, ...]
    months: tuple[MonthEvidence, ...]
    pages: tuple[str, ...]
    controls: tuple[Control, ...] = CONTROLS
    statement: str = STATEMENT


def months_between(since: date, until: date) -> tuple[str, ...]:
    """Each month of a period, the oldest first; the newest `MAX_MONTHS` of them."""
    first, last = since.year * 12 + since.month - 1, until.year * 12 + until.month - 1
    numbers = range(max(first, last - MAX_MONTHS + 1), last + 1)
    return tuple(f"{each // 12:04}-{each % 12 + 1:02}" for each in numbers)


def answer_evidence(
    since: date,
    now: datetime,
    record: EvidenceRecord | None,
    published: Mapping[str, MonthEvidence],
    bucket: str,
) -> EvidenceAnswer:
    """What is known of a period.

    Args:
        since: its first day.
        now: its end.
        record: what is not yet published.
        published: months that are, by their names.
        bucket: where they are.
    """
    open_months = {each.month: each for each in record.months} if record else {}
    known = {**open_months, **published}
    wanted = months_between(since, now.date())
    pages = [f"s3://{bucket}/{published[each].page_key}" for each in wanted if each in published]
    starts = [each.recorded_from for each in known.values()]
    starts += [record.since] if record else []
    return EvidenceAnswer(
        since=since,
        until=now,
        recorded_since=min(starts, default=None),
        unknown_months=tuple(each for each in wanted if each not in known),
        months=tuple(known[each] for each in wanted if each in known),
        pages=tuple(pages),
    )
