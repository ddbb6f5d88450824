"""SQL names, quoted or not."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lifeboat.policy.identifiers import split_qualified, unquoted

NAMES = st.text(st.characters(codec="utf-8", exclude_characters="\0"), min_size=1, max_size=20)


def quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


@given(schema=NAMES, name=NAMES)
def test_any_quoted_name_comes_back(schema: str, name: str) -> None:
    assert split_qualified(f"{quoted(schema)}.{quoted(name)}") == (schema, name)


def test_a_plain_name_needs_no_quotes() -> None:
    assert split_qualified('public."Odd.Name"') == ("public", "Odd.Name")
    assert unquoted("users") == "users"


@pytest.mark.parametrize("text", ["", "users", "a.b.c", ".b", "a.", 'a."b', 'a.b"c"'])
def test_what_is_not_two_names_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="not a qualified name"):
        split_qualified(text)
