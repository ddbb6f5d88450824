import pytest

from lifeboat.model.index_counts import Damage, TableSize, damage_of, index_serves


@pytest.mark.parametrize(
    "size",
    [
        TableSize(1000, 1000, 60_000, 300),
        TableSize(10, 9, 600, 2),
        TableSize(1000, 1200, 60_000, 300),  # outdated: the map may have grown
        TableSize(1000, 1000, -1, 300),  # never analysed
        TableSize(5000, 5000, 300_000, 5000),
        TableSize(5, 5, 300, 1000),  # as good as nothing
        TableSize(100_000, 99_000, 6_000_000, 40_000),
    ],
)
def test_an_index_serves_where_it_is_cheap_and_needs_no_look_at_the_table(size: TableSize) -> None:
    assert index_serves(size)


@pytest.mark.parametrize(
    "size",
    [
        TableSize(1000, 1000, 60_000, None),
        TableSize(0, 0, 0, 1),
        TableSize(10, 8, 600, 2),
        TableSize(1000, 999, float("nan"), 300),
        TableSize(5000, 5000, 300_000, 5001),
        TableSize(5, 5, 300, 1001),
        TableSize(100_000, 99_000, 6_000_000, 40_001),  # of 60 rows a page, each on its own
    ],
)
def test_else_the_choice_is_the_planners(size: TableSize) -> None:
    assert not index_serves(size)


@pytest.mark.parametrize(
    ("first", "read", "archive", "damage"),
    [
        (8000, 4000, 4000, Damage.ROWS_LOST),
        (7999, 8000, 8000, Damage.INDEX_INCOMPLETE),
        (8000, 8000, 4000, None),  # the archive lacks rows
        (8000, 4000, 3999, None),
        (8000, 4000, 8000, None),
        (8000, 8000, 8000, None),
    ],
)
def test_the_table_itself_tells_what_is_damaged(
    first: int, read: int, archive: int, damage: Damage | None
) -> None:
    assert damage_of(first, read, archive) is damage
