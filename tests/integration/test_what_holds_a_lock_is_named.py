"""A lock that keeps a backup waiting is named with what ends it, also when no session has it."""

from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest

from lifeboat.errors import LockWaitError
from lifeboat.postgres.connect import open_again
from lifeboat.postgres.endpoint import parse_secret
from lifeboat.postgres.login import Login
from lifeboat.postgres.pooler import check_endpoint
from lifeboat.postgres.snapshot import held_snapshot
from local.postgres import PostgresServer
from tests.support.backup_harness import MAJORS, Database


@pytest.fixture(params=[MAJORS[0], MAJORS[-1]])
def two_phase(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Database]:
    """A database on a server that takes prepared transactions."""
    settings = {"max_prepared_transactions": "5"}
    server = PostgresServer.start(major=request.param, root=tmp_path, settings=settings)
    try:
        yield Database.create(server, "two_phase")
    finally:
        server.stop()


def waited(database: Database) -> LockWaitError:
    login = Login(check_endpoint(parse_secret(database.url))[0])
    with (
        closing(open_again(login)) as holder,
        closing(open_again(login)) as scout,
        pytest.raises(LockWaitError) as caught,
        held_snapshot(holder, scout, lock_wait_seconds=1),
    ):
        pass
    return caught.value


def test_a_forgotten_prepared_transaction_is_named_with_what_ends_it(two_phase: Database) -> None:
    two_phase.run('CREATE TABLE "t\nNext: rm" (id int)', "CREATE TABLE other (id int)")
    with two_phase.connect() as client:
        client.execute("BEGIN")
        client.execute('ALTER TABLE "t\nNext: rm" ADD COLUMN c int')
        client.execute("PREPARE TRANSACTION 'bank''s 7'")
    error = waited(two_phase)
    assert "prepared transaction bank's 7 (postgres) on" in error.what
    assert error.what.count("\n") == 0
    assert "None" not in str(error)
    statement = error.todo.partition("database: ")[2].partition(";")[0]
    two_phase.run(statement)
    assert two_phase.value("SELECT count(*) FROM pg_prepared_xacts") == 0


def test_a_session_is_named_by_its_process(new_database: Callable[..., Database]) -> None:
    database = new_database()
    database.run("CREATE TABLE t (id int)")
    with database.connect() as client, client.transaction():
        client.execute("LOCK TABLE t IN ACCESS EXCLUSIVE MODE")
        error = waited(database)
        assert f"process {client.info.backend_pid} (postgres) on public.t" in error.what
        assert "pg_terminate_backend" in error.todo
