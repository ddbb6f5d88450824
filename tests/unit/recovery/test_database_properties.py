import pytest
from hypothesis import given
from hypothesis import strategies as st

from lifeboat.recovery.policy.database_properties import (
    Grant,
    Properties,
    Setting,
    parse_properties,
    values_of,
)

NAMES = st.text(st.characters(codec="utf-8", exclude_characters="\0"), min_size=1)
TEXTS = st.text(st.characters(codec="utf-8", exclude_characters="\0"))


def quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def literal(text: str) -> str:
    """As pg_dump writes it in a setting."""
    doubled = text.replace("'", "''").replace("\\", "\\\\")
    return f"E'{doubled}'" if "\\" in text else f"'{doubled}'"


@given(NAMES, st.one_of(st.none(), NAMES), NAMES, st.lists(TEXTS, min_size=1), TEXTS)
def test_whatever_the_names_and_values_they_are_read_as_they_were(
    database: str, role: str | None, name: str, values: list[str], comment: str
) -> None:
    of = f"ALTER ROLE {quoted(role)} IN DATABASE" if role else "ALTER DATABASE"
    plain = comment.replace("'", "''")
    script = (
        "SET standard_conforming_strings = on;\n\\connect x\n"
        f"{of} {quoted(database)} SET {quoted(name)} TO {', '.join(map(literal, values))};\n"
        f"-- a comment; GRANT\nCOMMENT ON DATABASE {quoted(database)} IS '{plain}';\n"
    )
    assert parse_properties(script) == Properties(
        comment=comment, settings=(Setting(role, name, tuple(values)),)
    )


def test_plain_strings_have_their_backslashes_doubled_where_that_is_the_servers_way() -> None:
    script = "SET standard_conforming_strings = off;COMMENT ON DATABASE a IS 'b\\\\c''d';"
    assert parse_properties(script).comment == "b\\c'd"


def test_grants_keep_their_order_and_who_gave_them() -> None:
    script = """
        REVOKE CONNECT,TEMPORARY ON DATABASE a FROM PUBLIC;
        GRANT CONNECT ON DATABASE a TO "PUBLIC" WITH GRANT OPTION;
        SET SESSION AUTHORIZATION mid;
        GRANT ALL ON DATABASE a TO b;
        RESET SESSION AUTHORIZATION;
        REVOKE GRANT OPTION FOR ALL ON DATABASE a FROM c;
    """
    assert parse_properties(script).grants == (
        Grant("CONNECT, TEMPORARY", None, revoked=True),
        Grant("CONNECT", "PUBLIC", with_option=True),
        Grant("ALL", "b", by="mid"),
        Grant("GRANT OPTION FOR ALL", "c", revoked=True),
    )


@pytest.mark.parametrize(
    "statement",
    [
        "DROP DATABASE live",
        "ALTER DATABASE a RENAME TO b",
        "ALTER SYSTEM SET archive_command TO 'x'",
        "GRANT admin TO mallory",
        "GRANT CONNECT ON DATABASE a TO b CASCADE; DROP TABLE t",
        "GRANT SELECT ON DATABASE a TO b",
        "GRANT CONNECT ON TABLE a TO b",
        "ALTER DATABASE a SET x TO (SELECT 1)",
        "ALTER DATABASE a SET x TO 'b' 'c'",
        "ALTER DATABASE a CONNECTION LIMIT = many",
        "COMMENT ON DATABASE a IS b",
        "COMMENT ON TABLE a IS 'b'",
        "GRANT",
    ],
)
def test_what_pg_dump_does_not_write_is_counted_and_never_run(statement: str) -> None:
    found = parse_properties(f"{statement};")
    assert found.unread >= 1
    assert found == Properties(unread=found.unread)


@given(st.text())
def test_no_text_is_too_strange(text: str) -> None:
    parse_properties(text)


@pytest.mark.parametrize(
    ("name", "text", "values"),
    [
        (
            "search_path",
            'app, public, "odd, ""name", "$user"',
            ("app", "public", 'odd, "name', "$user"),
        ),
        ("search_path", '""', ("",)),
        ("search_path", "", ("",)),
        ("session_preload_libraries", "$libdir/a.so,b", ("$libdir/a.so", "b")),
        ("app.list", "a, b", ("a, b",)),
    ],
)
def test_only_lists_of_names_are_taken_apart(name: str, text: str, values: tuple[str, ...]) -> None:
    assert values_of(name, text) == values
