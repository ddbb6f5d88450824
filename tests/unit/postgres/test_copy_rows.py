"""The counter of what pg_restore would load."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lifeboat.errors import DecodeError
from lifeboat.model.inventory import Sequence, Table
from lifeboat.model.row_counts import different_content, with_content
from tests.support.counting import count
from tests.unit.model.test_row_counts import inventory

HEAD = b"--\n-- PostgreSQL database dump\n--\n\nSET statement_timeout = 0;\n\n"


def test_rows_are_counted_per_table() -> None:
    script = HEAD + (
        b"COPY public.users (id, email) FROM stdin;\n1\ta@b\n2\tc@d\n\\.\n\n"
        b"COPY public.empty (id) FROM stdin;\n\\.\n\n"
    )
    assert count(script).rows == {("public", "users"): 2, ("public", "empty"): 0}


@pytest.mark.parametrize("cut_every", [1, 2, 3, 4, 5, 7, 64])
def test_where_the_pieces_are_cut_does_not_matter(cut_every: int) -> None:
    script = HEAD + (
        b"COPY public.a (v) FROM stdin;\n\\.\n"
        b"COPY public.b (v) FROM stdin;\n\\\\.\nx\n\\N\n\n\\.\n"
        b"SELECT pg_catalog.setval('public.s', 7, true);\n"
        b"SELECT pg_catalog.lo_open('16400', 131072);\n"
    )
    counted = count(script, cut_every=cut_every)
    assert counted.rows == {("public", "a"): 0, ("public", "b"): 4}
    assert counted.sequences == [Sequence(schema="public", name="s", last_value=7, is_called=True)]
    assert counted.large_objects == 1


@pytest.mark.parametrize("cut_every", [1, 2, 3, 4, 5, 7, 64])
def test_what_the_server_sent_is_counted_wherever_the_pieces_are_cut(cut_every: int) -> None:
    """A row of 2 and one of 5 bytes with their line ends, 5 bytes about each; and 3 bytes."""
    script = HEAD + (
        b"COPY public.a (v) FROM stdin;\n1\nab\tc\n\\.\n"
        b"COPY public.b (v) FROM stdin;\n\\.\n"
        b"SELECT pg_catalog.lo_open('16400', 131072);\n"
    )
    rows = count(script, cut_every=cut_every)
    assert rows.received == (2 + 5) + (5 + 5)
    written = b"SELECT pg_catalog.lowrite(0, '\\x616263');\n"
    with_object = count(script + written, cut_every=cut_every)
    assert with_object.received - rows.received == len(written) // 2


def test_names_are_read_whatever_they_hold() -> None:
    script = (
        b'COPY "odd "" schema"."a\nb.c" ("x, y", "z\n)") FROM stdin;\n1\t2\n\\.\n'
        b'COPY public."COPY public.x FROM stdin;" (id) FROM stdin;\n1\n\\.\n'
        b"COPY public.no_columns  FROM stdin;\n\n\n\\.\n"
    )
    assert count(script, cut_every=3).rows == {
        ('odd " schema', "a\nb.c"): 1,
        ("public", "COPY public.x FROM stdin;"): 1,
        ("public", "no_columns"): 2,
    }


@pytest.mark.parametrize(
    ("literal", "schema", "name"),
    [
        (b"'public.users_id_seq'", "public", "users_id_seq"),
        (b'\'public."it\'\'s a ""seq"""\'', "public", 'it\'s a "seq"'),
        (b"E'public.\"back\\\\slash\"'", "public", "back\\slash"),
        (b"'public.\"two\nlines\"'", "public", "two\nlines"),
    ],
)
def test_sequences_are_read_whatever_they_are_called(
    literal: bytes, schema: str, name: str
) -> None:
    counted = count(b"SELECT pg_catalog.setval(%s, 42, false);\n" % literal)
    assert counted.sequences == [Sequence(schema=schema, name=name, last_value=42, is_called=False)]


def test_a_row_that_looks_like_a_statement_is_a_row() -> None:
    script = (
        b"COPY public.t (v) FROM stdin;\nCOPY public.u (v) FROM stdin;\n"
        b"SELECT pg_catalog.setval('public.s', 1, true);\n\\.\n"
    )
    counted = count(script)
    assert (counted.rows, counted.sequences) == ({("public", "t"): 2}, [])


def test_a_script_that_ends_in_the_middle_of_rows_is_refused() -> None:
    with pytest.raises(DecodeError, match=r"in the rows of public\.t"):
        count(b"COPY public.t (v) FROM stdin;\n1\n2\n")


def test_a_script_that_ends_in_the_middle_of_a_statement_is_refused() -> None:
    with pytest.raises(DecodeError, match="in a statement"):
        count(b"COPY public.t (v) FROM st")


def test_bytes_of_a_large_object_that_are_not_understood_are_refused() -> None:
    """They would be missing in the digest of the source and of the copy alike."""
    opened = b"SELECT pg_catalog.lo_open('16400', 131072);\n"
    with pytest.raises(DecodeError, match="large object"):
        count(opened + b"SELECT pg_catalog.lowrite(0, 'abc');\n")
    with pytest.raises(DecodeError, match="large object"):
        count(b"SELECT pg_catalog.lowrite(0, '\\x61');\n")


def test_a_table_of_more_columns_than_any_can_have_is_refused() -> None:
    def head(columns: int) -> bytes:
        return b"COPY public.t (%s) FROM stdin;\n\\.\n" % b", ".join(
            b"c%d" % i for i in range(columns)
        )

    assert count(head(1600)).rows == {("public", "t"): 0}
    with pytest.raises(DecodeError, match="more columns"):
        count(head(1601))


def test_a_statement_without_end_is_refused_before_memory_is() -> None:
    with pytest.raises(DecodeError, match="more than"):
        count(b'COPY public."' + b"x" * (5 << 20))


@given(
    rows=st.lists(
        st.text(st.characters(codec="utf-8", exclude_characters="\n"), max_size=20).filter(
            lambda row: row != "\\."
        ),
        max_size=30,
    ),
    cut_every=st.integers(1, 50),
)
def test_any_rows_are_counted_however_they_arrive(rows: list[str], cut_every: int) -> None:
    body = "".join(row + "\n" for row in rows).encode()
    script = b"COPY public.t (v) FROM stdin;\n" + body + b"\\.\n\nSELECT 1;\n"
    assert count(script, cut_every=cut_every).rows == {("public", "t"): len(rows)}


@pytest.mark.timeout(20)
def test_twenty_thousand_tables_are_described_in_linear_time() -> None:
    """Two seconds; with a time that grows with the square of the tables, it would be minutes."""
    tables = tuple(Table(schema="public", name=f"t{i}", rows=1) for i in range(20_000))
    counted = count(
        b"".join(b"COPY public.t%d (v) FROM stdin;\n1\n\\.\n" % i for i in range(len(tables)))
    )
    described = with_content(inventory(*tables), counted)
    assert all(table.digest for table in described.tables)
    assert different_content(described, counted) == []
