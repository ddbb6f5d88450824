"""What a plan showed is what its own next event does, whatever has come in between."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

import pytest

from lifeboat.errors import EventError
from tests.support.backup_harness import TARGET_ARN, Database
from tests.support.restore_harness import RestoreHarness, refused, sweep


@pytest.fixture
def with_a_newer_one(restores: RestoreHarness) -> Callable[[dict[str, Any]], dict[str, Any]]:
    """Ask for a plan of the newest backup, then take a newer one, of less; gives the plan."""

    def make(event: dict[str, Any]) -> dict[str, Any]:
        restores.live.run("CREATE TABLE kept AS SELECT i FROM generate_series(1, 100) i")
        restores.backups.take()
        plan = restores.ask(event)
        restores.live.run("DELETE FROM kept")
        restores.backups.scheduled_at += timedelta(minutes=30)
        restores.backups.take()
        return plan

    return make


@pytest.mark.parametrize("named", [{}, {"backup": "latest"}, {"before": "now"}])
def test_a_restore_brings_back_the_backup_that_its_plan_showed(
    restores: RestoreHarness,
    with_a_newer_one: Callable[[dict[str, Any]], dict[str, Any]],
    named: dict[str, str],
) -> None:
    if "before" in named:
        named = {"before": f"{datetime.now(UTC) + timedelta(minutes=30):%Y-%m-%dT%H:%M:%SZ}"}
    plan = with_a_newer_one({"action": "restore", **named})
    assert "before" not in plan["next_event"], "a moment may mean another backup by then"

    done = restores.ask(plan["next_event"])

    assert done["backup"] == plan["backup"] == plan["next_event"]["backup"]
    assert restores.copy(done).value("SELECT count(*) FROM kept") == 100
    sweep(restores.live)


@pytest.mark.parametrize(
    "event",
    [
        {"action": "restore-tables", "tables": ["public.kept"]},
        {"action": "restore-tables", "tables": ["public.kept"], "data_only": True, "replace": True},
        {"action": "export"},
    ],
)
def test_every_other_plan_of_a_backup_pins_it_too(
    restores: RestoreHarness,
    with_a_newer_one: Callable[[dict[str, Any]], dict[str, Any]],
    event: dict[str, Any],
) -> None:
    plan = with_a_newer_one(event)

    done = restores.ask(plan["next_event"])

    assert done["backup"] == plan["backup"]
    sweep(restores.live)


def test_a_refusal_proposes_an_event_of_the_same_backup(
    restores: RestoreHarness, new_database: Callable[..., Database]
) -> None:
    elsewhere = new_database(18)
    restores.give_target(elsewhere)
    restores.live.run("CREATE ROLE gone_elsewhere NOLOGIN", "CREATE TABLE t (i int)")
    try:
        restores.live.run("ALTER TABLE t OWNER TO gone_elsewhere")
        backup = restores.backups.take().manifest.location.id
        restores.live.run("ALTER TABLE t OWNER TO postgres")
    finally:
        restores.live.run("DROP ROLE gone_elsewhere")

    error = refused(lambda: restores.restore(target=TARGET_ARN))

    assert backup in error.todo
    sweep(elsewhere)


def test_the_only_target_of_the_settings_is_the_default_and_the_plan_pins_it(
    restores: RestoreHarness, new_database: Callable[..., Database]
) -> None:
    """The role that takes backups only reads, so nobody could restore with it anyway."""
    restores.backups.take()
    elsewhere = new_database(18)
    restores.give_target(elsewhere)

    plan = restores.ask(action="restore")
    restores.settings["target_secret_arns"].append(TARGET_ARN.replace("target", "another"))
    done = restores.ask(plan["next_event"])

    assert done["next_event"]["target"] == TARGET_ARN
    made = Database(elsewhere.server, done["restored_database"])
    assert made.value("SELECT current_database()") == done["restored_database"]
    made.drop()


def test_of_several_targets_none_is_the_default(
    restores: RestoreHarness, new_database: Callable[..., Database]
) -> None:
    restores.backups.take()
    restores.give_target(new_database(18))
    restores.settings["target_secret_arns"].append(TARGET_ARN.replace("target", "another"))

    done = restores.restore()

    assert restores.copy(done).value("SELECT current_database()") == done["restored_database"]
    sweep(restores.live)


def test_a_target_may_be_called_by_its_secrets_name(
    restores: RestoreHarness, new_database: Callable[..., Database]
) -> None:
    restores.backups.take()
    elsewhere = new_database(18)
    restores.give_target(elsewhere)

    plan = restores.ask(action="restore", target="target")
    done = restores.ask(plan["next_event"])

    assert plan["next_event"]["target"] == "target"
    Database(elsewhere.server, done["restored_database"]).drop()
    for unknown in ("targe", "target-AbCdEf", "secret:target"):
        error = refused(partial(restores.restore, target=unknown))
        assert isinstance(error, EventError)
