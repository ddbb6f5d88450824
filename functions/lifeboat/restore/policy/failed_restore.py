"""What to say of a copy that is not all that its backup claims: what is in it, and what to do next.

A copy that has all its rows is never withheld: whether an index or a view that is lacking matters
at this hour is for a person to decide, who needs the exact event for it.
"""

import json
from collections.abc import Iterator, Mapping

from lifeboat.errors import RestoreFailedError
from lifeboat.model.drill_report import Outcome
from lifeboat.model.text import plural
from lifeboat.restore.policy.report import RestoreReport

_DATA = ("rows", "content")
_SAFE = "The live database and all backups are untouched; the copy is there to look at."


def has_all_rows(report: RestoreReport) -> bool:
    """Whether every table has its rows, so that at worst definitions are lacking."""
    made = {check.name: check.outcome for check in report.checks}
    return (
        "rows" in made
        and all(made.get(name) is not Outcome.FAILED for name in _DATA)
        and all(table.restored == table.expected for table in report.tables)
    )


def failed_restore(
    report: RestoreReport, *, where: str, drop: str, swap: Mapping[str, object] | None
) -> RestoreFailedError:
    """The error for a restore whose copy differs from the manifest.

    Args:
        report: says what differs.
        where: the report lies.
        drop: the statement that drops the copy.
        swap: the event that puts the copy into the live one's place all the same; None where it
            holds some tables only.
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
    return RestoreFailedError(
        f"{what} The report: {where}",
        safe=_SAFE,
        todo=" ".join([*todo, f"When you are done with the copy, drop it: {drop}"]),
    )


def _rows(report: RestoreReport) -> str:
    """What is in the copy, in words."""
    checked = any(check.name == "content" for check in report.checks)
    how = "compared by their content" if checked else "counted"
    claimed = [table for table in report.tables if table.expected is not None]
    good = [t for t in claimed if t.restored == t.expected and t.content is not False]
    if len(good) == len(claimed):
        return f"all {report.rows:,} rows of all {plural(len(claimed), 'table')} ({how})"
    return f"{len(good):,} of {plural(len(claimed), 'table')} with all their rows ({how})"


def _with_all_rows(swap: Mapping[str, object] | None) -> Iterator[str]:
    if swap is None:
        yield f"If you can do without what is lacking: {_COPY_ROWS}"
    else:
        yield (
            "If you can do without what is lacking, or have made it by hand in the copy, swap it in"
            f" all the same: send {json.dumps(swap)} (the answer is a plan first)."
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
