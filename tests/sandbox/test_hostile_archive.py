"""What lies inside of an archive gets nothing when a drill restores it in the function."""

import os
import subprocess
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import pytest

from lifeboat.settings import Settings
from local.postgres import PostgresServer
from tests.sandbox.box import PYTHON, Box
from tests.sandbox.conftest import DRILL, Deployed, Start
from tests.sandbox.intruder import ATTEMPTS, CALLING, PLANTED
from tests.sandbox.scene import Listener, loads, scene_of, trusts
from tests.sandbox.seccomp import LANDLOCK, SYSTEM_V_IPC, filter_file
from tests.support.backup_harness import Database, eventually

MAJORS = (14, 18)
_DATABASE = {
    "name": "app",
    "secret_arn": "arn:aws:secretsmanager:us-east-1:000000000000:secret:not-AbCdEf",
}
SETTINGS = Settings.model_validate({"databases": [_DATABASE]})
_NOTHING_STOLEN = {
    "name": "nothing was stolen",
    "sql": "SELECT setconfig FROM pg_catalog.pg_db_role_setting"
    " WHERE setconfig::text LIKE '%stolen.things%'",
    "expect": "rows = 0",
}
ASKING = Settings.model_validate({"databases": [{**_DATABASE, "validation": [_NOTHING_STOLEN]}]})


@dataclass(frozen=True)
class Ended:
    """What the attempts got, and how the drill ended after all of them."""

    gained: dict[str, bool]
    answer: dict[str, Any]
    log: str


@pytest.fixture(scope="module", params=[(14, True), (18, True), (18, False)], ids=str)
def ended(
    request: pytest.FixtureRequest,
    start: Start,
    drill_box: Box,
    warm: Deployed,
    library: bytes,
    server_of: Callable[[int], PostgresServer],
) -> Ended:
    """A drill of an innocent backup, in whose midst the server's superuser tries everything.

    On a kernel of today, and on one that is too old for Landlock.
    """
    major, has_landlock = request.param
    database = Database.create(server_of(major), f"innocent_{major}_{has_landlock}".lower())
    database.run("CREATE TABLE few AS SELECT generate_series(1, 100) AS n")
    warm.rotate(database.url)
    event = {"database": "app", "backup": warm.function.invoke(warm.event())["backup"]}
    box = drill_box if has_landlock else replace(drill_box, refused=(*SYSTEM_V_IPC, *LANDLOCK))
    with (
        Listener() as listener,
        start(box, DRILL, bucket=warm.bucket, settings=SETTINGS) as function,
        function.stopped_at(event, "pg_restore", when=loads) as stopped,
    ):
        scene = scene_of(
            function.descendants(), stopped.programs["pg_restore"], library, listener.port
        )
        eventually(lambda: trusts(scene))
        gained = {name: attempt(scene) for name, attempt in ATTEMPTS.items()}
        for call in CALLING:
            call(scene)
            gained[call.__name__] = listener.was_called()
        stopped.resume()
        answer = stopped.answer.result()
        return Ended(gained, answer, function.log())


@pytest.mark.parametrize("attempt", [*ATTEMPTS, *(call.__name__ for call in CALLING)])
def test_a_superuser_of_the_drills_server_gets_nothing_by(ended: Ended, attempt: str) -> None:
    assert not ended.gained[attempt]


def test_after_all_of_that_the_drill_ends_as_if_nothing_had_been(ended: Ended) -> None:
    assert ended.answer.get("verdict") == "proven", (ended.answer, ended.log)
    assert PLANTED not in ended.log


@pytest.mark.parametrize("major", MAJORS)
def test_a_tenants_check_steals_nothing_and_changes_no_verdict(
    start: Start,
    drill_box: Box,
    warm: Deployed,
    server_of: Callable[[int], PostgresServer],
    major: int,
) -> None:
    """The role owns one schema and has no other right; its code runs wherever rows are loaded."""
    database = Database.create(server_of(major), f"tenants_{major}")
    with Listener() as listener:
        database.run("CREATE ROLE tenant", *_hostile(listener.port))
        warm.rotate(database.url)
        event = {"database": "app", "backup": warm.function.invoke(warm.event())["backup"]}
        with start(drill_box, DRILL, bucket=warm.bucket, settings=ASKING) as function:
            answer = function.invoke(event)
            assert answer.get("verdict") == "proven", (answer, function.log())
            assert not listener.was_called()
            assert function.temporary_files() == []


def _hostile(port: int) -> list[str]:
    return [
        "CREATE SCHEMA pub AUTHORIZATION tenant",
        "SET ROLE tenant",
        _STEAL.replace("{port}", str(port)),
        "CREATE TABLE pub.t (x int CHECK (pub.steal(x) > 0))",
        "INSERT INTO pub.t SELECT generate_series(1, 11)",
        "CREATE FUNCTION pub.kept(x int) RETURNS int LANGUAGE plpgsql IMMUTABLE"
        " AS 'BEGIN RETURN pub.steal(x); END'",
        "CREATE INDEX ON pub.t (pub.kept(x))",
        "CREATE MATERIALIZED VIEW pub.seen AS SELECT pub.steal(x) FROM pub.t LIMIT 1",
        "RESET ROLE",
    ]


#: Innocent where it lives; elsewhere it tries, and writes what it got where it can be asked for.
_STEAL = r"""
CREATE FUNCTION pub.steal(x int) RETURNS int LANGUAGE plpgsql AS $code$
DECLARE
    found text := '';
    pid int;
BEGIN
    IF pg_catalog.current_database() LIKE 'tenants!_%' ESCAPE '!' THEN
        RETURN x;
    END IF;
    FOR pid IN 1..40 LOOP
        BEGIN
            IF pg_catalog.encode(pg_catalog.pg_read_binary_file(
                '/proc/' || pid || '/environ', 0, 100000), 'escape') LIKE '%AWS_SECRET%' THEN
                found := found || ' environ';
            END IF;
        EXCEPTION WHEN OTHERS THEN NULL;
        END;
    END LOOP;
    BEGIN
        EXECUTE 'COPY (SELECT 1) TO PROGRAM ''cat''';
        found := found || ' program';
    EXCEPTION WHEN OTHERS THEN NULL;
    END;
    BEGIN
        EXECUTE 'CREATE EXTENSION IF NOT EXISTS dblink';
    EXCEPTION WHEN OTHERS THEN NULL;
    END;
    BEGIN
        EXECUTE 'SELECT public.dblink_connect(''host=127.0.0.1 port={port} connect_timeout=2'')';
    EXCEPTION WHEN OTHERS THEN NULL;
    END;
    IF found <> '' THEN
        EXECUTE 'ALTER ROLE tenant SET stolen.things = ' || pg_catalog.quote_literal(found);
    END IF;
    RETURN x;
END $code$
"""


#: A child of a handler's process reads what that one was started with, before and after.
_PEEK = """
import os, subprocess, sys
from lifeboat.runtime.hidden_memory import hide_memory
spy = "import sys; print('BAIT' in open('/proc/' + sys.argv[1] + '/environ').read())"
def look():
    argv = [sys.executable, "-I", "-c", spy, str(os.getpid())]
    return subprocess.run(argv, capture_output=True, text=True, env={"LD_LIBRARY_PATH": "/lib64"})
print(look().stdout.strip())
hide_memory()
print(look().stderr.strip().splitlines()[-1])
"""


def test_no_child_of_a_handler_can_read_its_environment(drill_box: Box) -> None:
    """On any kernel, and for any program, jailed or not."""
    filter_fd = filter_file()
    done = subprocess.run(
        drill_box.argv([PYTHON, "-c", _PEEK], {"BAIT": "x"}, filter_fd=filter_fd),
        pass_fds=[filter_fd],
        capture_output=True,
        text=True,
        check=False,
    )
    os.close(filter_fd)
    before, after = done.stdout.splitlines()
    assert before == "True", done.stderr
    assert "Permission denied" in after
