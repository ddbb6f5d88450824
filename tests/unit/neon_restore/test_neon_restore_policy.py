"""What a restore by Neon decides without asking anybody."""

import json
from datetime import UTC, datetime, timedelta

import pytest

from lifeboat.errors import EventError, RefusedError
from lifeboat.neon.records import Branch, Project
from lifeboat.neon_restore.policy.contents import DatabaseContents, TableRows, digests
from lifeboat.neon_restore.policy.differences import (
    MAX_LISTED,
    MAX_LISTED_IN_ALL,
    differences,
)
from lifeboat.neon_restore.policy.event import Action
from lifeboat.neon_restore.policy.names import kept_name, newest_kept
from lifeboat.neon_restore.policy.plan_text import Found, steps, warnings
from lifeboat.neon_restore.policy.record import NeonPlan
from lifeboat.neon_restore.policy.restorable import Situation, require_moment, require_restorable
from lifeboat.recovery.policy.entry import Entry
from lifeboat.settings import NeonDatabase, NeonRestoreSettings, NeonSettings

NOW = datetime(2026, 11, 22, 9, 30, tzinfo=UTC)
DAY = timedelta(days=1)
PROJECT = Project(
    id="calm-lake-1",
    name="app",
    region_id="aws-eu-central-1",
    pg_version=18,
    history_retention_seconds=86_400,
    data_transfer_bytes=0,
    compute_time_seconds=0,
    consumption_period_start=NOW - 10 * DAY,
    consumption_period_end=NOW + 20 * DAY,
    branch_logical_size_limit_bytes=0,
)
MAIN = Branch(
    id="br-main",
    name="main",
    project_id=PROJECT.id,
    current_state="ready",
    default=True,
    protected=False,
    created_at=NOW - 300 * DAY,
)


def situation(branch: Branch = MAIN, parent: Branch | None = None) -> Situation:
    return Situation(project=PROJECT, branch=branch, parent=parent, now=NOW)


def restored(parent: Branch, since: timedelta) -> Branch:
    return MAIN.model_copy(update={"parent_id": parent.id, "parent_timestamp": NOW - since})


def named(name: str) -> Branch:
    return MAIN.model_copy(update={"id": f"br-{len(name)}", "name": name, "default": False})


@pytest.mark.parametrize("name", ["main_before_lifeboat_20261122t080000z", "main_old_2026-11-22"])
def test_a_root_branch_that_was_restored_is_one_still(name: str) -> None:
    kept = named(name)
    again = situation(restored(kept, timedelta(hours=2)), kept)
    require_restorable(again)
    require_moment(again, NOW - timedelta(hours=1))
    with pytest.raises(RefusedError, match=f"what was before is the history of {name}"):
        require_moment(again, NOW - timedelta(hours=3))


@pytest.mark.parametrize("parent", [named("staging"), None])
def test_a_child_of_another_branch_is_none(parent: Branch | None) -> None:
    child = MAIN.model_copy(update={"parent_id": "br-7"})
    with pytest.raises(RefusedError, match="no root branch"):
        require_restorable(situation(child, parent))


def test_the_first_moment_of_the_window_is_given_back_and_none_before() -> None:
    require_moment(situation(), NOW - DAY)
    with pytest.raises(RefusedError, match="Neon keeps 24 h of history"):
        require_moment(situation(), NOW - DAY - timedelta(seconds=1))
    with pytest.raises(RefusedError, match="in the future"):
        require_moment(situation(), NOW)


def test_what_the_last_restore_has_kept_is_found_among_the_branches_of_others() -> None:
    mine = [kept_name("main", NOW - each * DAY) for each in (2, 1, 3)]
    others = ["main", "mainly_before_lifeboat_20261122t080000z", "main_before_lifeboat_mine", "x"]
    found = newest_kept(MAIN, map(named, [*others, *mine]))
    assert found
    assert found.name == kept_name("main", NOW - DAY)
    assert newest_kept(MAIN, map(named, others)) is None


def test_a_branch_of_any_name_has_a_name_to_be_kept_under() -> None:
    name = "x\n" * 128
    kept = kept_name(name, NOW)
    assert len(kept) <= 256
    found = newest_kept(MAIN.model_copy(update={"name": name}), [named(kept)])
    assert found
    assert found.name == kept


def database(name: str, tables: int, rows: int) -> DatabaseContents:
    found = tuple(TableRows(table=f"public.t{each}", rows=rows) for each in range(tables))
    return DatabaseContents(database=name, tables=found, definitions={})


def test_an_answer_stays_short_however_much_differs() -> None:
    names = [f"db{each:02}" for each in range(10)]
    then = [database(each, 1000, 1) for each in names]
    now = [database(each, 1000, 2) for each in names]
    found = differences(then, now)
    listed = [len(each.tables) for each in found]
    assert max(listed) <= MAX_LISTED
    assert sum(listed) <= MAX_LISTED_IN_ALL
    assert [each.not_listed + len(each.tables) for each in found] == [1000] * 10
    assert not any(each.is_same for each in found)
    assert len(json.dumps([each.model_dump() for each in found])) < 50_000


def test_what_was_not_counted_is_neither_the_same_nor_different() -> None:
    unknown = TableRows(table="public.big", rows=None, reason="not counted: it took too long")
    then = DatabaseContents(database="app", tables=(unknown,), definitions=None, problem="No time.")
    now = DatabaseContents(
        database="app", tables=(TableRows(table="public.big", rows=3),), definitions={"a": ("b",)}
    )
    (found,) = differences([then], [now])
    assert (found.is_same, found.is_whole, found.same_tables) == (True, False, 0)
    assert found.not_counted == ("public.big: not counted: it took too long",)
    assert found.problems == ("No time.",)


def plan(at: datetime | None, slots: tuple[str, ...] | None) -> Found:
    record = NeonPlan(
        database="app",
        planned=NOW,
        action=Action.RESTORE if at else Action.UNDO,
        at=at,
        snapshot=None,
        source=MAIN.id,
        project_id=PROJECT.id,
        branch_id=MAIN.id,
        branch="ma\nin",
        parent_id=None,
        begins=None,
        protected=bool(at),
        then=(),
    )
    return Found(
        record=record,
        kept=None if at else "ke\npt",
        snapshot=None,
        databases=differences([database("a\n", 1, 1), database("b", 1, 1)], [database("b", 1, 1)]),
        slots=slots,
        without_backup=False,
        notes=(),
        now=NOW,
    )


def test_a_plan_says_what_goes_in_lines_that_no_name_can_break() -> None:
    found = plan(NOW - timedelta(hours=3), ("sl\not",))
    said = [*steps(found), *warnings(found)]
    assert not any("\n" in each for each in said)
    text = "\n".join(said)
    assert "the last 3 h." in text
    assert "All 2 databases of the branch go back" in text
    assert "Changed since then: a\\n." in text
    assert "has to start anew: sl\\not." in text
    assert "The branch ma\\nin is protected." in text


def test_a_plan_of_an_undo_says_to_which_state_it_goes_back() -> None:
    found = plan(None, None)
    text = "\n".join([*steps(found), *warnings(found)])
    assert "back to the state that the branch ke\\npt has kept" in text
    assert "What was written since the restore goes." in text
    assert "which would be lost, is not known" in text
    assert "protected" not in text


def entry(definition: str, owner: str = "me") -> Entry:
    return Entry(
        number=1, kind="TABLE", schema="public", tag="a\nb", owner=owner, definition=definition
    )


def test_definitions_differ_by_text_and_owner_but_not_by_what_the_server_counts() -> None:
    plain = digests([entry("CREATE TABLE a (id int);")])
    assert [*plain] == ['TABLE public.U&"a\\000Ab"']
    assert plain != digests([entry("CREATE TABLE a (id int);", "you")])
    assert plain != digests([entry("CREATE TABLE a (id bigint);")])
    counted = "CREATE TABLE a (id int);\n\nALTER TABLE ONLY public.a ALTER COLUMN id SET ({});"
    one, other = (digests([entry(counted.format(f"pg_attver={n}"))]) for n in (1, 22))
    assert one == other == plain


def test_a_database_that_does_not_allow_it_is_told_so() -> None:
    place = NeonSettings(
        project_id="calm-lake-1",
        api_key_secret_arn="arn:aws:ssm:us-east-1:123456789012:parameter/neon",
        restore=True,
    )
    settings = NeonRestoreSettings(databases=(NeonDatabase(name="shop", neon=place),))
    assert settings.of_database("shop").neon is place
    with pytest.raises(EventError, match="don't allow to restore 'app' by Neon"):
        settings.of_database("app")
