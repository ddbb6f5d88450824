"""The samples in `pg_restore/` are what real programs said, with four workers.

A database that uses nine extensions in every way was restored into a server without them (14, 18),
and into one with them by a role that is no superuser (18).
"""

import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lifeboat.recovery.policy.pg_restore_output import RestoreOutput, RestoreProblem, parse

SAMPLES = Path(__file__).parent / "pg_restore"
LACKING = ("lacking-extensions-14.txt", "lacking-extensions-18.txt")

TYPE_MISSING = """\
pg_restore: error: could not execute query: ERROR:  type "public.citext" does not exist
LINE 3:     name public.citext,
                 ^
Command was: CREATE TABLE s.places (
    id bigint NOT NULL,
    name public.citext
);


"""
DATA = """\
pg_restore: error: COPY failed for table "plain": ERROR:  duplicate key value violates unique \
constraint "plain_pkey"
DETAIL:  Key (id)=(1) already exists.
CONTEXT:  COPY plain, line 1: "1	1	secret"
"""
OWNER = """\
pg_restore: error: could not execute query: ERROR:  relation "s.places" does not exist
Command was: ALTER TABLE s.places OWNER TO app_owner;

"""


def ignored(count: int) -> str:
    return f"pg_restore: warning: errors ignored on restore: {count}\n"


def test_a_silent_restore_has_no_problem() -> None:
    assert parse("") == RestoreOutput(problems=(), ignored=0)
    assert parse("").understood


def test_an_error_is_its_first_line_with_the_statement_and_all_else_apart() -> None:
    output = parse(TYPE_MISSING + DATA + OWNER + ignored(3))
    assert output.problems == (
        RestoreProblem(
            'type "public.citext" does not exist',
            "LINE 3:     name public.citext,\n                 ^",
            "CREATE TABLE s.places (\n    id bigint NOT NULL,\n    name public.citext\n);",
        ),
        RestoreProblem(
            'duplicate key value violates unique constraint "plain_pkey"',
            'DETAIL:  Key (id)=(1) already exists.\nCONTEXT:  COPY plain, line 1: "1\t1\tsecret"',
            copied="plain",
        ),
        RestoreProblem(
            'relation "s.places" does not exist',
            statement="ALTER TABLE s.places OWNER TO app_owner;",
        ),
    )
    assert output.understood


def test_the_counts_of_several_runs_are_summed() -> None:
    output = parse(TYPE_MISSING + ignored(1) + OWNER + DATA + ignored(2))
    assert (len(output.problems), output.ignored, output.understood) == (3, 3, True)


def test_what_version_14_adds_is_no_problem() -> None:
    said = (
        "pg_restore: WARNING:  wal_level is insufficient to publish logical changes\n"
        "HINT:  Set wal_level to logical before creating subscriptions.\n"
        "pg_restore: while PROCESSING TOC:\n"
        "pg_restore: from TOC entry 6; 3079 17201 EXTENSION bloom (no owner)\n"
    )
    assert [each.error for each in parse(said + OWNER + ignored(1)).problems] == [
        'relation "s.places" does not exist'
    ]


def test_another_warning_of_pg_restore_is_no_error() -> None:
    said = "pg_restore: warning: restoring tables WITH OIDS is not supported anymore\n"
    assert parse(said).problems == ()


def test_an_error_of_pg_restore_itself_is_one_too() -> None:
    said = "pg_restore: error: a worker process died unexpectedly\n"
    output = parse(said)
    assert output.problems == (RestoreProblem("a worker process died unexpectedly"),)
    assert not output.understood


@pytest.mark.parametrize("name", LACKING)
def test_each_error_of_a_real_parallel_restore_is_found(name: str) -> None:
    said = (SAMPLES / name).read_text()
    assert re.search("^(pg_restore:){2}", said, re.MULTILINE), "workers have interrupted each other"
    output = parse(said)
    assert len(output.problems) == said.count("could not execute query: ") == 123
    # 44 items failed in the workers, and the leader counts each once more.
    assert output.ignored == 123 + 44
    assert output.understood
    assert all(each.statement and each.error for each in output.problems)


def test_workers_may_interrupt_each_other_between_any_two_writes() -> None:
    """All the ways in which two messages of four writes each can fall into each other."""
    one, other = (
        ["pg_restore:", " ", "error: ", message.removeprefix("pg_restore: error: ")]
        for message in (TYPE_MISSING, OWNER)
    )
    apart = set(parse(TYPE_MISSING + OWNER + ignored(2)).problems)
    for mask in range(1 << 8):
        if mask.bit_count() == 4:
            first, second = iter(one), iter(other)
            said = "".join(next(first if mask >> i & 1 else second) for i in range(8))
            output = parse(said + ignored(4))
            assert set(output.problems) == apart, said
            assert output.understood


@pytest.mark.parametrize(
    "said",
    [
        TYPE_MISSING,
        TYPE_MISSING + ignored(3),
        TYPE_MISSING + OWNER + ignored(1),
        ignored(1),
        TYPE_MISSING.replace("pg_restore: error: could not execute query: ", "") + ignored(1),
        TYPE_MISSING.replace("    id", "    pg_restore: error: id") + OWNER + ignored(2),
        "a line without its beginning\n" + TYPE_MISSING + ignored(1),
    ],
    ids=[
        "no count",
        "too many counted",
        "too few counted",
        "none found",
        "a head is lost",
        "broken into",
        "cut at its beginning",
    ],
)
def test_output_that_cannot_be_all_is_not_relied_on(said: str) -> None:
    assert not parse(said).understood


def test_a_table_may_be_called_anything() -> None:
    said = 'pg_restore: error: COPY failed for table "a": ERROR:  b": ERROR:  out of memory\n'
    (problem,) = parse(said).problems
    assert (problem.copied, problem.error) == ('a": ERROR:  b', "out of memory")


@pytest.mark.parametrize(
    "error",
    [
        'invalid byte sequence for encoding "UTF8": 0xe9 0x0a 0x5c',
        'could not extend file "base/5/1": No space left on device',
        "function unaccent(text) does not exist",
    ],
)
def test_an_error_of_a_table_is_whole_and_keeps_the_name_of_the_table(error: str) -> None:
    for severity in ("ERROR:  ", "FATAL:  "):
        (problem,) = parse(
            f'pg_restore: error: COPY failed for table "notes": {severity}{error}\n'
        ).problems
        assert (problem.copied, problem.error) == ("notes", error)


def test_a_lost_connection_has_no_severity() -> None:
    said = 'pg_restore: error: COPY failed for table "notes": server closed the connection\n'
    (problem,) = parse(said).problems
    assert (problem.copied, problem.error) == ("notes", "server closed the connection")


@given(st.text())
def test_any_output_is_taken_apart(said: str) -> None:
    output = parse(said)
    assert output.understood is (output.problems == () and (not said or output.whole))


@given(st.lists(st.sampled_from([TYPE_MISSING, OWNER, DATA]), min_size=1))
def test_as_many_errors_are_found_as_were_said(messages: list[str]) -> None:
    output = parse("".join(messages) + ignored(len(messages)))
    assert len(output.problems) == len(messages)
    assert output.understood
