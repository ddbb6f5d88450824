"""How a restored copy was read, and so what an equal or a differing digest says."""

from collections.abc import Collection
from dataclasses import dataclass

from lifeboat.model.identifiers import TableName
from lifeboat.model.inventory import Inventory, Source

_REFUSAL = "permission denied"
"""In pg_dump's words when the role may not read something, such as large objects of other owners:
that is the role's lack, not the backup's."""


@dataclass(frozen=True, kw_only=True)
class Reading:
    """How a copy was read.

    Attributes:
        counted_only: why its rows were only counted; None if their content was read.
        failed: why reading their content failed; None if it didn't.
        otherwise: why this server may write the same values otherwise than the source; None if it
            writes them alike.
        money: the tables for which its locale of money would be a reason.
        money_otherwise: that reason; None if source and copy have the same locale of money.
    """

    counted_only: str | None = None
    failed: str | None = None
    otherwise: str | None = None
    money: frozenset[TableName] = frozenset()
    money_otherwise: str | None = None

    def why_otherwise(self, table: TableName) -> str | None:
        """Why equal rows of this table may have another digest here; None if they can't."""
        return self.otherwise or (self.money_otherwise if table in self.money else None)


BY_REQUEST = Reading(
    counted_only='Rows were counted, not compared: the event says "compare": "rows".'
)

FROM_BEFORE_DIGESTS = Reading(
    counted_only="Rows were only counted: the backup was taken by an earlier version of Lifeboat,"
    " which made no digests of them."
)


def has_digests(inventory: Inventory) -> bool:
    """Whether the content of all of it can be compared."""
    return inventory.large_objects_digest is not None


def unread(said: str) -> Reading:
    """The reading of a copy that pg_dump could not read.

    Args:
        said: what happened, with pg_dump's words.
    """
    if _REFUSAL in said:
        return Reading(counted_only=f"Rows were only counted: {said}")
    return Reading(failed=said)


def reading_of(
    source: Source, *, major: int, lc_monetary: str, money: Collection[TableName]
) -> Reading:
    """The reading of a copy that pg_dump has read.

    Args:
        source: of the backup.
        major: of the copy's server.
        lc_monetary: of the same.
        money: its tables with values of the type money.
    """
    otherwise = money_otherwise = None
    if major != source.major:
        otherwise = f"PostgreSQL {major} may write what PostgreSQL {source.major} wrote otherwise"
    if lc_monetary != source.lc_monetary:
        money_otherwise = f"money is written for {source.lc_monetary} there, for {lc_monetary} here"
    return Reading(otherwise=otherwise, money=frozenset(money), money_otherwise=money_otherwise)
