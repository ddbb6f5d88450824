"""The error for a copy that differs from its backup: what is in it, and what to do next.

A copy with all its rows is always offered: a person decides whether a missing index or view matters
now, and gets the exact event for the swap.
"""

import json
from collections.abc import Iterable, Iterator, Mapping

from lifeboat.errors import VerificationError
from lifeboat.model.drill_report import Outcome
from lifeboat.model.text import plural
from lifeboat.restore.policy.report import RestoreReport

_DATA = ("rows", "content")
_SAFE = "The live database and all backups are untouched; the copy is there to look at."


def has_all_rows(report: RestoreReport) -> bool:
    """Whether every table has its rows, so that only definitions may be missing."""
    made = {check.name: check.outcome for check in report.checks}
    return (
        "rows" in made
        and all(made.get(name) is not Outcome.FAILED for name in _DATA)
        and all(table.restored == table.expected for table in report.tables)
    )


def failed_restore(
    report: RestoreReport,
    *,
    where: str,
    drop: str,
    swap: Mapping[str, object] | None,
    cures: Iterable[str] = (),
) -> VerificationError:
    """The error for a restore whose copy differs from the manifest.

    Args:
        report: says what differs.
        where: the report lies.
        drop: the statement that drops the copy.
        swap: the event that puts the copy into the live one's place all the same; None where it
            holds some tables only.
        cures: what cures the source, if its backups can't be restored whole by its own fault.
    """
    whole = has_all_rows(report)
    copy, differs = f"{report.restored_database} on {report.server}", " ".join(report.reasons)
    what = (
        f"{copy} has {_rows(report)}, but is not all that {report.backup} claims. Lacking or"
        f" different: {differs}"
        if whole
        else f"{copy} is not what {report.backup} claims: {differs} In it: {_rows(report)}."
    )
    todo = _with_all_rows(swap) if whole else _with_some_rows(report, swap)
    return VerificationError(
        f"{what} The report: {where}",
        safe=_SAFE,
        todo=" ".join([*todo, *cures, f"When you are done with the copy, drop it: {drop}"]),
    )


def _rows(report: RestoreReport) -> str:
    """What is in the copy, in words."""
    compared = any(table.content is not None for table in report.tables)
    how = "compared by their content" if compared else "counted"
    expected = [table for table in report.tables if table.expected is not None]
    good = [t for t in expected if t.restored == t.expected and t.content is not False]
    if len(good) == len(expected):
        return f"all {report.rows:,} rows of all {plural(len(expected), 'table')} ({how})"
    return f"{len(good):,} of {plural(len(expected), 'table')} with all their rows ({how})"


def _with_all_rows(swap: Mapping[str, object] | None) -> Iterator[str]:
    if swap is None:
        yield f"If you can do without what is lacking: {_COPY_ROWS}"
    else:
        yield (
            "If you can do without what is lacking, or have made it manually in the copy, swap it"
            f" in all the same: send {json.dumps(swap)} (the answer is a plan first)."
        )
    yield "If not, restore another backup; one that was taken of the same database may lack it too."


def _with_some_rows(report: RestoreReport, swap: Mapping[str, object] | None) -> Iterator[str]:
    listing = {"action": "list", "database": report.database}
    yield f"Restore another backup: send {json.dumps(listing)} to see them."
    yield f"If there is no better one: {_COPY_ROWS}"
    if swap is not None:
        yield f"Or swap it in without the rows that are lacking: send {json.dumps(swap)}"


_COPY_ROWS = (
    "copy the rows that you need from it (docs/runbooks/partial-restore.md, Copy rows from the"
    " copy)."
)
