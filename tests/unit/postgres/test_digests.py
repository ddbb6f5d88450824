"""The digests of rows and of large objects, against a slow reference in Python."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lifeboat.errors import ProgramMissingError
from lifeboat.postgres.native_counter import load_counter
from lifeboat.postgres.programs import Programs
from tests.support.counting import count, counting, feed
from tests.support.digest_reference import digest_of, digest_of_objects, longest_of, siphash

T = ("public", "t")
FIELDS = st.one_of(
    st.sampled_from(
        [b"", b"\\N", b"\\\\N", b"\\\\.", b"\r", b"\\n", b"\\t", b"1234567", b"12345678"]
    ),
    st.binary(max_size=40).map(lambda raw: raw.replace(b"\n", b"\\n").replace(b"\t", b"\\t")),
    st.binary(min_size=200, max_size=300).map(
        lambda raw: raw.replace(b"\n", b"").replace(b"\t", b"")
    ),
).filter(lambda field: field != b"\\.")
TABLES = st.integers(1, 5).flatmap(
    lambda width: st.tuples(
        st.permutations(["id", "name", 'odd " näme', "a, b", "x\ny"]).map(
            lambda names: names[:width]
        ),
        st.lists(st.lists(FIELDS, min_size=width, max_size=width), max_size=12),
    )
)


def script_of(columns: list[str], rows: list[list[bytes]]) -> bytes:
    names = ", ".join('"' + name.replace('"', '""') + '"' for name in columns).encode()
    listed = b"(" + names + b")" if columns else b""
    body = b"".join(b"\t".join(row) + b"\n" for row in rows)
    return b"COPY public.t " + listed + b" FROM stdin;\n" + body + b"\\.\n"


def digest(columns: list[str], rows: list[list[bytes]], *, cut_every: int = 1 << 20) -> str:
    return count(script_of(columns, rows), cut_every=cut_every).digests[T]


def test_the_reference_is_siphash() -> None:
    """The first and the ninth vector for SipHash-2-4 with 128 bits, vectors.h of its authors."""
    key = bytes(range(16))
    assert siphash(key, b"", rounds=(2, 4)).to_bytes(16, "little").hex() == (
        "a3817f04ba25a8e66df67214c7550293"
    )
    assert siphash(key, bytes([0]), rounds=(2, 4)).to_bytes(16, "little").hex() == (
        "da87c1d86b99af44347659119b22fc45"
    )


@given(table=TABLES, cut_every=st.integers(1, 70))
def test_the_digest_is_the_references_wherever_the_pieces_are_cut(
    table: tuple[list[str], list[list[bytes]]], cut_every: int
) -> None:
    columns, rows = table
    counted = count(script_of(columns, rows), cut_every=cut_every)
    assert counted.digests == {T: digest_of(columns, rows)}
    assert counted.rows == {T: len(rows)}
    assert counted.largest_row_bytes == longest_of(rows)
    assert counted.largest_row_table == (T if rows else None)


def test_every_single_cut_gives_the_same() -> None:
    columns, rows = (
        ["a", "b"],
        [[b"\\\\.", b""], [b"", b"\\N"], [b"\\\\.", b"12345678"], [b"", b""]],
    )
    script = script_of(columns, rows)
    for cut in range(1, len(script)):
        counted = counting()
        feed(counted, script[:cut])
        feed(counted, script[cut:])
        counted.finish()
        assert counted.digests == {T: digest_of(columns, rows)}
        assert counted.largest_row_bytes == longest_of(rows)


def test_the_largest_row_is_that_of_all_tables() -> None:
    rows = {"a": 40, "b": 70, "c": 7}
    tables = (
        b"COPY public.%s (v) FROM stdin;\n%s\n\\.\n" % (name.encode(), b"x" * size)
        for name, size in rows.items()
    )
    counted = count(b"".join(tables))
    assert counted.largest_row_bytes == 71
    assert counted.largest_row_table == ("public", "b")


@given(table=TABLES, data=st.data())
def test_the_order_of_rows_and_columns_does_not_matter(
    table: tuple[list[str], list[list[bytes]]], data: st.DataObject
) -> None:
    columns, rows = table
    order = data.draw(st.permutations(range(len(columns))))
    shuffled = [[row[i] for i in order] for row in data.draw(st.permutations(rows))]
    assert digest([columns[i] for i in order], shuffled) == digest(columns, rows)


@pytest.mark.parametrize(
    "other",
    [
        [[b"1", b"x"], [b"2", b"z"]],
        [[b"1", b"y"], [b"2", b"x"]],
        [[b"x", b"1"], [b"2", b"y"]],
        [[b"1", b"x"], [b"2", b"y"], [b"2", b"y"]],
        [[b"1", b"x"]],
        [[b"1", b"x"], [b"2", b"y "]],
        [[b"1", b"x"], [b"2", b"\\N"]],
        [[b"1", b"x"], [b"2"]],
        [[b"1", b"x"], [b"2", b"y", b""]],
    ],
    ids=repr,
)
def test_other_rows_have_another_digest(other: list[list[bytes]]) -> None:
    """A value, values that change places between rows or columns, a row twice, one fewer."""
    assert digest(["a", "b"], other) != digest(["a", "b"], [[b"1", b"x"], [b"2", b"y"]])


def test_what_is_null_empty_or_the_text_of_a_null_differs() -> None:
    found = {digest(["a"], [[field]]) for field in (b"\\N", b"", b"\\\\N", b"N", b"\\\\.")}
    assert len(found) == 5


def test_the_same_values_in_a_column_of_another_name_differ() -> None:
    assert digest(["a"], [[b"1"]]) != digest(["b"], [[b"1"]])
    assert digest(["a"], []) == digest(["b"], []) == "0" * 32


@pytest.mark.parametrize(
    "row",
    [[b"1234567\\\\."], [b"x", b"\\."], [b"", b"\\."], [b"\\.x", b""], [b"\\.", b""]],
    ids=repr,
)
def test_a_line_that_only_begins_or_ends_like_the_end_is_a_row(row: list[bytes]) -> None:
    counted = count(script_of(["a", "b"], [row, [b"1", b"2"]]))
    assert counted.rows == {T: 2}
    assert counted.digests == {T: digest_of(["a", "b"], [row, [b"1", b"2"]])}


def test_rows_of_a_table_without_columns_are_counted_and_summed() -> None:
    assert digest([], [[b""]]) == digest_of([], [[b""]])
    assert digest([], [[b""]]) != digest([], [[b""], [b""]])


def test_a_table_has_nothing_of_the_columns_of_the_one_before() -> None:
    script = script_of(["a", "b", "c"], [[b"1", b"2", b"3"]]).replace(b"public.t", b"public.before")
    counted = count(script + script_of(["a"], [[b"1", b"2", b"3"]]))
    assert counted.digests[T] == digest_of(["a"], [[b"1", b"2", b"3"]])


def test_a_row_as_wide_as_a_table_can_be_is_read_whole() -> None:
    columns = [f"c{i}" for i in range(1600)]
    row = [b"%d" % i for i in range(1600)]
    assert digest(columns, [row], cut_every=1000) == digest_of(columns, [row])


def test_a_value_of_many_pieces_is_hashed_without_being_kept() -> None:
    value = bytes(range(32, 128)) * 1000
    assert digest(["a"], [[value]], cut_every=333) == digest_of(["a"], [[value]])


def test_several_copies_into_one_table_are_summed() -> None:
    """As pg_dump loads the partitions of some trees, perhaps with columns in another order."""
    script = script_of(["a", "b"], [[b"1", b"x"]]) + script_of(["b", "a"], [[b"y", b"2"]])
    counted = count(script)
    assert counted.rows == {T: 2}
    assert counted.digests == {T: digest_of(["a", "b"], [[b"1", b"x"], [b"2", b"y"]])}


def large_object(oid: int, *pieces: bytes) -> bytes:
    written = "".join(f"SELECT pg_catalog.lowrite(0, '\\x{piece.hex()}');\n" for piece in pieces)
    opened, closed = (
        f"SELECT pg_catalog.lo_open('{oid}', 131072);\n",
        "SELECT pg_catalog.lo_close(0);\n",
    )
    return f"{opened}{written}{closed}\n".encode()


@given(
    objects=st.dictionaries(st.integers(1, 2**32 - 1), st.binary(max_size=60), max_size=5),
    chunk=st.integers(1, 20),
    cut_every=st.integers(1, 100),
)
def test_large_objects_are_hashed_however_they_are_written(
    objects: dict[int, bytes], chunk: int, cut_every: int
) -> None:
    script = b"".join(
        large_object(oid, *(data[at : at + chunk] for at in range(0, len(data), chunk)))
        for oid, data in objects.items()
    )
    counted = count(script, cut_every=cut_every)
    assert counted.large_objects == len(objects)
    assert counted.large_objects_digest == digest_of_objects(objects)


def test_large_objects_that_change_places_differ() -> None:
    one = count(large_object(1, b"a") + large_object(2, b"b")).large_objects_digest
    other = count(large_object(1, b"b") + large_object(2, b"a")).large_objects_digest
    assert one != other


def test_a_missing_counter_is_said_with_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(ProgramMissingError, match="counter of rows") as caught:
        load_counter(Programs(tmp_path))
    assert "make layers deploy" in caught.value.todo
