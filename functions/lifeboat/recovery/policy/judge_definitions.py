"""Decides which differences between definitions are failures.

A missing entry is excused only if its own statement failed for a reason that isn't the backup's
fault. Another text is accepted only if the server prints the archive's text like that: PostgreSQL
prints some expressions in another way after they were read once, and later majors print more so.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from lifeboat.model.identifiers import unquoted
from lifeboat.recovery.policy.compare_entries import (
    Change,
    Differences,
    excused,
    name_of,
    printed_so,
    relations,
    squeezed,
)
from lifeboat.recovery.policy.entry import Entry
from lifeboat.recovery.policy.untested import Untested

_NAME = r'(?:"(?:[^"]|"")+"|[a-z0-9_$]+|[-+*/<>=~!@#%^&|`?]+)'
_GIVEN_AWAY = re.compile(
    rf"ALTER (?:[A-Z]+ )+(?:(?P<schema>{_NAME})\.)?(?P<name>{_NAME})"
    r"(?: ?\([^\n]*\)| USING [^\n]*)? OWNER TO "
)
"""How pg_restore gives an object to its owner."""


@dataclass(frozen=True)
class Printed:
    """What the server prints when it has only read the archive's definitions.

    Attributes:
        entries: of a database into which they were restored.
        why_not: why there is no such database; empty if there is one.
    """

    entries: tuple[Entry, ...] = ()
    why_not: str = ""


@dataclass(frozen=True)
class Findings:
    """What the comparison of definitions has found, a sentence each.

    Attributes:
        failures: what is wrong.
        untested: what the server could not hold, or what can't be decided.
    """

    failures: tuple[str, ...]
    untested: tuple[str, ...]


def judge_definitions(
    expected: Iterable[Entry],
    restored: Iterable[Entry],
    found: Differences,
    untested: Untested,
    printed: Printed,
) -> Findings:
    """Decide on all differences.

    Args:
        expected: the comparable entries of the archive.
        restored: those of the copy.
        found: how they differ.
        untested: what the server could not hold.
        printed: needed only if entries have another text.
    """
    unsettled = list(_reworded(found.reworded, untested, printed))
    return Findings(
        failures=(
            *_missing(found, untested),
            *(f"{name_of(each)} came back; the backup has none." for each in found.more),
            *(text for text, decided in unsettled if decided),
            *_moved(found, untested),
            *_excuses_without_lack(expected, found, untested),
            *_relations_that_are_there(restored, untested),
        ),
        untested=(*untested.objects, *(text for text, decided in unsettled if not decided)),
    )


def _missing(found: Differences, untested: Untested) -> Iterator[str]:
    statements = [each.statement for each in untested.excuses]
    for entry, excuse in zip(found.missing, excused(found.missing, statements), strict=True):
        if not excuse:
            yield f"{name_of(entry)} did not come back."


def _reworded(
    changes: Iterable[Change], untested: Untested, printed: Printed
) -> Iterator[tuple[str, bool]]:
    """A sentence for each other text, and whether it is decided that this is wrong."""
    refused = {squeezed(each.statement) for each in untested.excuses}
    wrong = [
        each
        for each in changes
        if not _is_replaced_collation(each.expected, untested)
        and squeezed(each.expected.definition) not in refused
    ]
    for change, same in zip(wrong, printed_so(wrong, printed.entries), strict=True):
        name = name_of(change.expected)
        if same is False:
            yield f"{name}: definition differs.", True
        elif same is None:
            why = printed.why_not or "the archive's definition could not be restored once more"
            yield f"{name}: the text differs, perhaps only in how it is printed: {why}", False


def _is_replaced_collation(entry: Entry, untested: Untested) -> bool:
    return entry.kind == "COLLATION" and entry.tag in untested.collations


def _moved(found: Differences, untested: Untested) -> Iterator[str]:
    refused = {
        (unquoted(match["schema"] or ""), unquoted(match["name"]))
        for each in untested.excuses
        if (match := _GIVEN_AWAY.match(each.statement))
    }
    for change in found.moved:
        schema, tag = change.expected.schema, change.expected.tag
        if refused.isdisjoint({(schema, tag), (schema, tag.partition("(")[0])}):
            yield (
                f"{name_of(change.expected)} belongs to {change.restored.owner or 'nobody'}, in the"
                f" backup to {change.expected.owner or 'nobody'}."
            )


def _excuses_without_lack(
    expected: Iterable[Entry], found: Differences, untested: Untested
) -> Iterator[str]:
    """What is there although making it failed because something is lacking."""
    refused = {squeezed(each.statement) for each in untested.excuses if each.means_lack}
    if not refused:
        return
    missing = {each.number for each in found.missing}
    for entry in expected:
        if entry.number not in missing and squeezed(entry.definition) in refused:
            yield f"{name_of(entry)} is there, although the server could not make it."


def _relations_that_are_there(restored: Iterable[Entry], untested: Untested) -> Iterator[str]:
    for name in sorted(relations(restored) & untested.absent):
        yield f"{name} is there, but was not yet when something else needed it."
