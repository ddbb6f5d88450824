"""The definitions that came back are compared with the archive's, entry by entry."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lifeboat.recovery.policy.compare_entries import Change, Differences, comparable, differences
from lifeboat.recovery.policy.entry import Entry, definition_lines
from lifeboat.recovery.policy.judge_definitions import Findings, Printed, judge_definitions
from lifeboat.recovery.policy.untested import Excuse, Untested

TABLE = Entry(
    number=1,
    kind="TABLE",
    schema="public",
    tag="users",
    owner="ann",
    definition="CREATE TABLE public.users (\n    id integer\n);\n",
)
VIEW = Entry(
    number=2,
    kind="VIEW",
    schema="public",
    tag="Odd v",
    owner="ann",
    definition='CREATE VIEW public."Odd v" AS\n SELECT users.id\n   FROM public.users;\n',
)
FUNCTION = Entry(
    number=3,
    kind="FUNCTION",
    schema="public",
    tag="f(integer)",
    owner="bob",
    definition="CREATE FUNCTION public.f(integer) RETURNS integer\n    LANGUAGE sql\n    AS '1';\n",
)
COMMENT = Entry(
    number=4,
    kind="COMMENT",
    schema="public",
    tag="TABLE users",
    owner="ann",
    definition="COMMENT ON TABLE public.users IS 'people';\n",
)
EXTENSION = Entry(
    number=5,
    kind="EXTENSION",
    tag="hstore",
    definition="CREATE EXTENSION IF NOT EXISTS hstore WITH SCHEMA public;\n",
)
ALL = (TABLE, VIEW, FUNCTION, COMMENT, EXTENSION)
NOWHERE = Printed(why_not="permission denied to create database.")


def findings(
    restored: tuple[Entry, ...],
    *,
    untested: Untested | None = None,
    printed: Printed = NOWHERE,
    archived: tuple[Entry, ...] = ALL,
    owners: bool = True,
) -> Findings:
    expected, there = (comparable(each, owners=owners) for each in (archived, restored))
    found = differences(expected, there)
    return judge_definitions(expected, there, found, untested or Untested(), printed)


def failures(restored: tuple[Entry, ...], untested: Untested | None = None) -> tuple[str, ...]:
    found = findings(restored, untested=untested)
    assert found.untested == ()
    return found.failures


def test_the_same_entries_in_another_order_and_with_other_numbers_are_equal() -> None:
    restored = tuple(replace(each, number=each.number + 100) for each in reversed(ALL))
    assert findings(restored) == Findings((), ())


@pytest.mark.parametrize(
    ("lost", "words"),
    [
        (TABLE, "TABLE public.users did not come back."),
        (VIEW, 'VIEW public."Odd v" did not come back.'),
        (FUNCTION, "FUNCTION public.f(integer) did not come back."),
        (COMMENT, "COMMENT of TABLE users in public did not come back."),
        (EXTENSION, "EXTENSION hstore did not come back."),
    ],
)
def test_an_entry_that_is_missing_or_more_fails_by_its_name(lost: Entry, words: str) -> None:
    rest = tuple(each for each in ALL if each is not lost)
    assert failures(rest) == (words,)
    more = words.replace("did not come back.", "came back; the backup has none.")
    assert findings(ALL, archived=rest).failures == (more,)


def test_an_owner_that_is_another_fails_and_of_a_comment_does_not_matter() -> None:
    assert failures((replace(TABLE, owner="bob"), *ALL[1:])) == (
        "TABLE public.users belongs to bob, in the backup to ann.",
    )
    assert failures((*ALL[:3], replace(COMMENT, owner="bob"), EXTENSION)) == ()


CHANGED = (replace(VIEW, definition="CREATE VIEW public.v AS\n SELECT id;\n"), *ALL[:1], *ALL[2:])


def test_another_text_passes_only_if_the_server_prints_the_archives_so() -> None:
    assert findings(CHANGED, printed=Printed(CHANGED)) == Findings((), ())
    differs = 'VIEW public."Odd v": definition differs.'
    assert findings(CHANGED, printed=Printed(ALL)) == Findings((differs,), ())


def test_another_access_method_is_another_definition() -> None:
    other = replace(TABLE, access_method="columnar")
    assert findings((other, *ALL[1:]), printed=Printed(ALL)).failures == (
        "TABLE public.users: definition differs.",
    )


def test_another_text_is_untested_where_it_cannot_be_printed_again() -> None:
    begins = 'VIEW public."Odd v": the text differs, perhaps only in how it is printed: '
    assert findings(CHANGED) == Findings((), (f"{begins}{NOWHERE.why_not}",))
    (text,) = findings(CHANGED, printed=Printed((TABLE,))).untested
    assert text == f"{begins}the archive's definition could not be restored once more"


def test_entries_of_one_name_are_compared_each_for_itself() -> None:
    """Operators for two types, for example."""
    ours = tuple(
        Entry(number=n, kind="OPERATOR", schema="s", tag="+", owner=owner, definition=text)
        for n, text, owner in ((1, "a", "ann"), (2, "b", "ann"), (3, "c", "ann"), (4, "c", "bob"))
    )
    assert findings(ours[::-1], archived=ours) == Findings((), ())
    assert findings(ours[1:], archived=ours).failures == ("OPERATOR s.+ did not come back.",)
    assert findings((*ours, ours[0]), archived=ours).failures == (
        "OPERATOR s.+ came back; the backup has none.",
    )
    other = (replace(ours[0], definition="z"), *ours[1:])
    assert findings(other, archived=ours, printed=Printed(ours)).failures == (
        "OPERATOR s.+: definition differs.",
    )
    assert differences(ours, other).reworded == (Change(ours[0], other[0]),)


def test_default_privileges_of_two_roles_are_two_things() -> None:
    one = Entry(number=1, kind="DEFAULT ACL", tag="FOR TABLES", owner="ann", definition="x")
    other = replace(one, owner="bob")
    assert findings((other,), archived=(one,)).failures == (
        "DEFAULT ACL FOR TABLES did not come back.",
        "DEFAULT ACL FOR TABLES came back; the backup has none.",
    )


@pytest.mark.parametrize(
    ("kind", "tag"),
    [
        ("TABLE DATA", "users"),
        ("SEQUENCE SET", "ids"),
        ("BLOB", "7"),
        ("BLOB METADATA", "7"),
        ("BLOBS", "BLOBS"),
        ("MATERIALIZED VIEW DATA", "m"),
        ("STATISTICS DATA", "users"),
        ("ENCODING", "ENCODING"),
        ("STDSTRINGS", "STDSTRINGS"),
        ("SEARCHPATH", "SEARCHPATH"),
        ("DATABASE", "app"),
        ("DATABASE PROPERTIES", "app"),
        ("ACL", "DATABASE app"),
        ("COMMENT", "DATABASE app"),
        ("COMMENT", "LARGE OBJECT 7"),
        ("ACL", "LARGE OBJECTS 7..9"),
        ("SUBSCRIPTION", "s"),
        ("COMMENT", "SUBSCRIPTION s"),
    ],
)
def test_what_is_not_compared_may_differ(kind: str, tag: str) -> None:
    entry = Entry(number=9, kind=kind, tag=tag, definition="x")
    assert failures((*ALL, entry)) == ()
    assert findings(ALL, archived=(*ALL, entry)) == Findings((), ())


def test_the_comment_that_comes_with_an_extension_is_nothing_more() -> None:
    own = replace(COMMENT, schema="", tag="EXTENSION hstore", definition="COMMENT ... 'stock';\n")
    assert differences(ALL, (*ALL, own)) == Differences()
    assert differences((*ALL, own), ALL) == Differences(missing=(own,))
    other = replace(own, definition="COMMENT ... 'ours';\n")
    assert differences((*ALL, other), (*ALL, own)).reworded == (Change(other, own),)
    assert differences(ALL, (*ALL, COMMENT)).more == (COMMENT,)


def test_without_owners_neither_owners_nor_grants_are_compared() -> None:
    rights = (
        Entry(number=6, kind="ACL", schema="public", tag="TABLE users", definition="GRANT"),
        Entry(number=7, kind="DEFAULT ACL", tag="FOR TABLES", owner="ann", definition="ALTER"),
        Entry(number=8, kind="SCHEMA", tag="public", owner="ann", definition="--"),
    )
    restored = tuple(replace(each, owner="me") for each in ALL)
    assert findings(restored, archived=(*ALL, *rights), owners=False) == Findings((), ())
    assert len(findings(ALL, archived=(*ALL, *rights)).failures) == len(rights)


LACKING = Untested(
    objects=("CREATE VIEW public: no.",),
    excuses=(Excuse(VIEW.definition.rstrip(), means_lack=True),),
)


def test_an_excuse_covers_the_entry_of_its_own_statement_and_no_other() -> None:
    rest = tuple(each for each in ALL if each is not VIEW)
    assert findings(rest, untested=LACKING) == Findings((), LACKING.objects)
    assert findings(rest[1:], untested=LACKING).failures == (
        "TABLE public.users did not come back.",
    )
    twice = (*ALL, replace(VIEW, number=6))
    assert findings(rest, archived=twice, untested=LACKING).failures == (
        'VIEW public."Odd v" did not come back.',
    )


def test_an_excuse_without_a_lack_fails() -> None:
    there = 'VIEW public."Odd v" is there, although the server could not make it.'
    assert findings(ALL, untested=LACKING).failures == (there,)
    harmless = replace(LACKING, excuses=(Excuse(VIEW.definition, means_lack=False),))
    assert findings(ALL, untested=harmless).failures == ()


@pytest.mark.parametrize("entry", [TABLE, VIEW])
def test_a_relation_that_came_back_was_not_missing_for_want_of_an_extension(entry: Entry) -> None:
    untested = Untested(absent=frozenset({f"public.{entry.tag}"}))
    assert failures(ALL, untested=untested) == (
        f"public.{entry.tag} is there, but was not yet when something else needed it.",
    )


def test_only_relations_are_what_an_error_calls_a_relation() -> None:
    untested = Untested(absent=frozenset({"public.f(integer)"}))
    assert failures(ALL, untested=untested) == ()


def test_what_an_excused_statement_would_have_changed_may_be_as_it_was() -> None:
    """A provider's own comment on its extension, or an owner that nobody may give away."""
    excuses = (
        Excuse(COMMENT.definition, means_lack=False),
        Excuse("ALTER FUNCTION public.f(integer) OWNER TO bob;", means_lack=False),
    )
    theirs = (replace(COMMENT, definition="'x'"), replace(FUNCTION, owner="me"))
    restored = (TABLE, VIEW, *theirs, EXTENSION)
    assert findings(restored, untested=Untested(excuses=excuses)) == Findings((), ())
    assert len(findings(restored, printed=Printed(ALL)).failures) == 2


@pytest.mark.parametrize(
    ("kind", "tag", "statement"),
    [
        ("TABLE", "users", "ALTER TABLE public.users OWNER TO ann;"),
        ("TABLE", 'Odd "t(', 'ALTER TABLE public."Odd ""t(" OWNER TO ann;'),
        ("AGGREGATE", "total(integer)", "ALTER AGGREGATE public.total(integer) OWNER TO ann;"),
        ("OPERATOR", "<+>", "ALTER OPERATOR public.<+> (integer, integer) OWNER TO ann;"),
        (
            "OPERATOR CLASS",
            "user",
            'ALTER OPERATOR CLASS public."user" USING btree OWNER TO ann;',
        ),
    ],
)
def test_an_owner_is_excused_only_for_the_object_of_the_statement(
    kind: str, tag: str, statement: str
) -> None:
    ours = replace(TABLE, kind=kind, tag=tag)
    theirs = replace(ours, owner="me")

    def wrong(statement: str) -> tuple[str, ...]:
        untested = Untested(excuses=(Excuse(statement, means_lack=False),))
        return findings((theirs,), archived=(ours,), untested=untested).failures

    assert wrong(statement) == ()
    for other in (statement.replace("public", "s"), statement.replace("OWNER TO", "RENAME TO"), ""):
        assert len(wrong(other)) == 1


def test_an_unknown_statement_excuses_nothing() -> None:
    empty = replace(VIEW, definition="")
    untested = Untested(excuses=(Excuse("", means_lack=True),))
    assert len(findings((), archived=(empty,), untested=untested).failures) == 1


def test_a_collation_that_was_replaced_is_another_one() -> None:
    ours = Entry(number=1, kind="COLLATION", schema="s", tag="de", definition="icu")
    theirs = replace(ours, definition="libc")
    replaced = Untested(collations=("de",))
    assert findings((theirs,), archived=(ours,), untested=replaced) == Findings((), ())
    assert findings((theirs,), archived=(ours,), printed=Printed((ours,))).failures


def test_what_a_server_keeps_in_a_columns_options_is_no_difference() -> None:
    """The archive was edited in place, so that blanks are there now; the copy has it anew."""
    option = "ALTER TABLE ONLY public.users ALTER COLUMN id SET (pg_attver=7);"
    blank = replace(TABLE, definition=f"{TABLE.definition}\n{' ' * len(option)}\n")
    new = replace(TABLE, definition=f"{TABLE.definition}\n\n{option}\n")
    assert findings((new, *ALL[1:]), archived=(blank, *ALL[1:])) == Findings((), ())
    literal = replace(TABLE, definition=TABLE.definition.replace("integer", "text DEFAULT ' '"))
    other = replace(literal, definition=literal.definition.replace("' '", "'  '"))
    assert findings((other,), archived=(literal,), printed=Printed((literal,))).failures


def test_blanks_between_statements_matter_where_no_such_option_can_be() -> None:
    other = replace(VIEW, definition=f"\n{VIEW.definition}")
    assert differences((VIEW,), (other,)).reworded == (Change(VIEW, other),)


def test_bytes_that_are_no_text_excuse_as_pg_restore_quotes_them() -> None:
    odd = replace(VIEW, definition="CREATE VIEW public.v AS\n SELECT '\udce4';")
    excuse = Excuse("CREATE VIEW public.v AS\n SELECT '�';", means_lack=True)
    assert findings((), archived=(odd,), untested=Untested(excuses=(excuse,))).failures == ()


def test_the_lines_of_definitions_are_those_without_data() -> None:
    entries = (TABLE, Entry(number=2, kind="TABLE DATA", tag="users", definition=""))
    lines = ("; a comment", "1; 1 1 TABLE public users ann", "2; 0 1 TABLE DATA public users ann")
    assert definition_lines(lines, entries) == lines[1:2]


SOME = st.lists(
    st.builds(
        Entry,
        number=st.integers(1, 9),
        kind=st.sampled_from(["TABLE", "OPERATOR", "COMMENT"]),
        schema=st.sampled_from(["", "s"]),
        tag=st.sampled_from("ab"),
        owner=st.sampled_from(["", "ann"]),
        definition=st.sampled_from("xy"),
    ),
    max_size=6,
)


@given(SOME, SOME)
def test_nothing_differs_exactly_if_both_have_the_same(
    one: list[Entry], other: list[Entry]
) -> None:
    ours, theirs = (comparable(each, owners=True) for each in (one, other))

    def essence(entries: tuple[Entry, ...]) -> list[str]:
        return sorted(repr(replace(each, number=0)) for each in entries)

    found = differences(ours, theirs)
    assert (found == Differences()) is (essence(ours) == essence(theirs))
    assert len(ours) - len(found.missing) == len(theirs) - len(found.more)
