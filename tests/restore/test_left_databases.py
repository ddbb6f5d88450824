"""What a person doesn't have to know by heart: names of databases that restores and swaps made."""

from typing import Any

import pytest

from lifeboat.errors import NoBackupError, RefusedError
from tests.support.backup_harness import Database
from tests.support.restore_harness import STARTED, RestoreHarness, databases, refused


def rows(database: Database) -> int:
    count: int = database.value("SELECT count(*) FROM users")
    return count


@pytest.fixture
def restored(restores: RestoreHarness) -> dict[str, Any]:
    """The answer to a restore, after which the live database lost nearly everything."""
    restores.backups.take()
    answer = restores.restore()
    restores.live.run("DELETE FROM users WHERE id > 10")
    return answer


def test_a_swap_without_a_name_takes_the_newest_copy_and_pins_it_and_undo_goes_back(
    restores: RestoreHarness, restored: dict[str, Any]
) -> None:
    live = restores.live
    newest = restores.restore()["restored_database"]
    tables = restores.ask(action="restore-tables", tables=["public.users"], execute=True)
    with live.connect() as client:
        client.execute("SET application_name = 'web'")
        plan = restores.ask(action="swap")
    assert plan["restored_database"] == plan["next_event"]["restored_database"] == newest
    assert plan["next_event"]["target"]
    assert [(each["application"], each["sessions"]) for each in plan["clients"]] == [("web", 1)]
    assert newest > restored["restored_database"]
    assert tables["restored_database"] in databases(live)
    restores.restore()  # a newer copy comes between plan and go

    done = restores.ask(plan["next_event"])
    assert newest not in databases(live)
    assert rows(live) == 1000

    back = restores.ask(action="undo")
    assert back["restored_database"] == done["previous_database"]
    assert back["next_event"]["action"] == "swap"
    undone = restores.ask(back["next_event"])
    assert rows(live) == 10
    again = restores.ask(restores.ask(action="undo")["next_event"])
    assert (rows(live), again["live_database"]) == (1000, live.name)
    assert undone["previous_database"] not in databases(live)


def test_what_restores_and_swaps_left_is_listed_with_sizes_and_the_exact_statements(
    restores: RestoreHarness, restored: dict[str, Any]
) -> None:
    live = restores.live
    assert restored["restored_database"] in databases(live)
    done = restores.ask(restores.ask(action="swap")["next_event"])
    copy = restores.restore()
    tables = restores.ask(action="restore-tables", tables=["public.users"], execute=True)
    unfinished = f"{live.name}_restored_{STARTED:%Y%m%dt%H%M%Sz}"
    forged = f"{live.name}_before_29990101t000000z"
    for name in (unfinished, forged):
        Database.create(live.server, name)
    there = databases(live)

    with Database(live.server, copy["restored_database"]).connect():
        listed = restores.ask(action="databases")

    assert databases(live) == there, "a list drops nothing"
    assert listed["live_database"] == live.name
    assert [(each["name"], each["kind"], each["complete"]) for each in listed["databases"]] == [
        (tables["restored_database"], "tables", True),
        (copy["restored_database"], "restored", True),
        (done["previous_database"], "previous", True),
        (unfinished, "restored", False),
    ], "not the one from the future, which no swap has made"
    by_name = {each["name"]: each for each in listed["databases"]}
    whole = by_name[copy["restored_database"]]
    assert (whole["verdict"], whole["backup"]) == ("proven", copy["backup"])
    assert (whole["sessions"], whole["owner"]) == (1, "postgres")
    assert whole["bytes"] > 1_000_000
    with live.server.admin() as admin:
        for each in listed["databases"]:
            admin.execute(each["drop_sql"])
    assert databases(live) == {live.name, forged}


def test_the_name_of_a_copy_is_not_believed_without_a_report(restores: RestoreHarness) -> None:
    restores.backups.take()
    Database.create(restores.live.server, f"{restores.live.name}_restored_{STARTED:%Y%m%dt%H%M%Sz}")
    error = refused(lambda: restores.ask(action="swap"))
    assert isinstance(error, RefusedError)
    assert "that a restore of app has made" in error.what


def test_without_a_swap_there_is_nothing_to_undo(
    restores: RestoreHarness, restored: dict[str, Any]
) -> None:
    assert restored["restored_database"] in databases(restores.live)
    error = refused(lambda: restores.ask(action="undo"))
    assert isinstance(error, RefusedError)
    assert f"a swap of {restores.live.name} has moved aside" in error.what


def test_without_a_backup_nobody_knows_which_database_is_live(restores: RestoreHarness) -> None:
    error = refused(lambda: restores.ask(action="undo"))
    assert isinstance(error, NoBackupError)
    assert "psql --list" in error.todo
