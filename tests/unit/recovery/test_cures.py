"""Which errors of a restore tell what is wrong with the source itself."""

import pytest

from lifeboat.recovery.policy.cures import cures
from lifeboat.recovery.policy.pg_restore_output import RestoreProblem


@pytest.mark.parametrize(
    ("problem", "words"),
    [
        (
            RestoreProblem("function unac(text) does not exist", 'CONTEXT:  SQL function "slug"'),
            "ALTER FUNCTION slug(<its arguments>) SET search_path",
        ),
        (
            RestoreProblem(
                'relation "t" does not exist', "PL/pgSQL function a.f(int, text) line 3 at RETURN"
            ),
            "ALTER FUNCTION a.f(int, text) SET search_path",
        ),
        (
            RestoreProblem('x violates foreign key constraint "y"', statement="ALTER TABLE t ADD"),
            "NOT VALID",
        ),
        (RestoreProblem('x violates check constraint "y"', copied="t"), "A CHECK refuses rows"),
        (RestoreProblem('could not create unique index "i"'), "REINDEX"),
    ],
)
def test_each_fault_of_a_database_has_its_cure(problem: RestoreProblem, words: str) -> None:
    (cure,) = cures([problem, problem])
    assert words in cure


@pytest.mark.parametrize(
    "problem",
    [
        RestoreProblem('relation "public.t" does not exist', "PL/pgSQL function a.f() line 3"),
        RestoreProblem("function unac(text) does not exist"),
        RestoreProblem('x violates foreign key constraint "y"', copied="t"),
        RestoreProblem("out of memory"),
    ],
)
def test_other_errors_have_no_known_cure(problem: RestoreProblem) -> None:
    assert cures([problem]) == ()
