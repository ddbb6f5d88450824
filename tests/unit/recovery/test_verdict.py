from collections.abc import Sequence as Items
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lifeboat.model.drill_report import Check, Outcome, TableResult, Verdict
from lifeboat.model.inventory import (
    CollationProvider,
    Extension,
    Inventory,
    Sequence,
    Table,
)
from lifeboat.recovery.policy.reading import (
    BY_REQUEST,
    FROM_BEFORE_DIGESTS,
    Reading,
    reading_of,
    unread,
)
from lifeboat.recovery.policy.untested import Untested
from lifeboat.recovery.policy.verdict import ESSENTIAL, Comparison, compare, judge
from lifeboat.recovery.run import make_check
from tests.support.samples import MANIFEST

PASSED, FAILED, UNTESTED = Outcome.PASSED, Outcome.FAILED, Outcome.UNTESTED

#: The essential checks that compare no inventories.
NOT_COMPARED = tuple(name for name in ESSENTIAL if name != "rows")


def digest(number: int) -> str:
    return f"{number:032x}"


USERS = Table(schema="public", name="users", rows=1200, digest=digest(42))
PLACES = Table(schema="public", name="places", rows=7, digest=digest(43))
EVENTS = Table(schema="public", name="events", rows=0, data_excluded=True)
IDS = Sequence(schema="public", name="ids", last_value=7, is_called=True)
CLAIMED = Inventory(
    tables=(EVENTS, PLACES, USERS),
    sequences=(IDS,),
    extensions=(
        Extension(name="plpgsql", version="1.0"),
        Extension(name="postgis", version="3.5.0"),
    ),
    collations=(CollationProvider(name="de", provider="icu"),),
    large_objects=6,
    large_objects_digest=digest(44),
)

NAMES = st.sampled_from(["a", "b", "c", 'd "d"'])
ROWS = st.integers(0, 5)
TABLES = st.lists(
    st.builds(
        Table,
        schema=NAMES,
        name=NAMES,
        rows=ROWS,
        digest=st.sampled_from([digest(1), digest(2)]),
        data_excluded=st.booleans(),
    ),
    max_size=4,
    unique_by=lambda table: (table.schema, table.name),
).map(tuple)
INVENTORIES = st.builds(
    Inventory,
    tables=TABLES,
    sequences=st.lists(
        st.builds(Sequence, schema=NAMES, name=NAMES, last_value=ROWS, is_called=st.booleans()),
        max_size=3,
        unique_by=lambda sequence: (sequence.schema, sequence.name),
    ).map(tuple),
    extensions=st.lists(
        st.builds(Extension, name=NAMES, version=st.sampled_from(["1", "2"])),
        max_size=3,
        unique_by=lambda extension: extension.name,
    ).map(tuple),
    collations=st.lists(
        st.builds(CollationProvider, name=NAMES, provider=st.sampled_from(["icu", "libc"])),
        max_size=2,
        unique_by=lambda collation: collation.name,
    ).map(tuple),
    large_objects=ROWS,
    large_objects_digest=st.sampled_from([digest(1), digest(2)]),
)
PAIRS = st.frozensets(st.tuples(NAMES, NAMES), max_size=4)
SOME = st.lists(NAMES, max_size=2).map(tuple)
EXCUSES = st.builds(
    Untested,
    extensions=SOME,
    objects=SOME,
    tables=PAIRS,
    sequences=PAIRS,
    collations=SOME,
)


def restored(**changes: object) -> Inventory:
    return CLAIMED.model_copy(update=changes)


def outcomes(comparison: Comparison) -> dict[str, Outcome]:
    return {check.name: check.outcome for check in comparison.checks}


def details(comparison: Comparison, name: str) -> Items[str]:
    (found,) = (check.details for check in comparison.checks if check.name == name)
    return found


def only_failed(comparison: Comparison) -> set[str]:
    return {name for name, outcome in outcomes(comparison).items() if outcome is FAILED}


def verdict(comparison: Comparison) -> Verdict:
    archive = [Check(name=name, outcome=PASSED) for name in NOT_COMPARED]
    return judge([*archive, *comparison.checks])[0]


def test_a_copy_that_is_what_the_manifest_claims_is_proven() -> None:
    comparison = compare(CLAIMED, CLAIMED)
    assert outcomes(comparison) == dict.fromkeys(
        ("rows", "content", "sequences", "extensions", "collations"), PASSED
    )
    assert verdict(comparison) is Verdict.PROVEN


def test_each_table_gets_its_result() -> None:
    other = Table(schema="public", name="other", rows=3)
    tables = (other, replace(EVENTS), replace(USERS, rows=1199, digest=digest(41)))
    assert compare(CLAIMED, restored(tables=tables)).tables == (
        TableResult(schema="public", name="events", expected=0, restored=0, outcome=UNTESTED),
        TableResult(schema="public", name="other", expected=None, restored=3, outcome=FAILED),
        TableResult(schema="public", name="places", expected=7, restored=None, outcome=FAILED),
        TableResult(
            schema="public",
            name="users",
            expected=1200,
            restored=1199,
            content=False,
            outcome=FAILED,
        ),
    )


@pytest.mark.parametrize(
    ("tables", "words"),
    [
        ((EVENTS, PLACES), "public.users with its 1,200 rows did not come back."),
        (
            (EVENTS, PLACES, replace(USERS, rows=1199)),
            "public.users: 1,200 rows claimed, 1,199 came back.",
        ),
        (
            (EVENTS, PLACES, replace(USERS, rows=1201)),
            "public.users: 1,200 rows claimed, 1,201 came back.",
        ),
        (
            (replace(EVENTS, rows=2), PLACES, USERS),
            "public.events: 0 rows claimed, 2 came back.",
        ),
        ((PLACES, USERS), "public.events with its 0 rows did not come back."),
        (
            (EVENTS, PLACES, USERS, Table(schema="X", name="y", rows=0)),
            '"X".y came back with 0 rows; no table was claimed.',
        ),
    ],
)
def test_rows_that_differ_fail(tables: tuple[Table, ...], words: str) -> None:
    comparison = compare(CLAIMED, restored(tables=tables))
    assert only_failed(comparison) == {"rows"}
    assert details(comparison, "rows")[0] == words
    assert verdict(comparison) is Verdict.FAILED


def test_the_same_number_of_other_rows_fails() -> None:
    tables = (EVENTS, PLACES, replace(USERS, digest=digest(24)))
    comparison = compare(CLAIMED, restored(tables=tables))
    assert only_failed(comparison) == {"content"}
    assert details(comparison, "content") == (
        "public.users: the rows that came back are not those that were backed up"
        " (1,200 claimed, 1,200 came back).",
    )
    assert [table.outcome for table in comparison.tables] == [UNTESTED, PASSED, FAILED]


def test_a_digest_that_was_not_made_again_is_no_pass() -> None:
    tables = (EVENTS, PLACES, replace(USERS, digest=None))
    comparison = compare(CLAIMED, restored(tables=tables))
    assert outcomes(comparison)["content"] is UNTESTED
    assert verdict(comparison) is Verdict.PARTIAL


BARE = restored(
    tables=tuple(replace(table, digest=None) for table in CLAIMED.tables), large_objects_digest=None
)


def test_without_digests_nothing_is_proven_whoever_compares() -> None:
    for one, other in ((BARE, BARE), (BARE, CLAIMED), (CLAIMED, BARE)):
        comparison = compare(one, other)
        assert outcomes(comparison)["content"] is UNTESTED
        assert verdict(comparison) is Verdict.PARTIAL
    empty = restored(tables=(), large_objects_digest=None)
    assert verdict(compare(empty, empty)) is Verdict.PARTIAL


@pytest.mark.parametrize(
    ("reading", "outcome", "words"),
    [
        (FROM_BEFORE_DIGESTS, UNTESTED, "Rows were only counted: the backup was taken by an earl"),
        (BY_REQUEST, UNTESTED, "Rows were counted, not compared: the event says"),
        (
            unread(
                "pg_dump can't read the restored copy (1): permission denied for large object 7"
            ),
            UNTESTED,
            "Rows were only counted: pg_dump can't read",
        ),
        (unread("pg_dump can't read it: invalid page in block 7"), FAILED, "pg_dump can't read it"),
    ],
)
def test_rows_that_were_only_counted_are_never_proven_and_it_is_said_why(
    reading: Reading, outcome: Outcome, words: str
) -> None:
    comparison = compare(BARE, BARE, reading=reading)
    assert outcomes(comparison)["content"] is outcome
    assert details(comparison, "content")[0].startswith(words)
    assert verdict(comparison) is not Verdict.PROVEN
    assert PASSED not in {table.outcome for table in comparison.tables}


def test_large_objects_that_are_not_those_fail() -> None:
    comparison = compare(CLAIMED, restored(large_objects_digest=digest(45)))
    assert only_failed(comparison) == {"content"}


SOURCE = MANIFEST.source
SAME = reading_of(SOURCE, major=SOURCE.major, lc_monetary="C", money=[("public", "users")])
MONEY = reading_of(SOURCE, major=SOURCE.major, lc_monetary="de_DE", money=[("public", "users")])
LATER = reading_of(SOURCE, major=SOURCE.major + 1, lc_monetary="C", money=[])


@pytest.mark.parametrize(
    ("reading", "table", "outcome"),
    [
        (SAME, USERS, FAILED),
        (MONEY, PLACES, FAILED),
        (MONEY, USERS, UNTESTED),
        (LATER, PLACES, UNTESTED),
    ],
)
def test_only_where_this_server_may_write_the_same_values_otherwise_a_difference_is_no_failure(
    reading: Reading, table: Table, outcome: Outcome
) -> None:
    changed = replace(table, digest=digest(7))
    tables = tuple(changed if each is table else each for each in CLAIMED.tables)
    comparison = compare(CLAIMED, restored(tables=tables), reading=reading)
    assert outcomes(comparison)["content"] is outcome
    assert verdict(comparison) is (Verdict.FAILED if outcome is FAILED else Verdict.PARTIAL)
    fewer = tuple(replace(each, rows=1) if each is changed else each for each in tables)
    assert verdict(compare(CLAIMED, restored(tables=fewer), reading=reading)) is Verdict.FAILED
    assert verdict(compare(CLAIMED, CLAIMED, reading=reading)) is Verdict.PROVEN


@pytest.mark.parametrize(
    ("sequences", "words"),
    [
        ((), "public.ids did not come back."),
        ((replace(IDS, last_value=6),), "public.ids: 7 (used) claimed, 6 (used) came back."),
        (
            (replace(IDS, is_called=False),),
            "public.ids: 7 (used) claimed, 7 (not used) came back.",
        ),
        ((IDS, replace(IDS, name="x")), "public.x came back; no sequence was claimed."),
    ],
)
def test_sequences_that_differ_fail(sequences: tuple[Sequence, ...], words: str) -> None:
    comparison = compare(CLAIMED, restored(sequences=sequences))
    assert only_failed(comparison) == {"sequences"}
    assert details(comparison, "sequences") == (words,)


def test_extensions_that_are_missing_or_more_fail_and_other_versions_are_noted() -> None:
    plpgsql, postgis = CLAIMED.extensions
    comparison = compare(CLAIMED, restored(extensions=(plpgsql,)))
    assert details(comparison, "extensions") == ("postgis 3.5.0 did not come back.",)
    assert only_failed(comparison) == {"extensions"}
    hstore = Extension(name="hstore", version="1.8")
    comparison = compare(CLAIMED, restored(extensions=(plpgsql, postgis, hstore)))
    assert details(comparison, "extensions") == (
        "hstore came back; no such extension was claimed.",
    )
    newer = Extension(name="postgis", version="3.5.2")
    comparison = compare(CLAIMED, restored(extensions=(plpgsql, newer)))
    assert details(comparison, "extensions") == (
        "postgis: version 3.5.0 claimed, 3.5.2 used here.",
    )
    assert verdict(comparison) is Verdict.PROVEN


def test_a_collation_that_no_column_has_any_more_fails() -> None:
    for collations in ((), (CollationProvider(name="de", provider="libc"),)):
        comparison = compare(CLAIMED, restored(collations=collations))
        assert only_failed(comparison) == {"collations"}
        assert details(comparison, "collations") == ("de (icu) did not come back on any column.",)


WITHOUT_POSTGIS = Untested(
    extensions=("postgis",),
    objects=("CREATE TABLE public.places: type does not exist.",),
    tables=frozenset({("public", "places")}),
    sequences=frozenset({("public", "ids")}),
)


def test_what_a_server_without_an_extension_cannot_hold_is_untested_and_named() -> None:
    comparison = compare(
        CLAIMED,
        Inventory(
            tables=(EVENTS, USERS),
            sequences=(),
            extensions=CLAIMED.extensions[:1],
            collations=(),
            large_objects=6,
        ),
        untested=WITHOUT_POSTGIS,
    )
    assert outcomes(comparison) == dict.fromkeys(
        ("rows", "content", "sequences", "extensions", "collations"), UNTESTED
    )
    found, reasons = judge(
        [*(Check(name=n, outcome=PASSED) for n in NOT_COMPARED), *comparison.checks]
    )
    assert found is Verdict.PARTIAL
    for reason in (
        "rows: public.places with its 7 rows can't be made here.",
        "content: public.places: nothing came back to compare with the manifest's digest.",
        "sequences: public.ids can't be made here.",
        "extensions: postgis 3.5.0 is not available here.",
        "collations: de (icu) did not come back on any column.",
    ):
        assert reason in reasons


@pytest.mark.parametrize(
    ("changes", "check"),
    [
        ({"tables": (EVENTS, PLACES)}, "rows"),
        ({"tables": (EVENTS, replace(PLACES, rows=6), USERS)}, "rows"),
        ({"tables": (EVENTS, replace(PLACES, digest=digest(0)), USERS)}, "content"),
        ({"sequences": (replace(IDS, last_value=6),)}, "sequences"),
        ({"extensions": CLAIMED.extensions[1:]}, "extensions"),
    ],
)
def test_a_lacking_extension_excuses_nothing_else(changes: dict[str, object], check: str) -> None:
    comparison = compare(CLAIMED, restored(**changes), untested=WITHOUT_POSTGIS)
    assert only_failed(comparison) == {check}


def test_an_excused_table_that_came_back_all_the_same_is_judged_like_any() -> None:
    for rows, outcome in ((7, PASSED), (6, FAILED)):
        tables = (EVENTS, replace(PLACES, rows=rows), USERS)
        comparison = compare(CLAIMED, restored(tables=tables), untested=WITHOUT_POSTGIS)
        assert comparison.tables[1].outcome is outcome


def test_only_the_sequences_that_are_named_may_be_missing() -> None:
    claimed = restored(sequences=(IDS, replace(IDS, name="other")))
    comparison = compare(claimed, restored(sequences=()), untested=WITHOUT_POSTGIS)
    assert details(comparison, "sequences") == (
        "public.other did not come back.",
        "public.ids can't be made here.",
    )


def test_a_replaced_collation_is_untested_also_when_no_column_has_it() -> None:
    libc = (CollationProvider(name="de", provider="libc"),)
    untested = Untested(collations=("de", "fr"))
    comparison = compare(CLAIMED, restored(collations=libc), untested=untested)
    assert outcomes(comparison)["collations"] is UNTESTED
    assert details(comparison, "collations") == (
        "de was replaced by byte order: sorting by it is not tested.",
        "fr was replaced by byte order: sorting by it is not tested.",
    )


def test_a_collation_may_be_gone_with_an_object_that_could_not_be_made() -> None:
    """Such as an index or a view; without any, it has to come back."""
    assert only_failed(compare(CLAIMED, restored(collations=()))) == {"collations"}
    untested = Untested(objects=("CREATE INDEX i: no.",))
    comparison = compare(CLAIMED, restored(collations=()), untested=untested)
    assert outcomes(comparison)["collations"] is UNTESTED


def test_a_stand_in_is_a_note_and_not_a_lack() -> None:
    comparison = compare(
        CLAIMED,
        restored(extensions=CLAIMED.extensions[:1]),
        untested=Untested(stand_ins=("postgis",)),
    )
    assert verdict(comparison) is Verdict.PROVEN
    assert details(comparison, "extensions") == (
        "postgis: a stand-in took its place here and held the same rows.",
    )


def test_of_very_many_differences_the_first_are_reported_and_the_rest_counted() -> None:
    tables = tuple(Table(schema="s", name=f"t{i:03}", rows=1) for i in range(200))
    comparison = compare(restored(tables=tables), restored(tables=()))
    assert len(comparison.tables) == 200
    assert len(details(comparison, "rows")) == 51
    assert details(comparison, "rows")[-1] == "And 150 more."


# What it comes to.


def checks(**outcome: Outcome) -> list[Check]:
    return [Check(name=name, outcome=found, details=("why",)) for name, found in outcome.items()]


GOOD = dict.fromkeys(ESSENTIAL, PASSED)


def test_the_reasons_count_every_failure_also_of_those_that_the_report_leaves_out() -> None:
    check = make_check("restore", tuple(f"no {n}" for n in range(78)), ("not tried",))
    assert check.details[-1] == "And 29 more."
    assert judge([check])[1][5] == "restore: and 73 more."


def test_the_reasons_of_a_failure_count_no_notes() -> None:
    lost = restored(tables=tuple(Table(schema="s", name=f"t{i}", rows=1) for i in range(7)))
    made = compare(lost, restored(tables=())).checks
    assert "rows: and 2 more." in judge(made)[1]  # and not the note that rows were only counted


def test_large_objects_that_are_lost_are_lost_rows() -> None:
    comparison = compare(restored(large_objects=3), restored(large_objects=2))
    assert only_failed(comparison) == {"rows"}
    assert "large objects: 3 claimed, 2 came back." in details(comparison, "rows")


def test_a_drill_that_passed_everything_proves_and_needs_no_reasons() -> None:
    assert judge(checks(**GOOD)) == (Verdict.PROVEN, ())


def test_one_failure_fails_and_is_reported_before_what_is_untested() -> None:
    made = checks(**GOOD | {"extensions": UNTESTED, "definitions": FAILED})
    assert judge(made) == (Verdict.FAILED, ("definitions: why", "extensions: why"))


def test_what_is_untested_makes_it_partial() -> None:
    assert judge(checks(**GOOD | {"rows": UNTESTED})) == (Verdict.PARTIAL, ("rows: why",))


@pytest.mark.parametrize("missing", ESSENTIAL)
def test_nothing_is_proven_without_each_essential_check(missing: str) -> None:
    made = checks(**{name: outcome for name, outcome in GOOD.items() if name != missing})
    assert judge(made) == (Verdict.FAILED, (f"{missing}: this check was not made.",))


def test_no_checks_prove_nothing() -> None:
    found, reasons = judge([])
    assert found is Verdict.FAILED
    assert len(reasons) == len(ESSENTIAL)


def test_a_check_that_gives_no_reason_is_named_all_the_same() -> None:
    made = [*checks(**GOOD), Check(name="odd", outcome=FAILED)]
    assert judge(made)[1] == ("odd: failed, without a word why.",)


def test_of_many_details_the_first_become_reasons() -> None:
    made = [*checks(**GOOD), Check(name="odd", outcome=FAILED, details=tuple("abcdefg"))]
    assert judge(made)[1] == (*(f"odd: {x}" for x in "abcde"), "odd: and 2 more.")


@given(st.dictionaries(st.sampled_from([*ESSENTIAL, "x", "y"]), st.sampled_from(Outcome)))
def test_proven_is_exactly_what_passed_with_nothing_essential_missing(
    made: dict[str, Outcome],
) -> None:
    found, reasons = judge(checks(**made))
    proven = set(made.values()) <= {PASSED} and made.keys() >= set(ESSENTIAL)
    assert (found is Verdict.PROVEN) is proven
    assert (reasons == ()) is proven
    assert (found is Verdict.FAILED) is (
        FAILED in made.values() or not made.keys() >= set(ESSENTIAL)
    )


# Whatever the databases.


@given(INVENTORIES)
def test_every_database_is_equal_to_itself(inventory: Inventory) -> None:
    assert verdict(compare(inventory, inventory)) is Verdict.PROVEN


def essence(inventory: Inventory) -> object:
    """What has to be equal for a proof; what the settings exclude has no content."""
    return (
        {(t.schema, t.name): t.rows for t in inventory.tables},
        inventory.large_objects_digest,
        set(inventory.sequences),
        {extension.name for extension in inventory.extensions},
        inventory.large_objects,
    )


@given(INVENTORIES, INVENTORIES)
def test_no_two_different_databases_prove_each_other(one: Inventory, other: Inventory) -> None:
    if verdict(compare(one, other)) is Verdict.PROVEN:
        assert essence(one) == essence(other)
        theirs = {(t.schema, t.name): t.digest for t in other.tables}
        for table in one.tables:
            assert table.data_excluded or table.digest == theirs[table.schema, table.name]


@given(INVENTORIES, INVENTORIES, EXCUSES)
def test_no_excuse_makes_a_pass_nor_covers_more_than_was_claimed(
    one: Inventory, other: Inventory, untested: Untested
) -> None:
    before = outcomes(compare(one, other))
    after = outcomes(compare(one, other, untested=untested))
    for name, outcome in after.items():
        if outcome is PASSED:
            assert before[name] is PASSED
    if other.large_objects != one.large_objects:
        assert after["rows"] is FAILED
    claimed = {(t.schema, t.name): t.rows for t in one.tables}
    if any(claimed.get((t.schema, t.name)) != t.rows for t in other.tables):
        assert after["rows"] is FAILED


@pytest.mark.parametrize(("count", "rest"), [(5, ()), (6, ("odd: and 1 more.",))])
def test_more_reasons_are_only_counted_where_there_are_some(
    count: int, rest: tuple[str, ...]
) -> None:
    made = [Check(name="odd", outcome=FAILED, details=tuple("abcdef"[:count]))]
    reasons = [each for each in judge(made)[1] if each.startswith("odd: ")]
    assert reasons == [*(f"odd: {x}" for x in "abcde"), *rest]


def test_nothing_is_said_of_what_a_backup_does_not_have() -> None:
    bare = restored(collations=())
    assert "collations" not in outcomes(compare(bare, bare))
    said = details(compare(CLAIMED, CLAIMED), "rows")
    assert not any("counted, not read" in each for each in said)
