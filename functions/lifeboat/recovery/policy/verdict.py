"""The core of a drill: compares the manifest with the restored database, and decides the verdict.

A difference fails, unless this server is known to be unable to hold the object: then the object is
*untested*, is named, and never counts as passed. More than the manifest lists always fails, and so
do wrong rows of a table that exists.
"""

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass

from lifeboat.model.drill_report import Check, Outcome, TableResult, Verdict
from lifeboat.model.identifiers import TableName, qualified
from lifeboat.model.inventory import Inventory, Sequence, Table
from lifeboat.model.text import line
from lifeboat.recovery.policy.untested import Untested

ESSENTIAL = ("checksum", "decode", "restore", "rows", "definitions")
"""Checks that every proof needs: the archive's bytes, its format, and its contents."""

_MAX_REASONS_PER_CHECK = 5
_MAX_DETAILS = 50


@dataclass(frozen=True)
class Comparison:
    """The checks that compare a restored database with a manifest, and each table's result."""

    checks: tuple[Check, ...]
    tables: tuple[TableResult, ...]


@dataclass(frozen=True)
class _Finding:
    """A detail of one check, and its effect on the outcome."""

    outcome: Outcome
    detail: str


def compare(
    expected: Inventory, restored: Inventory, *, untested: Untested | None = None
) -> Comparison:
    """Compare everything in an inventory.

    Args:
        expected: the manifest's.
        restored: the restored database's, from the same queries.
        untested: what the server could not hold.
    """
    not_testable = untested or Untested()
    tables = tuple(_tables(expected.tables, restored.tables, not_testable))
    checks = [
        _check("rows", _about_rows(tables, expected, restored)),
        _check("sequences", _about_sequences(expected, restored, not_testable)),
        _check("extensions", _about_extensions(expected, restored, not_testable)),
    ]
    if any(table.checksum is not None for table in expected.tables):
        checks.insert(1, _check("content", _about_content(tables, expected.tables)))
    if expected.collations or not_testable.collations or not_testable.dependents:
        checks.append(_check("collations", _about_collations(expected, restored, not_testable)))
    return Comparison(tuple(checks), tables)


def judge(checks: Iterable[Check]) -> tuple[Verdict, tuple[str, ...]]:
    """The verdict on a drill's checks, with reasons, the worst first.

    A backup is proven only if it passed every check, including the `ESSENTIAL` ones. A drill that
    didn't reach one of these has failed: nothing shows that the backup can be restored.
    """
    made = list(checks)
    failed = [check for check in made if check.outcome is Outcome.FAILED]
    untested = [check for check in made if check.outcome is Outcome.UNTESTED]
    names = {check.name for check in made}
    missing = [name for name in ESSENTIAL if name not in names]
    reasons = (
        *(reason for check in failed for reason in _reasons(check)),
        *(f"{name}: this check was not made." for name in missing),
        *(reason for check in untested for reason in _reasons(check)),
    )
    if failed or missing:
        return Verdict.FAILED, reasons
    return (Verdict.PARTIAL if untested else Verdict.PROVEN), reasons


def _reasons(check: Check) -> Iterator[str]:
    found = check.found or len(check.details)
    first = check.details[: min(found, _MAX_REASONS_PER_CHECK)]
    yield from (
        f"{check.name}: {detail}" for detail in first or (f"{check.outcome}, without a word why.",)
    )
    if (more := found - _MAX_REASONS_PER_CHECK) > 0:
        yield f"{check.name}: and {more} more."


def _check(name: str, findings: Iterable[_Finding]) -> Check:
    """The check with the worst outcome, and all details, the worst first."""
    found = list(findings)
    worst_first = (Outcome.FAILED, Outcome.UNTESTED, Outcome.PASSED)
    details = [each.detail for outcome in worst_first for each in found if each.outcome is outcome]
    outcomes = [each.outcome for each in found]
    outcome = next((each for each in worst_first if each in outcomes), Outcome.PASSED)
    return Check(
        name=name,
        outcome=outcome,
        details=first_details(details),
        found=0 if outcome is Outcome.PASSED else outcomes.count(outcome),
    )


def first_details(details: Collection[str]) -> tuple[str, ...]:
    """The first details, and the number of further ones: a report has to stay readable."""
    first = tuple(details)[:_MAX_DETAILS]
    more = len(details) - len(first)
    return (*first, f"And {more} more.") if more else first


def _tables(
    expected: Iterable[Table], restored: Iterable[Table], untested: Untested
) -> Iterator[TableResult]:
    ours = {(table.schema, table.name): table for table in expected}
    theirs = {(table.schema, table.name): table for table in restored}
    for name in sorted(ours.keys() | theirs.keys()):
        one, other = ours.get(name), theirs.get(name)
        missing = other is None and name in untested.tables
        refused = other is not None and other.rows == 0 and name[1] in untested.unloaded
        yield _table(name, one, other, not_testable=missing or refused)


def _table(
    name: TableName, ours: Table | None, theirs: Table | None, *, not_testable: bool
) -> TableResult:
    same = ours is not None and theirs is not None and ours.rows == theirs.rows
    content = None
    if ours and theirs and None not in (ours.checksum, theirs.checksum) and not not_testable:
        content = ours.checksum == theirs.checksum
    if not_testable and ours:
        outcome = Outcome.UNTESTED
    elif not same or content is False:
        outcome = Outcome.FAILED
    else:
        outcome = Outcome.UNTESTED if ours and ours.data_excluded else Outcome.PASSED
    return TableResult(
        schema=name[0],
        name=name[1],
        expected=None if ours is None else ours.rows,
        restored=None if theirs is None else theirs.rows,
        content=content,
        outcome=outcome,
    )


def _about_rows(
    results: Iterable[TableResult], expected: Inventory, restored: Inventory
) -> Iterator[_Finding]:
    excluded = {(table.schema, table.name) for table in expected.tables if table.data_excluded}
    ours, theirs = expected.large_objects, restored.large_objects
    if ours != theirs:
        yield _failed(f"large objects: {ours:,} claimed, {theirs:,} came back.")
    if not any(table.checksum for table in expected.tables):
        yield _passed("Rows were counted, not read: the backup was taken without checksums.")
    for result in results:
        name, where = (result.schema, result.name), qualified(result.schema, result.name)
        if result.expected is None:
            yield _failed(f"{where} came back with {result.restored:,} rows; no table was claimed.")
        elif result.restored is None and result.outcome is Outcome.UNTESTED:
            yield _untested(f"{where} with its {result.expected:,} rows can't be made here.")
        elif result.expected > 0 and result.outcome is Outcome.UNTESTED and name not in excluded:
            yield _untested(f"{where}: its {result.expected:,} rows can't be loaded here.")
        elif result.restored is None:
            yield _failed(f"{where} with its {result.expected:,} rows did not come back.")
        elif result.expected != result.restored:
            yield _failed(
                f"{where}: {result.expected:,} rows claimed, {result.restored:,} came back."
            )
        elif name in excluded:
            yield _passed(f"{where} is empty: the settings leave its rows out of backups.")


def _about_content(results: Iterable[TableResult], expected: Iterable[Table]) -> Iterator[_Finding]:
    checksums = {(table.schema, table.name): table.checksum for table in expected}
    for result in results:
        where = qualified(result.schema, result.name)
        if result.content is False:
            yield _failed(f"{where}: the rows that came back are not those that were backed up.")
        elif result.content is None and checksums.get((result.schema, result.name)) is not None:
            yield _untested(f"{where}: nothing came back to compare with the manifest's checksum.")


def _about_sequences(
    expected: Inventory, restored: Inventory, untested: Untested
) -> Iterator[_Finding]:
    ours = {(each.schema, each.name): each for each in expected.sequences}
    theirs = {(each.schema, each.name): each for each in restored.sequences}
    for name in sorted(ours.keys() | theirs.keys()):
        where = qualified(*name)
        if name not in ours:
            yield _failed(f"{where} came back; no sequence was claimed.")
        elif name in theirs:
            if ours[name] != theirs[name]:
                yield _failed(
                    f"{where}: {_state(ours[name])} claimed, {_state(theirs[name])} came back."
                )
        elif name in untested.sequences:
            yield _untested(f"{where} can't be made here.")
        else:
            yield _failed(f"{where} did not come back.")


def _state(sequence: Sequence) -> str:
    return f"{sequence.last_value} ({'' if sequence.is_called else 'not '}used)"


def _about_extensions(
    expected: Inventory, restored: Inventory, untested: Untested
) -> Iterator[_Finding]:
    ours = {each.name: each.version for each in expected.extensions}
    theirs = {each.name: each.version for each in restored.extensions}
    for name in sorted(ours.keys() | theirs.keys()):
        if name not in ours:
            yield _failed(f"{name} came back; no such extension was claimed.")
        elif name in untested.stand_ins:
            yield _passed(f"{name}: a stand-in took its place here and held the same rows.")
        elif name in theirs:
            if ours[name] != theirs[name]:
                yield _passed(f"{name}: version {ours[name]} claimed, {theirs[name]} used here.")
        elif name in untested.extensions:
            yield _untested(f"{name} {ours[name]} is not available here.")
        else:
            yield _failed(f"{name} {ours[name]} did not come back.")


def _about_collations(
    expected: Inventory, restored: Inventory, untested: Untested
) -> Iterator[_Finding]:
    """Findings on collations.

    A replaced collation sorts by bytes, so order and uniqueness differ. A collation that no column
    uses any more may have gone with objects that could not be created.
    """
    theirs = {(each.name, each.provider) for each in restored.collations}
    objects_missing = untested.tables or untested.objects
    for name in sorted(untested.collations):
        yield _untested(f"{name} was replaced by byte order: sorting by it is not tested.")
    yield from map(_untested, untested.dependents)
    for each in expected.collations:
        if each.name in untested.collations or (each.name, each.provider) in theirs:
            continue
        finding = _untested if objects_missing else _failed
        yield finding(f"{each.name} ({each.provider}) did not come back on any column.")


def _failed(detail: str) -> _Finding:
    return _Finding(Outcome.FAILED, line(detail))


def _untested(detail: str) -> _Finding:
    return _Finding(Outcome.UNTESTED, line(detail))


def _passed(detail: str) -> _Finding:
    return _Finding(Outcome.PASSED, line(detail))
