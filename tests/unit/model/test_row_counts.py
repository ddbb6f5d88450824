from dataclasses import dataclass, field, replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lifeboat.errors import RowsDifferError
from lifeboat.model.inventory import Inventory, Sequence, Table
from lifeboat.model.row_counts import (
    Difference,
    compare_rows,
    different_content,
    require_same,
    with_content,
    with_decoded_rows,
)

USERS = Table(schema="public", name="users", rows=7)
EMPTY = Table(schema="public", name="empty", rows=0)
EVENTS = Table(schema="public", name="events", rows=0, data_excluded=True)
NAMES = st.tuples(st.sampled_from("ab"), st.sampled_from("cde"))


@dataclass
class Decoded:
    rows: dict[tuple[str, str], int] = field(default_factory=dict)
    large_objects: int = 0


def inventory(*tables: Table, large_objects: int = 0) -> Inventory:
    return Inventory(
        tables=tables,
        sequences=(),
        extensions=(),
        collations=(),
        large_objects=large_objects,
    )


def test_the_same_rows_are_no_difference() -> None:
    decoded = {("public", "users"): 7, ("public", "empty"): 0}
    assert compare_rows([USERS, EMPTY, EVENTS], decoded) == []
    require_same(inventory(USERS, EMPTY, EVENTS, large_objects=2), Decoded(decoded, 2))


@pytest.mark.parametrize(
    ("table", "decoded", "difference", "words"),
    [
        (
            USERS,
            {("public", "users"): 6},
            Difference("public", "users", 7, 6),
            "public.users: 7 rows in the snapshot, 6 in the archive",
        ),
        (
            USERS,
            {},
            Difference("public", "users", 7, None),
            "public.users: 7 rows in the snapshot, not in the archive",
        ),
        (
            EMPTY,
            {},
            Difference("public", "empty", 0, None),
            "public.empty: 0 rows in the snapshot, not in the archive",
        ),
        (
            EVENTS,
            {("public", "events"): 0},
            Difference("public", "events", None, 0, excluded=True),
            "public.events: excluded by the settings, 0 rows in the archive",
        ),
        (
            EVENTS,
            {("public", "events"): 5},
            Difference("public", "events", None, 5, excluded=True),
            "public.events: excluded by the settings, 5 rows in the archive",
        ),
    ],
)
def test_one_table_that_differs_is_a_difference(
    table: Table, decoded: dict[tuple[str, str], int], difference: Difference, words: str
) -> None:
    assert compare_rows([table], decoded) == [difference]
    assert str(difference) == words


@dataclass
class Content(Decoded):
    digests: dict[tuple[str, str], str] = field(default_factory=dict)
    large_objects_digest: str = "0" * 32
    sequences: tuple[Sequence, ...] = ()


FOUND = Content(
    {("public", "users"): 7},
    digests={("public", "users"): "4" * 32},
    sequences=(Sequence(schema="public", name="ids", last_value=1, is_called=True),),
)


def test_what_only_the_archive_tells_goes_into_the_inventory() -> None:
    filled = with_content(inventory(USERS, EVENTS), FOUND)
    assert filled.tables == (replace(USERS, digest="4" * 32), EVENTS)
    assert (filled.sequences, filled.large_objects_digest) == (FOUND.sequences, "0" * 32)
    assert different_content(filled, FOUND) == []


def test_other_rows_in_the_archive_than_in_the_manifest_are_named() -> None:
    filled = with_content(inventory(USERS, EVENTS), FOUND)
    other = Content(FOUND.rows, digests={("public", "users"): "5" * 32}, large_objects_digest="1")
    assert different_content(filled, other) == [
        "public.users: other rows in the archive than in the manifest",
        "large objects: others in the archive than in the manifest",
    ]


def test_a_manifest_without_digests_is_compared_by_its_counts_alone() -> None:
    assert different_content(inventory(USERS, EVENTS), FOUND) == []


def test_a_table_that_the_snapshot_does_not_know_is_a_difference() -> None:
    (difference,) = compare_rows([], {("Odd", 'a"b'): 0})
    assert str(difference) == '"Odd"."a""b": not in the snapshot, 0 rows in the archive'


def test_a_name_that_is_no_text_can_still_be_reported() -> None:
    (difference,) = compare_rows([], {("public", "a\udcff"): 1})
    assert str(difference).startswith('public."a\\udcff": ')


@given(st.dictionaries(NAMES, st.integers(0, 3)), st.dictionaries(NAMES, st.integers(0, 3)))
def test_only_equal_is_equal(
    snapshot: dict[tuple[str, str], int], decoded: dict[tuple[str, str], int]
) -> None:
    tables = [Table(schema=s, name=n, rows=rows) for (s, n), rows in snapshot.items()]
    differing = {(each.schema, each.name) for each in compare_rows(tables, decoded)}
    assert differing == {name for name, _ in snapshot.items() ^ decoded.items()}


def test_a_table_that_only_the_archive_tells_the_rows_of_must_be_in_it() -> None:
    names = {("public", "empty")}
    there = Decoded({("public", "users"): 6, ("public", "empty"): 5})
    filled = with_decoded_rows(inventory(USERS, EMPTY), names, there)
    assert [table.rows for table in filled.tables] == [7, 5]
    with pytest.raises(RowsDifferError) as caught:
        require_same(filled, there)
    assert "public.users" in caught.value.what
    assert "public.empty" not in caught.value.what
    lost = Decoded({("public", "users"): 7})
    with pytest.raises(RowsDifferError, match=r"public\.empty: .*not in the archive"):
        require_same(with_decoded_rows(inventory(USERS, EMPTY), names, lost), lost)


def test_a_lost_large_object_is_found() -> None:
    with pytest.raises(RowsDifferError, match="large objects: 2 in the snapshot, 1 in the archive"):
        require_same(inventory(large_objects=2), Decoded(large_objects=1))


@pytest.mark.parametrize(
    ("count", "rest"), [(10, "t9: 1 rows"), (11, "; and 1 more."), (40, "; and 30 more.")]
)
def test_the_first_ten_tables_are_named_and_the_rest_counted(count: int, rest: str) -> None:
    tables = [Table(schema="s", name=f"t{i}", rows=1) for i in range(count)]
    with pytest.raises(RowsDifferError) as error:
        require_same(inventory(*tables), Decoded())
    assert error.value.what.count("1 rows in the snapshot") == 10
    assert rest in error.value.what
    assert ("more" in error.value.what) == (count > 10)
