"""Which errors are worth another attempt with one worker."""

import pytest

from lifeboat.recovery.policy.pg_restore_output import RestoreProblem, parse
from lifeboat.recovery.policy.second_attempt import one_worker_may_succeed

ADDED = "ALTER TABLE ONLY public.a\n    ADD CONSTRAINT f FOREIGN KEY (b) REFERENCES public.b(id);"

CROSSED = {
    "a deadlock": RestoreProblem("deadlock detected", statement=ADDED),
    "two writers of a catalog's line": RestoreProblem(
        "tuple concurrently updated", statement="GRANT SELECT ON TABLE public.a TO b;"
    ),
    "one name made twice": RestoreProblem(
        'duplicate key value violates unique constraint "pg_type_typname_nsp_index"',
        statement="CREATE INDEX i ON public.a USING btree (b);",
    ),
    "too many locks together": RestoreProblem("out of shared memory", statement=ADDED),
    "one connection too many": RestoreProblem(
        'connection to server at "db", port 5432 failed: FATAL:  sorry, too many clients already'
    ),
    "a role's last connection": RestoreProblem(
        'connection to server at "db" failed: FATAL:  too many connections for role "app"'
    ),
    "an extension's foreign key": RestoreProblem(
        'insert or update on table "chunk" violates foreign key constraint "chunk_table_id_fkey"',
        'DETAIL:  Key (table_id)=(1) is not present in table "hypertable".',
    ),
    "a check of another table": RestoreProblem(
        'new row for relation "a" violates check constraint "a_check"',
        'DETAIL:  Failing row contains (1).\nCONTEXT:  COPY a, line 1: "1"',
    ),
    "a check that raises": RestoreProblem(
        "unknown customer",
        "CONTEXT:  PL/pgSQL function public.known(integer) line 1 at RAISE\nCOPY a, line 1",
    ),
    "a view that reads another": RestoreProblem(
        'materialized view "b" has not been populated',
        "HINT:  Use the REFRESH MATERIALIZED VIEW command.",
        "REFRESH MATERIALIZED VIEW public.a;",
    ),
}

WRONG_IN_ANY_ORDER = {
    "rows that violate a key": RestoreProblem(
        'insert or update on table "a" violates foreign key constraint "f"', statement=ADDED
    ),
    "rows that violate a check": RestoreProblem(
        'check constraint "c" of relation "a" is violated by some row',
        statement="ALTER TABLE public.a ADD CONSTRAINT c CHECK (b > 0);",
    ),
    "rows twice": RestoreProblem('could not create unique index "a_key"', statement=ADDED),
    "a lacking extension": RestoreProblem(
        'extension "postgis" is not available', statement="CREATE EXTENSION postgis;"
    ),
    "rows of a table that is not there": RestoreProblem('relation "public.a" does not exist'),
    "a function without a search path": RestoreProblem(
        'relation "b" does not exist',
        "CONTEXT:  PL/pgSQL function public.known(integer) line 1\nCOPY a, line 1",
    ),
    "rows of another form": RestoreProblem(
        'invalid input syntax for type integer: "x"', 'CONTEXT:  COPY a, line 1, column b: "x"'
    ),
    "a full disk": RestoreProblem("could not extend file: No space left on device"),
    "a message that quotes the words": RestoreProblem(
        'function "violates check constraint" is unknown', statement=ADDED
    ),
}


@pytest.mark.parametrize("problem", CROSSED.values(), ids=CROSSED)
def test_what_workers_do_to_each_other_is_worth_another_attempt(problem: RestoreProblem) -> None:
    assert one_worker_may_succeed(problem)


@pytest.mark.parametrize("problem", WRONG_IN_ANY_ORDER.values(), ids=WRONG_IN_ANY_ORDER)
def test_what_is_wrong_in_any_order_is_not(problem: RestoreProblem) -> None:
    assert not one_worker_may_succeed(problem)


def test_rows_that_were_refused_are_known_by_pg_restores_own_words() -> None:
    said = (
        'pg_restore: error: COPY failed for table "chunk": ERROR:  insert or update on table'
        ' "chunk" violates foreign key constraint "f"\n'
        'DETAIL:  Key (a)=(1) is not present in table "b".\n'
        "pg_restore: warning: errors ignored on restore: 1\n"
    )
    (problem,) = parse(said).problems
    assert one_worker_may_succeed(problem)
