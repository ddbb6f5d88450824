"""What stays out of every copy although an archive has it: subscriptions.

A copy with a subscription might take changes from another server, whose password it would hold, and
could not be dropped: DROP DATABASE refuses it, even WITH (FORCE).
"""

import re
from collections.abc import Iterable, Iterator

from lifeboat.model.identifiers import quoted
from lifeboat.model.inventory import Inventory
from lifeboat.model.text import join_first, plural

_SUBSCRIPTION = re.compile(
    r"\d+; \d+ \d+ (?:(?:COMMENT|SECURITY LABEL|ACL) - )?SUBSCRIPTION(?: TABLE)? "
)


def without_left_out(entries: Iterable[str]) -> list[str]:
    """The entries of a copy.

    Args:
        entries: as `pg_restore --list` writes them.
    """
    return [each for each in entries if not _SUBSCRIPTION.match(each)]


def left_out_of_copies(inventory: Inventory) -> Iterator[str]:
    """A sentence about what is left out, if there is anything."""
    if names := inventory.subscriptions:
        yield (
            f"Left out: {plural(len(names), 'subscription')} ({join_first(map(quoted, names))}). A"
            " copy must not take changes from another server. After a swap, create it again where"
            " it is needed (CREATE SUBSCRIPTION)."
        )
