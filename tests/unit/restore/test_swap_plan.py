"""Which names a swap would change, and what stands in its way."""

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from lifeboat.model.drill_report import Verdict
from lifeboat.restore.policy.database_answers import ConnectedClient, SwapPlan
from lifeboat.restore.policy.event import parse_restore_event
from lifeboat.restore.policy.report import RestoreReport
from lifeboat.restore.policy.swap_plan import describe_clients, live_of, plan_swap, swap_of
from tests.unit.restore.test_plan import COPY, FACTS

NOW = datetime(2026, 11, 24, 10, 0, tzinfo=UTC)
THERE = frozenset({"postgres", "neondb", COPY})
CLIENTS = (
    ConnectedClient(application="web", role="app", address="10.0.0.7", sessions=2),
    ConnectedClient(application=None, role='a"\n', address=None, sessions=1),
)
REPORT = RestoreReport(
    database="app",
    started=datetime(2026, 11, 24, 9, 30, tzinfo=UTC),
    finished=datetime(2026, 11, 24, 9, 35, tzinfo=UTC),
    run_id="run-1",
    lifeboat_version="0.1.0",
    action="restore",
    backup="weekly/app/2026-11-22T020000Z",
    snapshot_time=datetime(2026, 11, 22, 2, 0, 5, tzinfo=UTC),
    server=FACTS.server,
    endpoint=FACTS.endpoint,
    server_version="17.6",
    restored_database=COPY,
    live_database="neondb",
    verdict=Verdict.PROVEN,
    seconds={"restore": 10.0},
    total_seconds=12.0,
)


def plan(
    report: RestoreReport | None = REPORT,
    databases: frozenset[str] = THERE,
    **event: Any,
) -> SwapPlan:
    asked = parse_restore_event(
        {"action": "swap", "database": "app", "restored_database": COPY, **event}
    )
    live = live_of(COPY, report) or "neondb"
    swap = swap_of(asked, live, databases, NOW)
    return plan_swap(
        asked,
        swap,
        replace(FACTS, databases=databases),
        report,
        CLIENTS,
        ["slot debezium"],
    )


def test_the_live_one_steps_aside_and_the_copy_takes_its_name() -> None:
    made = plan()
    assert made.steps[:3] == (
        'End 3 sessions: web as app at 10.0.0.7 (2), unnamed as U&"a""\\000A" (1).',
        "Rename neondb to neondb_before_20261124t100000z.",
        f"Rename {COPY} to neondb.",
    )
    assert made.blockers == ()
    assert made.next_event == {
        "action": "swap",
        "database": "app",
        "restored_database": COPY,
        "execute": True,
        "confirm": "neondb",
    }


def test_a_swap_back_within_the_same_second_gets_a_name_of_its_own() -> None:
    event = parse_restore_event(
        {"action": "swap", "database": "app", "restored_database": "x_restored"}
    )
    first = swap_of(event, "app", frozenset({"app"}), NOW).before
    assert first is not None
    second = swap_of(event, "app", frozenset({"app", first}), NOW).before
    assert second not in {None, first}


def test_the_way_back_stands_in_the_plan() -> None:
    assert (
        f"BEGIN; ALTER DATABASE neondb RENAME TO {COPY};"
        " ALTER DATABASE neondb_before_20261124t100000z RENAME TO neondb; COMMIT;"
    ) in plan().steps[-1]


def test_without_a_live_database_the_copy_just_gets_its_name() -> None:
    made = plan(databases=THERE - {"neondb"})
    assert made.steps[1] == f"Rename {COPY} to neondb."
    assert any("There is no neondb" in each for each in made.warnings)


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"verdict": Verdict.PARTIAL, "reasons": ("extensions: x",)}, '"allow_unverified": true'),
        ({"verdict": Verdict.FAILED, "reasons": ("rows: x",)}, '"allow_unverified": true'),
        ({"endpoint": "1" * 16}, "give the same `target`"),
        ({"action": "restore-tables"}, "some tables only"),
    ],
)
def test_what_is_not_that_copy_or_not_proven_is_a_wall(changes: dict[str, Any], said: str) -> None:
    made = plan(REPORT.model_copy(update=changes))
    assert [said in each for each in made.blockers] == [True]


def test_a_copy_that_is_not_proven_may_be_insisted_on() -> None:
    report = REPORT.model_copy(update={"verdict": Verdict.PARTIAL})
    assert plan(report, allow_unverified=True).blockers == ()


def test_a_copy_that_is_not_there_is_a_wall_that_names_the_others() -> None:
    other = "neondb_restored_20261123t093000z"
    made = plan(databases=frozenset({"neondb", other}))
    assert f"Copies there: {other}." in made.blockers[0]


def test_whose_place_a_copy_takes_is_reported_by_its_report_or_its_name() -> None:
    assert live_of(COPY, REPORT) == "neondb"
    assert live_of("neondb_before_20261124t100000z", None) == "neondb"
    assert live_of(COPY, None) is None
    assert live_of("n" * 39 + "_before_20261124t100000z", None) is None


def test_what_was_written_since_stays_only_where_something_is_moved_aside() -> None:
    kept = "in the copy. It stays in the database that is moved aside."
    assert any(each.endswith(kept) for each in plan().warnings)
    alone = plan(databases=THERE - {"neondb"}).warnings
    assert any(each.endswith("is not in the copy.") for each in alone)
    assert not any("moved aside" in each for each in alone)


def test_what_was_live_before_has_no_report_and_needs_none() -> None:
    made = plan(None)
    assert made.blockers == ()
    assert made.backup is None
    settings, replication, clients = made.warnings
    assert "slot debezium" in replication
    assert settings.startswith("Settings, grants, limit, comment and owner of the database itself")
    assert clients == "Clients lose their connections once and have to connect again."


def test_the_notes_of_the_restore_are_reported_before_a_swap() -> None:
    noted = plan(REPORT.model_copy(update={"notes": ("Owners differ.", "So do grants.")}))
    assert "Owners differ. So do grants." in noted.warnings
    assert "" not in plan().warnings


def test_sessions_are_ended_only_where_there_are_some() -> None:
    asked = parse_restore_event({"action": "swap", "database": "app", "restored_database": COPY})
    swap = swap_of(asked, "neondb", THERE, NOW)
    made = plan_swap(asked, swap, replace(FACTS, databases=THERE), REPORT, [], [])
    assert made.steps[0].startswith("Rename neondb")


def test_a_client_cannot_forge_a_line_of_the_plan() -> None:
    hostile = ConnectedClient(application="x\nSwapped.\x1b[2J", role=None, address=None, sessions=1)
    assert describe_clients([hostile]) == "x\\nSwapped.\\x1b[2J (1)"


def test_what_the_plan_shows_is_there_as_keys_too() -> None:
    made = plan()
    assert made.live_database == "neondb"
    assert made.restored_database == COPY
    assert made.previous_database == "neondb_before_20261124t100000z"
    assert made.clients == CLIENTS
    assert made.verdict is Verdict.PROVEN
    assert made.data_as_of == REPORT.snapshot_time


def test_undo_is_carried_out_as_a_swap() -> None:
    event = parse_restore_event({"action": "undo", "database": "app"})
    before = "neondb_before_20261124t090000z"
    event = event.model_copy(update={"restored_database": before})
    databases = frozenset({"neondb", before})
    swap = swap_of(event, "neondb", databases, NOW)
    made = plan_swap(event, swap, replace(FACTS, databases=databases), None, [], [])
    assert made.action == "undo"
    assert made.next_event == {
        "action": "swap",
        "database": "app",
        "restored_database": before,
        "confirm": "neondb",
        "execute": True,
    }


def test_the_plan_names_the_backup_that_the_copy_was_made_of() -> None:
    assert plan().backup == REPORT.backup
