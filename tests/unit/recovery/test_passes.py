"""What is restored after what."""

from lifeboat.recovery.policy.passes import Pass, passes

TABLE = "7; 1259 16385 TABLE public t owner"
ROWS = "9; 0 16385 TABLE DATA public t owner"
TRIGGER = "11; 2620 16400 TRIGGER public t EVENT TRIGGER owner"
VIEW = "12; 1259 16401 MATERIALIZED VIEW public MATERIALIZED VIEW DATA owner"
GRANT = "13; 0 0 ACL public TABLE t owner"
DEFAULTS = "14; 826 16402 DEFAULT ACL public DEFAULT PRIVILEGES FOR TABLES owner"
REFRESH = "15; 0 16401 MATERIALIZED VIEW DATA public v owner"
WATCH = "16; 3466 16403 EVENT TRIGGER - w owner"
ABOUT_WATCH = "17; 0 0 COMMENT - EVENT TRIGGER w "
ABOUT_TABLE = "18; 0 0 COMMENT public TABLE t owner"


def test_rows_come_before_all_that_acts_on_rows() -> None:
    main = (TABLE, ROWS, ABOUT_TABLE, TRIGGER)
    assert passes(main) == (Pass(main, ("pre-data", "data")), Pass(main, ("post-data",)))


def test_grants_refreshes_and_event_triggers_come_last_and_in_this_order() -> None:
    entries = (TABLE, VIEW, ABOUT_WATCH, GRANT, ROWS, WATCH, DEFAULTS, REFRESH)
    main = (TABLE, VIEW, ROWS)
    assert passes(entries) == (
        Pass(main, ("pre-data", "data")),
        Pass(main, ("post-data",)),
        Pass((GRANT, DEFAULTS), parallel=False),
        Pass((REFRESH,)),
        Pass((ABOUT_WATCH, WATCH), parallel=False),
    )


def test_nothing_is_left_out_and_nothing_comes_twice() -> None:
    entries = (TABLE, ROWS, TRIGGER, VIEW, GRANT, DEFAULTS, REFRESH, WATCH, ABOUT_WATCH)
    first, second, *rest = passes(entries)
    assert first.entries == second.entries
    assert not set(first.sections) & set(second.sections)
    given = [entry for each in (first, *rest) for entry in each.entries]
    assert sorted(given) == sorted(entries)
