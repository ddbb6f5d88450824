from dataclasses import replace

import pytest

from lifeboat.backup.policy.definitions import Definition, changes

FUNCTION = Definition(
    key=("pg_proc", 17000, 0),
    version="700",
    kind="function",
    schema="lib",
    name="okay",
    part="",
    signature="(integer)",
    called="okay",
    placed=16500,
    meaning=1,
    content=2,
)
LABEL = replace(
    FUNCTION, key=("pg_enum", 17001, 0), kind="enum label", name="mood", part="sad", signature=""
)


@pytest.mark.parametrize(
    ("now", "said"),
    [
        (replace(FUNCTION, called="better"), []),  # of the same version, so it can't be
        (replace(FUNCTION, version="800", called="better"), ["was renamed"]),
        (replace(FUNCTION, version="800", placed=2200), ["was moved to another schema"]),
        (replace(FUNCTION, version="800", meaning=9, content=9), ["was altered or replaced"]),
        (replace(FUNCTION, version="800"), ["was changed and changed back"]),
        (replace(FUNCTION, version="800", content=9), []),  # a grant
        (replace(FUNCTION, version="800", called=None), ["was dropped"]),
        (None, ["was dropped"]),
    ],
)
def test_what_was_done_is_said(now: Definition | None, said: list[str]) -> None:
    found = changes([FUNCTION], {} if now is None else {now.key: now})
    assert found == [f"function lib.okay(integer) {how}" for how in said]


def test_a_part_is_named_with_what_it_is_a_part_of() -> None:
    now = replace(LABEL, version="800", called="unhappy")
    assert changes([LABEL], {now.key: now}) == ['enum label "sad" of lib.mood was renamed']


def test_of_what_is_gone_its_parts_are_not_named() -> None:
    whole = replace(LABEL, key=("pg_type", 17002, 0), kind="type", part="")
    assert changes([whole, LABEL], {}) == ["type lib.mood was dropped"]


def test_of_one_thing_with_two_rows_the_better_word_is_said() -> None:
    relation = replace(FUNCTION, key=("pg_class", 1, 0), kind="view", name="v", signature="")
    rule = replace(relation, key=("pg_rewrite", 2, 0))
    now = [replace(relation, version="800"), replace(rule, version="800", meaning=5)]
    found = changes([relation, rule], {each.key: each for each in now})
    assert found == ["view lib.v was altered or replaced"]


def test_what_lies_in_no_schema_is_named_alone() -> None:
    role = replace(FUNCTION, kind="role", schema="", name="Old One", signature="")
    assert changes([role], {}) == ['role "Old One" was dropped']
