"""What dies half-way leaves a database with a name of its own, says so, and nothing else."""

import threading
from typing import Any

import pytest

from lifeboat.errors import LifeboatError, TimeLimitError, VerificationError
from lifeboat.recovery.compare_definitions import compare_definitions
from lifeboat.restore import restore_database
from lifeboat.restore.run import RestoreRun
from tests.support.backup_harness import TARGET_ARN, Database, eventually, open_backends
from tests.support.proxy import Proxy
from tests.support.restore_harness import RestoreHarness, databases, event_in, refused
from tests.support.step_faults import Clock, by

#: An index over a function that takes its time in restored copies only.
SLOW = (
    "CREATE FUNCTION slow(i bigint) RETURNS bigint IMMUTABLE LANGUAGE plpgsql AS"
    " $$BEGIN IF current_database() LIKE '%\\_restored\\_%' THEN PERFORM pg_sleep(60); END IF;"
    " RETURN i; END$$",
    "CREATE INDEX slow_index ON users (slow(id))",
)


def left(restores: RestoreHarness) -> Database:
    """The one database that was left, which nobody is connected to."""
    (name,) = databases(restores.live) - {restores.live.name}
    copy = Database(restores.live.server, name)
    assert open_backends(copy) == []
    return copy


def assert_said(restores: RestoreHarness, error: LifeboatError) -> None:
    """It says what was left and what drops it, which is true."""
    copy = left(restores)
    assert f"DROP DATABASE {copy.name} WITH (FORCE);" in error.todo
    assert copy.name in error.safe
    assert "The live database and all backups are untouched." in error.safe
    with restores.live.server.admin() as admin:
        admin.execute(f"DROP DATABASE {copy.name} WITH (FORCE);")
    assert databases(restores.live) == {restores.live.name}


@pytest.mark.fault("time")
def test_when_time_runs_out_the_restore_ends_itself_and_names_what_is_left(
    restores: RestoreHarness, clock: Clock
) -> None:
    restores.live.run(*SLOW)
    restores.backups.take()
    by(restores, remaining=clock.remaining)

    def strike() -> None:
        eventually(lambda: building(restores))
        clock.strike()

    striker = threading.Thread(target=strike)
    striker.start()
    error = refused(restores.restore)
    striker.join()
    assert isinstance(error, TimeLimitError), error
    assert "during restore" in error.what
    assert_said(restores, error)


@pytest.mark.fault("network")
def test_a_lost_connection_ends_the_restore_and_names_what_is_left(
    restores: RestoreHarness,
) -> None:
    restores.live.run(*SLOW)
    restores.backups.take()
    server = restores.live.server
    with Proxy("127.0.0.1", server.port) as proxy:
        url = server.url(restores.live.name).replace(f":{server.port}/", f":{proxy.port}/")
        restores.secrets[TARGET_ARN] = url
        restores.settings["target_secret_arns"] = [TARGET_ARN]

        def cut() -> None:
            eventually(lambda: building(restores))
            proxy.cut()

        cutter = threading.Thread(target=cut)
        cutter.start()
        error = refused(lambda: restores.restore(target=TARGET_ARN))
        cutter.join()
    with server.admin() as admin:  # the server has not noticed that its client is gone
        admin.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname LIKE %s",
            [f"{restores.live.name}\\_restored%"],
        )
    assert_said(restores, error)


def building(restores: RestoreHarness) -> bool:
    with restores.live.server.admin() as admin:
        row = admin.execute(
            "SELECT count(*) FROM pg_stat_activity WHERE query LIKE 'CREATE INDEX slow%'"
            " AND state = 'active'"
        ).fetchone()
    return row is not None and row[0] > 0


@pytest.mark.fault("bucket")
def test_an_archive_that_is_not_the_backups_is_never_given_to_a_server(
    restores: RestoreHarness,
) -> None:
    manifest = restores.backups.take().manifest
    bucket, stored = restores.backups.bucket, manifest.archive.objects[0]
    body = bytearray(bucket.read(stored.key))
    body[len(body) // 2] ^= 1
    answer = bucket.client.put_object(Bucket=bucket.name, Key=stored.key, Body=bytes(body))
    lie: dict[str, Any] = manifest.model_dump(mode="json")
    lie["archive"]["objects"][0]["version_id"] = answer["VersionId"]
    changed = type(manifest).model_validate(lie)
    bucket.client.put_object(Bucket=bucket.name, Key=manifest.key, Body=changed.to_json())
    error = refused(restores.restore)
    assert isinstance(error, VerificationError)
    assert "SHA-256" in error.what
    assert databases(restores.live) == {restores.live.name}


def drop_before_comparing(monkeypatch: pytest.MonkeyPatch, statement: str) -> None:
    def comparing(run: RestoreRun, *rest: Any) -> None:
        with run.session(run.copy_name) as connection:
            connection.execute(statement.encode())
        compare_definitions(run, *rest)

    monkeypatch.setattr(restore_database, "compare_definitions", comparing)


@pytest.mark.fault("bucket")
@pytest.mark.parametrize("lost", ["definitions", "sequences"])
def test_what_did_not_come_back_fails_and_is_offered_only_with_what_is_lacking(
    restores: RestoreHarness, monkeypatch: pytest.MonkeyPatch, lost: str
) -> None:
    """Something was dropped in the copy, or the manifest has a later value of a sequence."""
    manifest = restores.backups.take().manifest
    if lost == "definitions":
        drop_before_comparing(monkeypatch, "DROP SEQUENCE public.users_id_seq CASCADE")
    else:
        lie: dict[str, Any] = manifest.model_dump(mode="json")
        lie["inventory"]["sequences"][0]["last_value"] += 1
        changed = type(manifest).model_validate(lie)
        bucket = restores.backups.bucket
        bucket.client.put_object(Bucket=bucket.name, Key=manifest.key, Body=changed.to_json())
    error = refused(restores.restore)
    assert isinstance(error, VerificationError)
    (copy,) = databases(restores.live) - {restores.live.name}
    assert copy in error.what
    assert f"Lacking or different: {lost}: " in error.what
    assert event_in(error.todo)["allow_unverified"] is True
    plan = restores.ask(action="swap", restored_database=copy)
    assert "not proven but failed" in plan["blockers"][0]
