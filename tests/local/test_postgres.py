import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import psycopg
import pytest

from layers.postgres import server_tree
from local.postgres import PostgresServer
from local.supervised_process import StartError

MAJOR = 18


@pytest.fixture(scope="module")
def server() -> Iterator[PostgresServer]:
    with PostgresServer.start(major=MAJOR, tls=True, settings={"work_mem": "5MB"}) as running:
        yield running


def test_the_server_is_of_the_major_asked_for(server: PostgresServer) -> None:
    with server.admin() as connection:
        assert connection.info.server_version // 10000 == MAJOR == server.major


@pytest.mark.parametrize("password", ["wrong", ""])
def test_a_wrong_password_is_refused_over_tcp(server: PostgresServer, password: str) -> None:
    with pytest.raises(psycopg.OperationalError, match="password"):
        psycopg.connect(server.url(password=password))


def test_the_socket_asks_for_the_password_as_well(server: PostgresServer) -> None:
    where = f"host={server.socket_directory} port={server.port} user=postgres"
    with psycopg.connect(where, password=server.password) as connection:
        assert connection.info.hostaddr == ""
    with pytest.raises(psycopg.OperationalError, match="no password supplied"):
        psycopg.connect(where)


def test_passwords_are_stored_as_scram(server: PostgresServer) -> None:
    with server.admin() as connection:
        query = "SELECT rolpassword FROM pg_authid WHERE rolname = 'postgres'"
        ((password,),) = connection.execute(query).fetchall()
        assert password.startswith("SCRAM-SHA-256$")


def test_verify_full_passes_with_our_authority_and_fails_without(server: PostgresServer) -> None:
    known = server.url(sslmode="verify-full", sslrootcert=str(server.ca_file))
    with psycopg.connect(known) as connection:
        assert connection.pgconn.ssl_in_use
    with pytest.raises(psycopg.OperationalError, match="certificate verify failed"):
        psycopg.connect(server.url(sslmode="verify-full", sslrootcert="system"))


def test_settings_of_the_caller_win(server: PostgresServer) -> None:
    with server.admin() as connection:
        assert connection.execute("SHOW work_mem").fetchone() == ("5MB",)


def test_odd_names_and_passwords_survive_the_url(server: PostgresServer) -> None:
    with server.admin() as connection:
        connection.execute("""CREATE ROLE "o/d@d ü" LOGIN PASSWORD 'p@ss/w:rd?&%' """)
        connection.execute('CREATE DATABASE "d b?/ü"')
    with psycopg.connect(server.url("d b?/ü", "o/d@d ü", "p@ss/w:rd?&%")) as connection:
        assert connection.info.dbname == "d b?/ü"


def test_a_setting_that_is_nonsense_is_reported_with_the_servers_words() -> None:
    with pytest.raises(StartError, match='invalid value for parameter "work_mem"'):
        PostgresServer.start(major=MAJOR, settings={"work_mem": "banana"})


def test_a_place_the_servers_user_cannot_reach_is_not_used(tmp_path: Path) -> None:
    tmp_path.chmod(0o700)
    with PostgresServer.start(major=MAJOR, root=tmp_path) as server:
        inside = server.socket_directory.is_relative_to(tmp_path)
        assert inside == (os.geteuid() != 0 and len(str(tmp_path)) <= 60)


def test_programs_that_the_servers_user_cannot_reach_are_copied(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tmp_path.chmod(0o700)
    private = tmp_path / "servers"
    shutil.copytree(server_tree([MAJOR]), private, symlinks=True)
    monkeypatch.setattr("local.postgres.server_tree", lambda _majors: private)
    with PostgresServer.start(major=MAJOR) as server, server.admin() as connection:
        assert connection.execute("SELECT 1").fetchone() == (1,)
        assert server.programs.is_relative_to(private) == (os.geteuid() != 0)


def test_a_stopped_server_leaves_no_process_and_no_file() -> None:
    with PostgresServer.start(major=MAJOR) as server:
        family = _family(server.pid)
        assert len(family) > 3
    assert not _running(family)
    assert not server.socket_directory.exists()
    server.stop()


def test_a_killed_server_cuts_its_connections_and_leaves_nothing() -> None:
    server = PostgresServer.start(major=MAJOR)
    connection = server.admin()
    family = _family(server.pid)
    server.kill()
    with pytest.raises(psycopg.OperationalError):
        connection.execute("SELECT 1")
    assert not _running(family)
    assert not server.socket_directory.exists()
    assert server.pid not in _creators_of_shared_memory()


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGINT])
def test_the_server_ends_with_its_caller_however_that_dies(how: signal.Signals) -> None:
    code = (
        "import signal, time\n"
        # As in a terminal; the background jobs of a shell, and what they start, ignore it.
        "signal.signal(signal.SIGINT, signal.default_int_handler)\n"
        "from local.postgres import PostgresServer\n"
        f"server = PostgresServer.start(major={MAJOR})\n"
        "print(server.pid, server.socket_directory, flush=True)\n"
        "time.sleep(60)\n"
    )
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    with subprocess.Popen(
        [sys.executable, "-c", code],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env=environment,
        text=True,
    ) as caller:
        assert caller.stdout is not None
        pid, home = caller.stdout.readline().split()
        family = _family(int(pid))
        caller.send_signal(how)
    deadline = time.monotonic() + 30
    while (_running(family) or Path(home).exists()) and time.monotonic() < deadline:
        time.sleep(0.02)
    assert not _running(family)
    assert not Path(home).exists()


def _family(pid: int) -> list[psutil.Process]:
    postmaster = psutil.Process(pid)
    return [postmaster, *postmaster.children(recursive=True)]


def _running(family: list[psutil.Process]) -> list[psutil.Process]:
    return [each for each in family if each.is_running() and each.status() != "zombie"]


def _creators_of_shared_memory() -> set[int]:
    rows = Path("/proc/sysvipc/shm").read_text().splitlines()[1:]
    return {int(row.split()[4]) for row in rows}
