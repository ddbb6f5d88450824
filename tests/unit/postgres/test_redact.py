import json
from collections.abc import Callable
from urllib.parse import quote, quote_plus

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from psycopg.conninfo import make_conninfo
from psycopg.sql import Literal

from lifeboat.postgres.endpoint import Endpoint
from lifeboat.postgres.redact import redact

# Without stars: the mark itself, with what stands before it, could spell such a password again.
PASSWORDS = st.text(min_size=4, max_size=40).filter(lambda text: not set(text) & {"\x00", "*"})


def endpoint(password: str | None) -> Endpoint:
    return Endpoint(host="h", port=1, user="u", password=password, database="d", sslmode="require")


def _in_conninfo(raw: str) -> str:
    """As libpq's connection strings spell it; quotes stand around it only where they must."""
    value = make_conninfo(password=raw).removeprefix("password=")
    return value[1:-1] if value.startswith("'") else value


SPELLINGS: list[Callable[[str], str]] = [
    str,
    lambda raw: quote(raw, safe=""),
    quote,
    quote_plus,
    lambda raw: "".join(f"%{byte:02x}" for byte in raw.encode()),
    lambda raw: quote(raw[:2], safe="") + raw[2:],
    lambda raw: json.dumps(raw)[1:-1],
    lambda raw: json.dumps(raw, ensure_ascii=False)[1:-1],
    lambda raw: repr(raw)[1:-1],
    _in_conninfo,
    lambda raw: Literal(raw).as_string().strip().removeprefix("E")[1:-1],
    lambda raw: raw.replace("'", "''"),
]


@pytest.mark.parametrize("spelling", SPELLINGS)
@settings(max_examples=30)
@given(password=PASSWORDS)
def test_no_spelling_of_the_password_stays(spelling: Callable[[str], str], password: str) -> None:
    spelled = spelling(password)
    text = redact(f"\v{spelled}\v and \v{spelled}\v", endpoint(password))
    assert spelled not in text
    assert password not in text
    if "\v" not in password:
        assert text == "\v***\v and \v***\v"


def test_all_other_words_stay() -> None:
    text = 'connection to "h" failed for u: postgresql://u:pa%20ss%2F@h and pa ss/'
    assert redact(text, endpoint("pa ss/")) == (
        'connection to "h" failed for u: postgresql://u:***@h and ***'
    )


@pytest.mark.parametrize("password", [None, ""])
def test_without_a_password_nothing_is_taken_out(password: str | None) -> None:
    assert redact("any words", endpoint(password)) == "any words"


def test_a_long_password_of_escapes_does_not_take_for_ever() -> None:
    password = "\\'%25" * 16
    assert redact("\\'%" * 100 + password, endpoint(password)).endswith("***")
