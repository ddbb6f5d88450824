"""Compares the rows of a restored copy with the manifest: their numbers, and their content."""

from collections.abc import Iterable, Iterator

from lifeboat.model.drill_report import Outcome, TableResult
from lifeboat.model.identifiers import qualified
from lifeboat.model.inventory import Inventory, Table
from lifeboat.recovery.policy.finding import Finding, failed, passed, untested
from lifeboat.recovery.policy.reading import Reading
from lifeboat.recovery.policy.untested import Untested


def compare_tables(
    expected: Iterable[Table],
    restored: Iterable[Table],
    lacks: Untested,
    reading: Reading,
) -> Iterator[TableResult]:
    """Each table that is claimed or that came back.

    Args:
        expected: the manifest's.
        restored: the copy's.
        lacks: what this server can't hold.
        reading: how the copy was read.
    """
    ours = {(table.schema, table.name): table for table in expected}
    theirs = {(table.schema, table.name): table for table in restored}
    for name in sorted(ours.keys() | theirs.keys()):
        one, other = ours.get(name), theirs.get(name)
        missing = other is None and name in lacks.tables
        refused = other is not None and other.rows == 0 and name[1] in lacks.unloaded
        content = None if refused else _same_content(one, other)
        outcome = (
            Outcome.UNTESTED
            if one and (missing or refused)
            else _outcome(one, other, otherwise=reading.why_otherwise(name) is not None)
        )
        yield TableResult(
            schema=name[0],
            name=name[1],
            expected=None if one is None else one.rows,
            restored=None if other is None else other.rows,
            content=content,
            outcome=outcome,
        )


def _same_content(ours: Table | None, theirs: Table | None) -> bool | None:
    """Whether the digests are equal; None if there aren't two."""
    if ours is None or theirs is None or ours.digest is None or theirs.digest is None:
        return None
    return ours.digest == theirs.digest


def _outcome(ours: Table | None, theirs: Table | None, *, otherwise: bool) -> Outcome:
    if ours is None or theirs is None or ours.rows != theirs.rows:
        return Outcome.FAILED
    content = _same_content(ours, theirs)
    if content is False:
        return Outcome.UNTESTED if otherwise else Outcome.FAILED
    return Outcome.PASSED if content else Outcome.UNTESTED


def about_rows(
    results: Iterable[TableResult], expected: Inventory, restored: Inventory
) -> Iterator[Finding]:
    """Findings on the numbers of rows and of large objects."""
    excluded = {(table.schema, table.name) for table in expected.tables if table.data_excluded}
    ours, theirs = expected.large_objects, restored.large_objects
    if ours != theirs:
        yield failed(f"large objects: {ours:,} claimed, {theirs:,} came back.")
    for result in results:
        name, where = (result.schema, result.name), qualified(result.schema, result.name)
        if result.expected is None:
            yield failed(f"{where} came back with {result.restored:,} rows; no table was claimed.")
        elif result.restored is None and result.outcome is Outcome.UNTESTED:
            yield untested(f"{where} with its {result.expected:,} rows can't be made here.")
        elif result.restored != result.expected and result.outcome is Outcome.UNTESTED:
            yield untested(f"{where}: its {result.expected:,} rows can't be loaded here.")
        elif result.restored is None:
            yield failed(f"{where} with its {result.expected:,} rows did not come back.")
        elif result.expected != result.restored:
            yield failed(
                f"{where}: {result.expected:,} rows claimed, {result.restored:,} came back."
            )
        elif name in excluded:
            yield passed(f"{where} is empty: the settings leave its rows out of backups.")


def about_content(
    results: Iterable[TableResult], expected: Inventory, restored: Inventory, reading: Reading
) -> Iterator[Finding]:
    """Findings on every value and every large object."""
    if reading.failed:
        yield failed(reading.failed)
    elif reading.counted_only:
        yield untested(reading.counted_only)
    else:
        yield from _about_large_objects(expected, restored)
        excluded = {(table.schema, table.name) for table in expected.tables if table.data_excluded}
        for result in results:
            if (result.schema, result.name) not in excluded:
                yield from _about_content_of(result, reading)


def _about_content_of(result: TableResult, reading: Reading) -> Iterator[Finding]:
    name, where = (result.schema, result.name), qualified(result.schema, result.name)
    why = reading.why_otherwise(name)
    if result.content is False and why and result.outcome is Outcome.UNTESTED:
        yield untested(f"{where}: all {result.restored:,} rows came back, but not alike: {why}.")
    elif result.content is False:
        yield failed(
            f"{where}: the rows that came back are not those that were backed up"
            f" ({result.expected:,} claimed, {result.restored:,} came back)."
        )
    elif result.content is None and result.expected is not None:
        yield untested(f"{where}: nothing came back to compare with the manifest's digest.")


def _about_large_objects(expected: Inventory, restored: Inventory) -> Iterator[Finding]:
    ours, theirs = expected.large_objects_digest, restored.large_objects_digest
    if ours is None or theirs is None:
        yield untested("large objects: there are no two digests to compare.")
    elif ours != theirs:
        yield failed("large objects: those that came back are not those that were backed up.")
