"""A restored database takes the live one's place while clients are connected, and can go back."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import psycopg
import pytest
from psycopg import sql

from lifeboat.errors import RefusedError, TargetError
from lifeboat.restore.rename_databases import rename
from tests.support.backup_harness import TARGET_ARN, Database, eventually
from tests.support.proxy import Proxy
from tests.support.restore_harness import STARTED, RestoreHarness, databases, refused, role
from tests.support.step_faults import at


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


@contextmanager
def clients(database: Database, count: int) -> Iterator[list[int]]:
    """Applications that connect again whenever they are thrown out; what each of them saw last."""
    seen, over = [0] * count, threading.Event()

    def work(number: int) -> None:
        while not over.is_set():
            try:
                with database.connect() as connection:
                    while not over.wait(0.01):
                        row = connection.execute("SELECT count(*) FROM users").fetchone()
                        seen[number] = row[0] if row else 0
            except psycopg.OperationalError:
                continue

    threads = [threading.Thread(target=work, args=(each,)) for each in range(count)]
    for thread in threads:
        thread.start()
    try:
        eventually(lambda: all(seen))
        yield seen
    finally:
        over.set()
        for thread in threads:
            thread.join()


def test_a_delete_without_where_is_undone_while_clients_are_connected(
    restores: RestoreHarness, restored: dict[str, Any]
) -> None:
    live, copy = restores.live, restored["restored_database"]
    with clients(live, 4) as seen:
        plan = restores.ask(restored["next_event"])
        assert any("sessions" in each for each in plan["steps"])
        assert databases(live) == {live.name, copy}
        # PostgreSQL itself refuses when somebody is still connected after five seconds.
        done = restores.ask(plan["next_event"])
        eventually(lambda: set(seen) == {1000})
    assert databases(live) == {live.name, done["previous_database"]}
    assert rows(live) == 1000
    assert rows(Database(live.server, done["previous_database"])) == 10


def test_the_way_back_is_a_swap_too(restores: RestoreHarness, restored: dict[str, Any]) -> None:
    live = restores.live
    done = restores.ask(restores.ask(restored["next_event"])["next_event"])
    plan = restores.ask(done["next_event"])
    assert plan["next_event"]["restored_database"] == done["previous_database"]
    back = restores.ask(plan["next_event"])
    assert rows(live) == 10
    assert rows(Database(live.server, back["previous_database"])) == 1000


def test_the_way_back_by_hand_is_in_the_answer(
    restores: RestoreHarness, restored: dict[str, Any]
) -> None:
    live = restores.live
    done = restores.ask(restores.ask(restored["next_event"])["next_event"])
    with live.server.admin() as admin:
        for statement in done["rollback_sql"].split("; "):
            admin.execute(statement)
    assert databases(live) == {live.name, restored["restored_database"]}
    assert rows(live) == 10


@pytest.mark.parametrize("confirm", [None, "app", "db"])
def test_without_the_live_databases_name_nothing_happens(
    restores: RestoreHarness, restored: dict[str, Any], confirm: str | None
) -> None:
    error = refused(lambda: restores.ask(restored["next_event"], execute=True, confirm=confirm))
    assert isinstance(error, RefusedError)
    assert f'"confirm": "{restores.live.name}"' in error.todo
    assert databases(restores.live) == {restores.live.name, restored["restored_database"]}
    assert rows(restores.live) == 10


def test_a_copy_without_a_report_is_refused(restores: RestoreHarness) -> None:
    restores.backups.take()
    name = f"{restores.live.name}_restored_{STARTED:%Y%m%dt%H%M%Sz}"
    Database.create(restores.live.server, name)
    error = refused(
        lambda: restores.ask(
            action="swap", restored_database=name, execute=True, confirm=restores.live.name
        )
    )
    assert isinstance(error, RefusedError)
    assert "did not come to its end" in error.todo
    error = refused(lambda: restores.ask(action="swap", restored_database="postgres"))
    assert isinstance(error, RefusedError)


def test_a_rename_that_dies_leaves_both_names_as_they_were(
    restores: RestoreHarness, restored: dict[str, Any]
) -> None:
    """Between the two renames: the second one waits for a lock, and its session is killed."""
    live, copy = restores.live, restored["restored_database"]
    with live.server.admin() as admin, live.server.admin() as helper, live.server.admin() as other:
        pid = admin.info.backend_pid
        other.execute("BEGIN")
        other.execute(f"ALTER DATABASE {copy} CONNECTION LIMIT 7")
        other.execute(f"ALTER DATABASE {copy} RENAME TO held")
        caught: list[Exception] = []

        def swap() -> None:
            try:
                names = {live.name: f"{live.name}_before", copy: live.name}
                rename(admin, helper, names, admin.transaction())
            except psycopg.Error as error:
                caught.append(error)

        thread = threading.Thread(target=swap)
        thread.start()
        waiting = "SELECT wait_event_type = 'Lock' FROM pg_stat_activity WHERE pid = %s"
        with live.server.admin() as watcher:
            eventually(lambda: watcher.execute(waiting, [pid]).fetchone() == (True,))
            watcher.execute("SELECT pg_terminate_backend(%s)", [pid])
        thread.join()
        other.execute("ROLLBACK")
    assert caught
    assert databases(live) == {live.name, copy}
    assert rows(live) == 10
    done = restores.ask(restores.ask(restored["next_event"])["next_event"])
    assert done["live_database"] == live.name
    assert rows(live) == 1000


def test_a_swap_that_somebody_left_half_way_is_finished(
    restores: RestoreHarness, restored: dict[str, Any]
) -> None:
    """By hand, one statement at a time, and then the phone rang."""
    live = restores.live
    with live.server.admin() as admin:
        admin.execute(
            sql.SQL("ALTER DATABASE {} RENAME TO {}").format(
                sql.Identifier(live.name), sql.Identifier(f"{live.name}_aside")
            )
        )
    plan = restores.ask(restored["next_event"])
    assert any(f"There is no {live.name}" in each for each in plan["warnings"])
    restores.ask(plan["next_event"])
    assert rows(live) == 1000


def test_a_session_that_we_may_not_end_stops_the_swap_and_is_named(
    restores: RestoreHarness,
) -> None:
    live = restores.live
    with role(live, "neon_like", "LOGIN CREATEDB PASSWORD 'bait'"):
        live.run(f"ALTER DATABASE {live.name} OWNER TO neon_like")
        restores.give_target(live, user="neon_like", password="bait")
        restores.backups.take()
        answer = restores.restore(target=TARGET_ARN, owners="none")
        plan = restores.ask(answer["next_event"])
        with live.connect():
            error = refused(lambda: restores.ask(plan["next_event"]))
            assert isinstance(error, TargetError)
            assert "postgres" in error.what
            assert "pg_signal_backend" in error.todo
            assert "have the names that they had" in error.safe
            assert databases(live) == {live.name, answer["restored_database"]}
        restores.ask(plan["next_event"])
        assert live.value("SELECT tableowner FROM pg_tables WHERE tablename='users'") == "neon_like"


def test_what_a_dump_does_not_have_is_taken_over_from_the_live_database(
    restores: RestoreHarness,
) -> None:
    live = restores.live
    with role(live, "swap_keeper", "NOLOGIN"), role(live, "reader", "NOLOGIN"):
        live.run(
            f"ALTER DATABASE {live.name} SET search_path = public, \"$user\", 'odd name'",
            f"ALTER DATABASE {live.name} SET app.tenant = 'a, b'",
            f"ALTER ROLE reader IN DATABASE {live.name} SET statement_timeout = '5s'",
            f"ALTER DATABASE {live.name} CONNECTION LIMIT 50",
            f"REVOKE ALL ON DATABASE {live.name} FROM PUBLIC",
            f"GRANT CONNECT, TEMPORARY ON DATABASE {live.name} TO reader",
            f"ALTER DATABASE {live.name} OWNER TO swap_keeper",
        )
        restores.backups.take()
        before = properties(live)
        done = restores.ask(restores.ask(restores.restore()["next_event"])["next_event"])
        assert done["notes"] == []
        assert properties(live) == before
        assert properties(Database(live.server, done["previous_database"])) == before


def properties(database: Database) -> Any:
    """Owner, limit, grants and settings of a database."""
    return database.value(
        "SELECT json_build_array(pg_get_userbyid(datdba), datconnlimit,"
        " (SELECT json_agg(a::text ORDER BY a::text) FROM unnest(datacl) a),"
        " (SELECT json_agg(json_build_array(setrole, c) ORDER BY setrole, c)"
        "  FROM pg_db_role_setting, unnest(setconfig) c WHERE setdatabase = d.oid))"
        " FROM pg_database d WHERE datname = current_database()"
    )


def test_a_swap_whose_commit_is_not_answered_is_called_what_the_server_says(
    restores: RestoreHarness,
) -> None:
    """Undone, then done; and where nobody can ask, neither."""
    live, port = restores.live, restores.live.server.port
    restores.backups.take()
    with Proxy("127.0.0.1", port) as proxy:
        restores.backups.secret = live.url.replace(f":{port}/", f":{proxy.port}/")
        swap = restores.ask(restores.restore()["next_event"])["next_event"]
        live.run("DELETE FROM users WHERE id > 10")

        with at("swap", lambda: proxy.lose_answer(b"COMMIT", delivered=False)):
            undone = refused(lambda: restores.ask(swap))
        assert proxy.has_lost
        assert "have the names that they had" in undone.safe
        assert rows(live) == 10

        with at("swap", lambda: proxy.lose_answer(b"COMMIT")):
            done = restores.ask(swap)
        assert proxy.has_lost
        assert rows(live) == 1000

        proxy.lose_answer(b"pg_xact_status", delivered=False)
        way_back = restores.ask(done["next_event"])["next_event"]
        with at("swap", lambda: proxy.lose_answer(b"COMMIT")):
            unseen = refused(lambda: restores.ask(way_back))
        assert proxy.has_lost
        assert "not known whether the databases were renamed" in unseen.safe
        assert "psql --list" in unseen.todo
        assert rows(live) == 10
