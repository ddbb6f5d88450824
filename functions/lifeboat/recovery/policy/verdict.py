"""The heart of a drill: what the manifest claims against what came back, and what to call that.

Whatever differs fails, unless it is known that this server could not have held it; that is
*untested*, is named, and never counts as a pass. More than was claimed is never excused, and the
rows of a table that is there have to be right always.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from lifeboat.model.drill_report import Check, Outcome, TableResult, Verdict
from lifeboat.model.identifiers import TableName, qualified
from lifeboat.model.inventory import Inventory, ObjectCounts, Sequence, Table
from lifeboat.model.text import line

ESSENTIAL = ("checksum", "decode", "restore", "rows")
"""Checks without which nothing is proven: the archive's bytes, its form, and what is in it."""

_REASONS_EACH = 5
_DETAILS = 50


@dataclass(frozen=True, kw_only=True)
class Untested:
    """What the server that was restored into could not hold, whatever the backup is worth.

    Attributes:
        extensions: names of those that it doesn't have.
        objects: a sentence for each object that could not be made for want of these.
        tables: tables that could not be made for want of these.
        sequences: sequences that could not be made for want of these.
        fewer: how many objects of a kind may be missing, by the field of `ObjectCounts`; infinity
            where it can't be told. Kinds without an entry have to be complete.
        absent: `schema.name`, unquoted, of relations that excused errors called missing; a table
            that came back all the same shows such an error to have been another kind.
        collations: names of those that were replaced by byte order.
        stand_ins: names of extensions for which something took their place that holds the same
            rows. A note, no lack.
    """

    extensions: tuple[str, ...] = ()
    objects: tuple[str, ...] = ()
    tables: frozenset[TableName] = frozenset()
    sequences: frozenset[TableName] = frozenset()
    fewer: Mapping[str, float] = field(default_factory=dict)
    absent: frozenset[str] = frozenset()
    collations: tuple[str, ...] = ()
    stand_ins: tuple[str, ...] = ()


@dataclass(frozen=True)
class Comparison:
    """The checks that compare a restored database with a manifest, and each table's result."""

    checks: tuple[Check, ...]
    tables: tuple[TableResult, ...]


@dataclass(frozen=True)
class _Finding:
    """Something to say about one check, and what it makes of it."""

    outcome: Outcome
    detail: str


def compare(
    claimed: Inventory, restored: Inventory, *, untested: Untested | None = None
) -> Comparison:
    """Compare everything that an inventory holds.

    Args:
        claimed: of the manifest.
        restored: of the restored database, taken by the same queries.
        untested: what the server could not hold.
    """
    excused = untested or Untested()
    tables = tuple(_tables(claimed.tables, restored.tables, excused.tables))
    checks = [
        _check("rows", _about_rows(tables, claimed, restored)),
        _check("sequences", _about_sequences(claimed, restored, excused)),
        _check("extensions", _about_extensions(claimed, restored, excused)),
        _check("objects", _about_objects(claimed, restored, excused)),
    ]
    if any(table.checksum is not None for table in claimed.tables):
        checks.insert(1, _check("content", _about_content(tables, claimed.tables)))
    if claimed.collations or excused.collations:
        checks.append(_check("collations", _about_collations(claimed, restored, excused)))
    return Comparison(tuple(checks), tables)


def judge(checks: Iterable[Check]) -> tuple[Verdict, tuple[str, ...]]:
    """What a drill's checks come to, and why, the gravest first.

    Proven is only what passed every check, the `ESSENTIAL` ones among them. A drill that didn't get
    to one of these has failed: nothing shows that the backup can be restored.
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
    first = check.details[: min(found, _REASONS_EACH)]
    yield from (
        f"{check.name}: {detail}" for detail in first or (f"{check.outcome}, without a word why.",)
    )
    if (more := found - _REASONS_EACH) > 0:
        yield f"{check.name}: and {more} more."


def _check(name: str, findings: Iterable[_Finding]) -> Check:
    """The gravest outcome, and all that is to be said, that first."""
    found = list(findings)
    grave = (Outcome.FAILED, Outcome.UNTESTED, Outcome.PASSED)
    details = [each.detail for outcome in grave for each in found if each.outcome is outcome]
    outcomes = [each.outcome for each in found]
    outcome = next((each for each in grave if each in outcomes), Outcome.PASSED)
    return Check(
        name=name,
        outcome=outcome,
        details=told(details),
        found=0 if outcome is Outcome.PASSED else outcomes.count(outcome),
    )


def told(details: Collection[str]) -> tuple[str, ...]:
    """The first details, and how many more there are: a report has to stay readable."""
    first = tuple(details)[:_DETAILS]
    more = len(details) - len(first)
    return (*first, f"And {more} more.") if more else first


def _tables(
    claimed: Iterable[Table], restored: Iterable[Table], untested: Collection[TableName]
) -> Iterator[TableResult]:
    ours = {(table.schema, table.name): table for table in claimed}
    theirs = {(table.schema, table.name): table for table in restored}
    for name in sorted(ours.keys() | theirs.keys()):
        yield _table(name, ours.get(name), theirs.get(name), excused=name in untested)


def _table(
    name: TableName, ours: Table | None, theirs: Table | None, *, excused: bool
) -> TableResult:
    same = ours is not None and theirs is not None and ours.rows == theirs.rows
    content = None
    if ours and theirs and ours.checksum is not None and theirs.checksum is not None:
        content = ours.checksum == theirs.checksum
    if excused and ours and not theirs:
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
    results: Iterable[TableResult], claimed: Inventory, restored: Inventory
) -> Iterator[_Finding]:
    excluded = {(table.schema, table.name) for table in claimed.tables if table.data_excluded}
    ours, theirs = claimed.counts.large_objects, restored.counts.large_objects
    if ours != theirs:
        yield _failed(f"large objects: {ours:,} claimed, {theirs:,} came back.")
    if not any(table.checksum for table in claimed.tables):
        yield _passed("Rows were counted, not read: the backup was taken without checksums.")
    for result in results:
        name, where = (result.schema, result.name), qualified(result.schema, result.name)
        if result.expected is None:
            yield _failed(f"{where} came back with {result.restored:,} rows; no table was claimed.")
        elif result.restored is None and result.outcome is Outcome.UNTESTED:
            yield _untested(f"{where} with its {result.expected:,} rows can't be made here.")
        elif result.restored is None:
            yield _failed(f"{where} with its {result.expected:,} rows did not come back.")
        elif result.expected != result.restored:
            yield _failed(
                f"{where}: {result.expected:,} rows claimed, {result.restored:,} came back."
            )
        elif name in excluded:
            yield _passed(f"{where} is empty: the settings leave its rows out of backups.")


def _about_content(results: Iterable[TableResult], claimed: Iterable[Table]) -> Iterator[_Finding]:
    checksums = {(table.schema, table.name): table.checksum for table in claimed}
    for result in results:
        where = qualified(result.schema, result.name)
        if result.content is False:
            yield _failed(f"{where}: the rows that came back are not those that were backed up.")
        elif result.content is None and checksums.get((result.schema, result.name)) is not None:
            yield _untested(f"{where}: nothing came back to compare with the manifest's checksum.")


def _about_sequences(
    claimed: Inventory, restored: Inventory, untested: Untested
) -> Iterator[_Finding]:
    ours = {(each.schema, each.name): each for each in claimed.sequences}
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
    claimed: Inventory, restored: Inventory, untested: Untested
) -> Iterator[_Finding]:
    ours = {each.name: each.version for each in claimed.extensions}
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


def _about_objects(
    claimed: Inventory, restored: Inventory, untested: Untested
) -> Iterator[_Finding]:
    for name in sorted({f"{t.schema}.{t.name}" for t in restored.tables} & untested.absent):
        yield _failed(f"{name} is there, but was not yet when something else needed it.")
    yield from (_untested(sentence) for sentence in untested.objects)
    for kind in ObjectCounts.model_fields:
        ours: int = getattr(claimed.counts, kind)
        theirs: int = getattr(restored.counts, kind)
        figures = f"{kind.replace('_', ' ')}: {ours:,} claimed, {theirs:,} came back."
        if kind == "large_objects":
            continue  # they are data: see the rows
        if theirs < ours and not claimed.counted_as_dumped:
            yield _untested(f"{figures} Then, what pg_dump leaves out was counted too.")
        elif theirs > ours or ours - theirs > untested.fewer.get(kind, 0):
            yield _failed(figures)
        elif theirs < ours:
            yield _untested(figures)


def _about_collations(
    claimed: Inventory, restored: Inventory, untested: Untested
) -> Iterator[_Finding]:
    """A replaced collation sorts by bytes, so order and uniqueness under it are not what they were.

    One that no longer comes up may have gone with objects that could not be made.
    """
    theirs = {(each.name, each.provider) for each in restored.collations}
    lacking = untested.tables or untested.objects
    for name in sorted(untested.collations):
        yield _untested(f"{name} was replaced by byte order: sorting by it is not tested.")
    for each in claimed.collations:
        if each.name in untested.collations or (each.name, each.provider) in theirs:
            continue
        finding = _untested if lacking else _failed
        yield finding(f"{each.name} ({each.provider}) did not come back on any column.")


def _failed(detail: str) -> _Finding:
    return _Finding(Outcome.FAILED, line(detail))


def _untested(detail: str) -> _Finding:
    return _Finding(Outcome.UNTESTED, line(detail))


def _passed(detail: str) -> _Finding:
    return _Finding(Outcome.PASSED, line(detail))
