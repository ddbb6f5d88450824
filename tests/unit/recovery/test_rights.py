"""What a superuser makes in a drill's own server, and what it leaves to others."""

import pytest

from lifeboat.recovery.policy.entry import Entry
from lifeboat.recovery.policy.rights import needs_superuser, passes_by_role

PARAMETERS = ("session_replication_role",)


def entry(kind: str, definition: str = "", tag: str = "x") -> Entry:
    return Entry(number=7, kind=kind, tag=tag, definition=definition)


@pytest.mark.parametrize(
    ("kind", "definition"),
    [
        ("EXTENSION", ""),
        ("SCHEMA", ""),
        ("EVENT TRIGGER", ""),
        ("ACL", ""),
        ("TYPE", "CREATE TYPE public.odd (\n    INTERNALLENGTH = 4,"),
        ("TYPE", 'CREATE TYPE public."AS ENUM (" (\n    INTERNALLENGTH = 4,'),
        ("FUNCTION", "CREATE FUNCTION a.f(int) RETURNS int\n    LANGUAGE c IMMUTABLE\n    AS 'f'"),
        ("FUNCTION", "CREATE FUNCTION a.f() RETURNS int\n    LANGUAGE internal\n    AS $$f$$;"),
        ("FUNCTION", "CREATE FUNCTION a.f() RETURNS int\n    LANGUAGE sql LEAKPROOF\n    AS '1'"),
        ("FUNCTION", "CREATE FUNCTION a.f() RETURNS int\n    LANGUAGE sql SUPPORT a.b\n    AS '1'"),
        (
            "PROCEDURE",
            "CREATE PROCEDURE a.f(IN x text DEFAULT ')('::text)\n    LANGUAGE plpgsql\n"
            "    SET search_path TO 'a', 'b'\n"
            "    SET session_replication_role TO 'replica'\n    AS $$...$$",
        ),
        ("AGGREGATE", "CREATE AGGREGATE a.g(integer) (\n    SFUNC = f,\n    STYPE = internal\n);"),
    ],
)
def test_what_only_a_superuser_can_make_is_made_by_one(kind: str, definition: str) -> None:
    assert needs_superuser(entry(kind, definition), PARAMETERS)


@pytest.mark.parametrize(
    ("kind", "definition"),
    [
        ("TABLE", ""),
        ("VIEW", ""),
        ("DOMAIN", "CREATE DOMAIN a.d AS integer"),
        ("POLICY", ""),
        ("TABLE ATTACH", ""),
        ("MATERIALIZED VIEW DATA", ""),
        ("TYPE", "CREATE TYPE public.mood AS ENUM (\n    'a'"),
        ("TYPE", 'CREATE TYPE public."odd (" AS (\n\ta integer'),
        ("FUNCTION", "CREATE FUNCTION a.f() RETURNS int\n    LANGUAGE sql\n    AS 'LANGUAGE c'"),
        (
            "FUNCTION",
            "CREATE FUNCTION a.\"LANGUAGE c\"() RETURNS int\n    LANGUAGE sql\n    AS '1'",
        ),
        (
            "FUNCTION",
            "CREATE FUNCTION a.f(x text DEFAULT '\n    LANGUAGE c '' AS '::text) RETURNS int\n"
            "    LANGUAGE plpgsql\n    AS $$ $$;",
        ),
        (
            "FUNCTION",
            "CREATE FUNCTION a.support(leakproof a.t DEFAULT '(1)'::a.t) RETURNS a.support\n"
            '    LANGUAGE sql\n    BEGIN ATOMIC\n SELECT 1 AS "LEAKPROOF";\nEND;',
        ),
        ("FUNCTION", "CREATE FUNCTION a.f() RETURNS int\n    LANGUAGE sql\n    RETURN a.LEAKPROOF"),
        (
            "FUNCTION",
            "CREATE FUNCTION a.f() RETURNS int\n    LANGUAGE sql\n"
            "    SET search_path TO 'LEAKPROOF', 'session_replication_role'\n    AS '1'",
        ),
        (
            "AGGREGATE",
            'CREATE AGGREGATE a."STYPE = internal"(integer) (\n    SFUNC = f,\n'
            "    STYPE = a.internal,\n    INITCOND = 'STYPE = internal'\n);",
        ),
    ],
)
def test_what_others_can_have_made_is_made_by_none(kind: str, definition: str) -> None:
    assert not needs_superuser(entry(kind, definition), PARAMETERS)


def test_a_comment_is_made_by_who_may() -> None:
    assert needs_superuser(entry("COMMENT", tag="EXTENSION hstore"), ())
    assert needs_superuser(entry("COMMENT", tag="CAST (a AS b)"), ())
    assert not needs_superuser(entry("COMMENT", tag="TABLE EXTENSION"), ())
    assert not needs_superuser(entry("COMMENT", tag="COLUMN t.x"), ())


ENTRIES = tuple(
    Entry(number=number, kind=kind, tag=tag, definition="")
    for number, (kind, tag) in enumerate(
        (
            ("SCHEMA", "s"),
            ("COMMENT", "SCHEMA s"),
            ("DOMAIN", "d"),
            ("CAST", "CAST (a AS b)"),
            ("TABLE", "t"),
            ("TABLE DATA", "t"),
            ("INDEX", "i"),
            ("PUBLICATION", "p"),
            ("EVENT TRIGGER", "e"),
            ("COMMENT", "EVENT TRIGGER e"),
            ("ACL", "TABLE t"),
            ("MATERIALIZED VIEW DATA", "v"),
        ),
        start=1,
    )
)
LINES = (
    ";\n; Archive created at some time",
    *(f"{each.number}; 1 {each.number} {each.kind} s {each.tag} owner" for each in ENTRIES),
)


def numbers(lines: tuple[str, ...]) -> list[int]:
    return [int(line.partition(";")[0]) for line in lines]


def test_each_entry_has_its_turn_and_no_turn_has_two_masters() -> None:
    planned = passes_by_role(LINES, ENTRIES)

    building = [(each.superuser, numbers(each.run.entries)) for each in planned.building]
    finishing = [(each.superuser, numbers(each.run.entries)) for each in planned.finishing]
    assert building == [
        (True, [1, 2]),
        (False, [3]),
        (True, [4]),
        (False, [5, 6, 7]),
        (False, [3, 5, 6, 7]),  # of these what comes after the rows
    ]
    assert finishing == [(True, [8, 11]), (False, [12]), (True, [9, 10])]
    assert planned.building[-1].run.sections == ("post-data",)
    assert not any(each.run.parallel for each in planned.building if each.superuser)


def test_an_archive_without_such_entries_is_restored_by_one_role() -> None:
    planned = passes_by_role(LINES, [each for each in ENTRIES if each.number in {3, 5, 6, 7}])
    assert not any(each.superuser for each in (*planned.building, *planned.finishing))
