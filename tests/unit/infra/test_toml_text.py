"""What is written as TOML is read back as it was."""

import tomllib
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=20) | st.sampled_from(
    ["\x7f", 'say "hi"', "a\\b", "two\nlines\t\r\n", "\x00", "# no comment", "ä\U0001f6df\u2028"]
)
NUMBER = st.integers() | st.floats(allow_nan=False, allow_infinity=False)
SINGLE = TEXT | st.booleans() | NUMBER
TABLE = st.recursive(
    st.dictionaries(TEXT, SINGLE | st.lists(SINGLE, max_size=3), max_size=4),
    lambda inner: st.dictionaries(
        TEXT, SINGLE | inner | st.lists(inner, min_size=1, max_size=3), max_size=4
    ),
    max_leaves=12,
)


@given(TABLE)
def test_tables_of_any_shape_are_read_back_as_they_were(table: dict[str, object]) -> None:
    from infra.toml_text import toml_of

    assert tomllib.loads(toml_of(table)) == table


def test_it_reads_as_a_person_would_write_it() -> None:
    from infra.toml_text import toml_of

    text = toml_of(
        {
            "databases": [
                {"name": "app", "transfer": {"allowance_gb": 5, "suspends": True}, "cron": "x"},
                {"name": "shop", "secret_key_arn": None},
            ],
            "encryption": "S3",
            "alerts": {"emails": ["a@example.com", "b@example.com"]},
        }
    )

    assert (
        text
        == """\
encryption = "S3"

[[databases]]
name = "app"
cron = "x"

[databases.transfer]
allowance_gb = 5
suspends = true

[[databases]]
name = "shop"

[alerts]
emails = ["a@example.com", "b@example.com"]
"""
    )


def test_what_settings_are_not_made_of_is_a_mistake_of_the_caller() -> None:
    from infra.toml_text import toml_of

    with pytest.raises(TypeError, match="date is none of what settings are made of"):
        toml_of({"day": date(2026, 1, 1)})
