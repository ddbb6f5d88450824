"""Which entries of an archive some tables need."""

from lifeboat.restore.policy.table_of_contents import Selection, parse_contents, select

#: As pg_restore 18 lists it, shortened.
LISTING = """\
;
; Archive created at 2026-11-22 14:43:15 UTC
;     dbname: x
;
2; 3079 16385 EXTENSION - citext
2912; 0 0 COMMENT - EXTENSION citext
;	depends on: 2
932; 1247 16491 TYPE public state owner
281; 1255 16752 FUNCTION public touch() owner
224; 1259 16499 TABLE public users owner
;	depends on: 2 2
2914; 0 0 COMMENT public COLUMN users.name owner
;	depends on: 224
226; 1259 16512 TABLE public orders of users owner
;	depends on: 932 932
242; 1259 16748 VIEW public open_orders owner
;	depends on: 226 224
228; 1259 16537 TABLE public events owner
230; 1259 16553 TABLE public events_1 owner
;	depends on: 228
248; 1259 16807 TABLE public parent owner
249; 1259 16810 TABLE public child owner
;	depends on: 248
223; 1259 16498 SEQUENCE public users_id_seq owner
;	depends on: 224
2614; 0 0 TABLE ATTACH public events_1 owner
;	depends on: 230 228
2882; 0 16512 TABLE DATA public orders of users owner
;	depends on: 226
2885; 0 16553 TABLE DATA public events_1 owner
;	depends on: 230
2880; 0 16499 TABLE DATA public users owner
;	depends on: 224
2920; 0 0 SEQUENCE SET public users_id_seq owner
;	depends on: 223
2637; 2606 16685 CONSTRAINT public users users_pkey owner
;	depends on: 224
2646; 1259 16734 INDEX public events_at owner
;	depends on: 228 228
2652; 1259 16735 INDEX public events_1_at owner
;	depends on: 230 2646
2694; 0 0 INDEX ATTACH public events_1_at owner
;	depends on: 2652 2646 230 228
2722; 2620 16753 TRIGGER public orders of users touching owner
;	depends on: 226 281
2719; 2606 16690 FK CONSTRAINT public orders of users orders_user_fkey owner
;	depends on: 226 224 2637
"""
ENTRIES = parse_contents(LISTING)


def numbers(selection: Selection) -> set[int]:
    return {each.number for each in selection.entries}


def test_kinds_are_read_by_their_longest_words() -> None:
    kinds = {each.number: each.kind for each in ENTRIES}
    assert kinds[2614] == "TABLE ATTACH"
    assert kinds[2719] == "FK CONSTRAINT"
    assert kinds[2637] == "CONSTRAINT"
    assert kinds[932] == kinds[242] == "other"
    assert next(each.needs for each in ENTRIES if each.number == 226) == {932}


def test_a_table_comes_with_all_that_is_its_own() -> None:
    chosen = select(ENTRIES, {224})
    assert numbers(chosen) == {2, 224, 2914, 223, 2880, 2920, 2637}
    assert [each.number for each in chosen.rows_only] == [2880, 2920]
    assert chosen.left_out == ("FK CONSTRAINT public orders of users orders_user_fkey owner",)


def test_types_and_trigger_functions_come_along() -> None:
    assert numbers(select(ENTRIES, {226})) == {932, 226, 2882, 281, 2722}


def test_a_foreign_key_comes_back_when_both_its_tables_do() -> None:
    both = select(ENTRIES, {224, 226})
    assert 2719 in numbers(both)
    assert both.left_out == ()


def test_a_partitioned_table_comes_with_its_partitions() -> None:
    assert numbers(select(ENTRIES, {228})) == {228, 230, 2614, 2885, 2646, 2652, 2694}


def test_a_partition_comes_alone() -> None:
    assert numbers(select(ENTRIES, {230})) == {230, 2885, 2652}


def test_what_inherits_comes_with_its_parent_and_needs_it() -> None:
    assert numbers(select(ENTRIES, {249})) == numbers(select(ENTRIES, {248})) == {248, 249}


def test_entries_keep_the_archives_order() -> None:
    entries = select(ENTRIES, {224, 226, 228}).entries
    assert list(entries) == [each for each in ENTRIES if each in entries]
