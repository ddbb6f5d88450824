"""Which locales are alike, and which errors come of one that is lacking."""

import pytest

from lifeboat.recovery.policy.classify_errors import Server, classify
from lifeboat.recovery.policy.locales import DatabaseLocale, Dependent, LocaleDependents
from lifeboat.recovery.policy.managed_errors import MANAGED
from lifeboat.recovery.policy.pg_restore_output import RestoreOutput, RestoreProblem

DEPENDENTS = LocaleDependents(
    "en_US.UTF-8 (libc)",
    (
        Dependent("CHECK", "public.names", "spelled"),
        Dependent("bounds", "public.words"),
        Dependent("citext column", '"Odd S".orders', "Mail"),
    ),
)
ADD_KEY = 'ALTER TABLE ONLY "Odd S".orders\n    ADD CONSTRAINT whose FOREIGN KEY ({}) REFERENCES u;'
VIOLATED = 'insert or update on table "orders" violates foreign key constraint "whose"'


@pytest.mark.parametrize(
    ("one", "other", "alike"),
    [
        (("libc", "C.UTF-8", "C.UTF-8"), ("libc", "C.utf8", "C.UTF8"), True),
        (("libc", "C", "POSIX"), ("libc", "POSIX", "C"), True),
        (("libc", "C", "C"), ("libc", "C", "C.UTF-8"), False),
        (("libc", "C.UTF-8", "C.UTF-8"), ("builtin", "C.UTF-8", "C.UTF-8", "C.UTF-8"), False),
        (("icu", "C", "C", "en-US"), ("icu", "de_DE", "de_DE", "en-US"), True),
        (("icu", "C", "C", "en-US"), ("icu", "C", "C", "de"), False),
        (("builtin", "C", "C"), ("builtin", "C", "C", "C.UTF-8"), True),
    ],
)
def test_locales_are_alike_where_text_works_by_the_same_rules(
    one: tuple[str, str, str, str], other: tuple[str, str, str, str], *, alike: bool
) -> None:
    assert DatabaseLocale(*one).is_like(DatabaseLocale(*other)) is alike
    assert DatabaseLocale(*other).is_like(DatabaseLocale(*one)) is alike


@pytest.mark.parametrize(
    ("problem", "excused"),
    [
        (RestoreProblem('x violates check constraint "spelled"', copied="names"), True),
        (RestoreProblem('x violates check constraint "positive"', copied="names"), False),
        (RestoreProblem(VIOLATED, statement=ADD_KEY.format('id, "Mail"')), True),
        (RestoreProblem(VIOLATED, statement=ADD_KEY.format("mail")), False),
        (
            RestoreProblem('new row for relation "w" violates partition constraint', copied="w"),
            True,
        ),
    ],
)
def test_only_what_works_by_a_lacking_locale_is_excused(
    problem: RestoreProblem, *, excused: bool
) -> None:
    output = RestoreOutput((problem,), ignored=1)
    said = classify(output, code=1, server=Server(dependents=DEPENDENTS))
    assert (said.fatal == ()) is excused
    assert said.untested.unloaded == ({problem.copied} if excused and problem.copied else set())
    assert classify(output, code=1).fatal


def test_rows_that_a_restore_could_not_load_are_lost_whatever_the_locale() -> None:
    problem = RestoreProblem('x violates check constraint "spelled"', copied="names")
    server = Server(rules=MANAGED, dependents=DEPENDENTS)
    said = classify(RestoreOutput((problem,), ignored=1), code=1, server=server)
    assert said.fatal
    assert len(said.untested.dependents) == len(DEPENDENTS.found)


def test_each_dependent_is_named_with_the_locale_or_the_replaced_collation() -> None:
    first, *_ = DEPENDENTS.sentences()
    assert first == (
        "public.names: CHECK spelled works by the locale en_US.UTF-8 (libc), which this database"
        " doesn't have: it is not tested."
    )
    (replaced,) = LocaleDependents(None, DEPENDENTS.found[1:2]).sentences()
    assert replaced == (
        "public.words: bounds of partitions works by a replaced collation: it is not tested."
    )
