"""What a plan showed is what its own next event does, whatever has come in between."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from lifeboat.errors import EventError
from tests.support.backup_harness import Database
from tests.support.restore_harness import TARGET, RescueHall, refused, sweep


@pytest.fixture
def with_a_newer_one(hall: RescueHall) -> Callable[[dict[str, Any]], dict[str, Any]]:
    """Ask for a plan of the newest backup, then take a newer one, of less; gives the plan."""

    def make(event: dict[str, Any]) -> dict[str, Any]:
        hall.live.run("CREATE TABLE kept AS SELECT i FROM generate_series(1, 100) i")
        hall.workshop.take()
        plan = hall.ask(event)
        hall.live.run("DELETE FROM kept")
        hall.workshop.slot += timedelta(minutes=30)
        hall.workshop.take()
        return plan

    return make


@pytest.mark.parametrize("named", [{}, {"backup": "latest"}, {"before": "now"}])
def test_a_restore_brings_back_the_backup_that_its_plan_showed(
    hall: RescueHall,
    with_a_newer_one: Callable[[dict[str, Any]], dict[str, Any]],
    named: dict[str, str],
) -> None:
    if "before" in named:
        named = {"before": f"{datetime.now(UTC) + timedelta(minutes=30):%Y-%m-%dT%H:%M:%SZ}"}
    plan = with_a_newer_one({"action": "restore", **named})
    assert "before" not in plan["next"], "a moment may mean another backup by then"

    done = hall.ask(plan["next"])

    assert done["backup"] == plan["backup"] == plan["next"]["backup"]
    assert hall.copy(done).value("SELECT count(*) FROM kept") == 100
    sweep(hall.live)


@pytest.mark.parametrize(
    "event",
    [
        {"action": "restore-tables", "tables": ["public.kept"]},
        {"action": "restore-tables", "tables": ["public.kept"], "data_only": True, "replace": True},
        {"action": "export"},
    ],
)
def test_every_other_plan_of_a_backup_pins_it_too(
    hall: RescueHall,
    with_a_newer_one: Callable[[dict[str, Any]], dict[str, Any]],
    event: dict[str, Any],
) -> None:
    plan = with_a_newer_one(event)

    done = hall.ask(plan["next"])

    assert done["backup"] == plan["backup"]
    sweep(hall.live)


def test_a_refusal_proposes_an_event_of_the_same_backup(
    hall: RescueHall, new_database: Callable[..., Database]
) -> None:
    elsewhere = new_database(18)
    hall.give_target(elsewhere)
    hall.live.run("CREATE ROLE gone_elsewhere NOLOGIN", "CREATE TABLE t (i int)")
    try:
        hall.live.run("ALTER TABLE t OWNER TO gone_elsewhere")
        backup = hall.workshop.take().manifest.location.id
        hall.live.run("ALTER TABLE t OWNER TO postgres")
    finally:
        hall.live.run("DROP ROLE gone_elsewhere")

    error = refused(lambda: hall.restore(target=TARGET))

    assert backup in error.todo
    sweep(elsewhere)


def test_the_only_target_of_the_settings_is_the_default(
    hall: RescueHall, new_database: Callable[..., Database]
) -> None:
    """The role that takes backups only reads, so nobody could restore with it anyway."""
    hall.workshop.take()
    elsewhere = new_database(18)
    hall.give_target(elsewhere)

    done = hall.restore()

    made = Database(elsewhere.server, done["restored"])
    assert made.value("SELECT current_database()") == done["restored"]
    made.drop()


def test_of_several_targets_none_is_the_default(
    hall: RescueHall, new_database: Callable[..., Database]
) -> None:
    hall.workshop.take()
    hall.give_target(new_database(18))
    hall.settings["target_secret_arns"].append(TARGET.replace("target", "another"))

    done = hall.restore()

    assert hall.copy(done).value("SELECT current_database()") == done["restored"]
    sweep(hall.live)


def test_a_target_may_be_called_by_its_secrets_name(
    hall: RescueHall, new_database: Callable[..., Database]
) -> None:
    hall.workshop.take()
    elsewhere = new_database(18)
    hall.give_target(elsewhere)

    plan = hall.ask(action="restore", target="target")
    done = hall.ask(plan["next"])

    assert plan["next"]["target"] == "target"
    Database(elsewhere.server, done["restored"]).drop()
    for unknown in ("targe", "target-AbCdEf", "secret:target"):
        error = refused(lambda unknown=unknown: hall.restore(target=unknown))
        assert isinstance(error, EventError)
