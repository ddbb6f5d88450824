"""The core of a drill: compares the manifest with the restored database, and decides the verdict.

A difference fails, unless this server is known to be unable to hold the object: then the object is
*untested*, is named, and never counts as passed. More than the manifest lists always fails, and so
do wrong rows of a table that exists.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from lifeboat.model.drill_report import Check, Outcome, TableResult, Verdict
from lifeboat.model.identifiers import qualified
from lifeboat.model.inventory import Inventory, Sequence
from lifeboat.recovery.policy import finding
from lifeboat.recovery.policy.finding import Finding, check_of
from lifeboat.recovery.policy.reading import Reading
from lifeboat.recovery.policy.tables import about_content, about_rows, compare_tables
from lifeboat.recovery.policy.untested import Untested

ESSENTIAL = ("checksum", "decode", "restore", "rows", "content", "definitions")
"""Checks that every proof needs: the archive's bytes, its format, and its contents."""

_MAX_REASONS_PER_CHECK = 5


@dataclass(frozen=True)
class Comparison:
    """The checks that compare a restored database with a manifest, and each table's result."""

    checks: tuple[Check, ...]
    tables: tuple[TableResult, ...]


def compare(
    expected: Inventory,
    restored: Inventory,
    *,
    untested: Untested | None = None,
    reading: Reading | None = None,
) -> Comparison:
    """Compare everything in an inventory.

    Args:
        expected: the manifest's.
        restored: the restored database's.
        untested: what the server could not hold.
        reading: how the restored database was read; by default, whole and as at the source.
    """
    not_testable, reading = untested or Untested(), reading or Reading()
    tables = tuple(compare_tables(expected.tables, restored.tables, not_testable, reading))
    checks = [
        check_of("rows", about_rows(tables, expected, restored)),
        check_of("content", about_content(tables, expected, restored, reading)),
        check_of("sequences", _about_sequences(expected, restored, not_testable)),
        check_of("extensions", _about_extensions(expected, restored, not_testable)),
    ]
    if expected.collations or not_testable.collations or not_testable.dependents:
        checks.append(check_of("collations", _about_collations(expected, restored, not_testable)))
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


def _about_sequences(
    expected: Inventory, restored: Inventory, untested: Untested
) -> Iterator[Finding]:
    ours = {(each.schema, each.name): each for each in expected.sequences}
    theirs = {(each.schema, each.name): each for each in restored.sequences}
    for name in sorted(ours.keys() | theirs.keys()):
        where = qualified(*name)
        if name not in ours:
            yield finding.failed(f"{where} came back; no sequence was claimed.")
        elif name in theirs:
            if ours[name] != theirs[name]:
                yield finding.failed(
                    f"{where}: {_state(ours[name])} claimed, {_state(theirs[name])} came back."
                )
        elif name in untested.sequences:
            yield finding.untested(f"{where} can't be made here.")
        else:
            yield finding.failed(f"{where} did not come back.")


def _state(sequence: Sequence) -> str:
    return f"{sequence.last_value} ({'' if sequence.is_called else 'not '}used)"


def _about_extensions(
    expected: Inventory, restored: Inventory, untested: Untested
) -> Iterator[Finding]:
    ours = {each.name: each.version for each in expected.extensions}
    theirs = {each.name: each.version for each in restored.extensions}
    for name in sorted(ours.keys() | theirs.keys()):
        if name not in ours:
            yield finding.failed(f"{name} came back; no such extension was claimed.")
        elif name in untested.stand_ins:
            yield finding.passed(f"{name}: a stand-in took its place here and held the same rows.")
        elif name in theirs:
            if ours[name] != theirs[name]:
                yield finding.passed(
                    f"{name}: version {ours[name]} claimed, {theirs[name]} used here."
                )
        elif name in untested.extensions:
            yield finding.untested(f"{name} {ours[name]} is not available here.")
        else:
            yield finding.failed(f"{name} {ours[name]} did not come back.")


def _about_collations(
    expected: Inventory, restored: Inventory, untested: Untested
) -> Iterator[Finding]:
    """Findings on collations.

    A replaced collation sorts by bytes, so order and uniqueness differ. A collation that no column
    uses any more may have gone with objects that could not be created.
    """
    theirs = {(each.name, each.provider) for each in restored.collations}
    objects_missing = untested.tables or untested.objects
    for name in sorted(untested.collations):
        yield finding.untested(f"{name} was replaced by byte order: sorting by it is not tested.")
    yield from map(finding.untested, untested.dependents)
    for each in expected.collations:
        if each.name in untested.collations or (each.name, each.provider) in theirs:
            continue
        found = finding.untested if objects_missing else finding.failed
        yield found(f"{each.name} ({each.provider}) did not come back on any column.")
