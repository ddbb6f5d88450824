"""Which tables are counted by an index, and what it means when index and table disagree.

An index-only scan that finds every page marked as all-visible never reads the table. So it tells
how many rows the table had when they were written, whatever has become of its file since.
"""

from dataclasses import dataclass
from enum import StrEnum

_MAX_UNMARKED = 0.1
_FEW_PAGES = 1000


@dataclass(frozen=True)
class TableSize:
    """What the catalog remembers of a table since its last VACUUM or ANALYZE; all may be outdated.

    Attributes:
        pages: of the table, 8 kB each.
        visible_pages: those that are marked as all-visible.
        rows: their number.
        index_pages: of the smallest index that has an entry for each row; None if there is none.
    """

    pages: int
    visible_pages: int
    rows: float
    index_pages: int | None


def index_serves(size: TableSize) -> bool:
    """Whether an index-only scan counts the table, and reads no more pages than the table has.

    For a row on a page that isn't marked, it reads that page. In the worst order of rows that is a
    page for each such row, one by one. Where this could be more than the whole table (or than a
    few pages, which cost nothing), the choice is the planner's.
    """
    if size.index_pages is None or size.pages <= 0:
        return False
    unmarked = max(size.pages - size.visible_pages, 0) / size.pages
    pages_read = size.index_pages + size.rows * unmarked
    return unmarked <= _MAX_UNMARKED and pages_read <= max(size.pages, _FEW_PAGES)


class Damage(StrEnum):
    """What is wrong with a table whose index disagrees with it."""

    ROWS_LOST = "rows lost"
    """The index has more rows: the table has lost some, or its visibility map is wrong."""
    INDEX_INCOMPLETE = "index incomplete"
    """The index has fewer rows; the table has all."""


def damage_of(first: int, read: int, archive: int) -> Damage | None:
    """What is wrong with a table whose first count differs from the archive; None if unexplained.

    Args:
        first: rows as they were counted first, in a way that the server chose.
        read: rows that were found by reading the table itself, in the same snapshot. If this is
            another number, the first count was that of an index.
        archive: rows in the archive.
    """
    if read != archive or first == read:
        return None
    return Damage.ROWS_LOST if first > read else Damage.INDEX_INCOMPLETE
