"""A throw-away PostgreSQL server: real programs, real authentication, gone when we are."""

import contextlib
import secrets
import shutil
import signal
import subprocess
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Self
from urllib.parse import quote, urlencode

import psutil
import psycopg

from layers.postgres import server_tree
from local.certificates import ServerCertificate, issue
from local.clock import CLOCK
from local.ports import free_port
from local.run_as import UnprivilegedUser
from local.supervised_process import StartError, SupervisedProcess

THROW_AWAY = {
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "wal_level": "minimal",
    "max_wal_senders": "0",
    "max_wal_size": "4GB",
    "checkpoint_timeout": "1h",
    "autovacuum": "off",
    "jit": "off",
    "timezone": "UTC",
}
"""Nothing here has to survive a power cut; speed and equal runs matter more."""

MAX_PARENT_BYTES = 60
"""A socket's path may have 103 bytes on macOS (107 on Linux), and its name takes some of them."""

START_SECONDS = 30.0
ENVIRONMENT = {"PATH": "/usr/bin:/bin", "LC_ALL": "C", **CLOCK}


@dataclass(frozen=True)
class Cluster:
    """A copy of another server's cluster, which a server can be started from.

    Attributes:
        data: its data directory, as of a base backup; it is copied again and stays as it is.
        password: of its superuser `postgres`.
        programs: of that server, with whose extensions a copy has to work.
        recover: whether to replay write-ahead log first, as the settings for recovery say.
    """

    data: Path
    password: str
    programs: Path
    recover: bool = False


class PostgresServer:
    """A running server of one major version, and its only cluster.

    It listens on 127.0.0.1 and on a unix socket, asks for SCRAM passwords on both, and ends with
    this process, also when that is killed. As root it runs as another user, because PostgreSQL
    refuses root.

    Attributes:
        major: the server's major version.
        port: the port on 127.0.0.1; part of the socket's name as well.
        password: of the superuser `postgres`.
        socket_directory: what to give libpq as `host` to use the unix socket.
        data: the cluster's data directory.
        programs: the directory of the server's own programs, pg_dump and pg_restore among them.
        ca_file: the authority behind the server's certificate; None without TLS.
        pid: the postmaster's process id.
    """

    def __init__(  # noqa: PLR0913 - made by start() only
        self,
        *,
        major: int,
        port: int,
        password: str,
        home: Path,
        programs: Path,
        ca_file: Path | None,
        supervised: SupervisedProcess,
    ) -> None:
        self.major = major
        self.port = port
        self.password = password
        self.socket_directory = home
        self.programs = programs
        self.ca_file = ca_file
        self.data = home / "data"
        self._supervised = supervised
        self.pid = self._await_ready()

    @classmethod
    def start(
        cls,
        *,
        major: int = 18,
        root: Path | None = None,
        tls: bool = False,
        settings: Mapping[str, str] | None = None,
        cluster: Cluster | None = None,
    ) -> Self:
        """Make a cluster and start its server; about a second.

        Args:
            major: the server's major version.
            root: where the cluster's directory is made. When the server's user can't get there
                (as root, below pytest's tmp_path for one) or the path is too long for a socket,
                it is made in the system's temporary directory instead.
            tls: offer TLS with a certificate for localhost and 127.0.0.1 (see `ca_file`);
                connections without it are still accepted.
            settings: more settings of postgresql.conf; they win over ours.
            cluster: to copy; default is a new one.

        Raises:
            StartError: initdb failed, or the server ended or wasn't ready within 30 seconds.
        """
        account = UnprivilegedUser.of_caller()
        home = account.make_home("lifeboat-pg-", root, MAX_PARENT_BYTES)
        try:
            programs = cluster.programs if cluster else _programs(major, home, account)
            certificate = issue(home) if tls else None
            password = cluster.password if cluster else secrets.token_urlsafe(18)
            if cluster:
                _copy_cluster(cluster, home, account)
            else:
                _make_cluster(programs, home, account, password)
            port = free_port()
            _configure(home, port, certificate, settings or {})
        except BaseException:
            shutil.rmtree(home)
            raise
        return cls(
            major=major,
            port=port,
            password=password,
            home=home,
            programs=programs,
            ca_file=certificate.ca_file if certificate else None,
            supervised=_launch(programs, home, account),
        )

    def url(
        self,
        database: str = "postgres",
        user: str = "postgres",
        password: str | None = None,
        **parameters: str,
    ) -> str:
        """A connection URL over TCP.

        Args:
            database: the database's name, in any characters.
            user: the role's name; the superuser's password is filled in.
            password: of any other role.
            parameters: libpq parameters for the query part, such as `sslmode`.
        """
        if user == "postgres" and password is None:
            password = self.password
        login = quote(user, safe="") + (f":{quote(password, safe='')}" if password else "")
        query = f"?{urlencode(parameters)}" if parameters else ""
        return f"postgresql://{login}@127.0.0.1:{self.port}/{quote(database, safe='')}{query}"

    def admin(self, database: str = "postgres") -> psycopg.Connection:
        """A new connection as superuser that commits each statement."""
        return psycopg.connect(self.url(database), autocommit=True)

    def stop(self) -> None:
        """End the server at once and remove its cluster; harmless when repeated."""
        self._supervised.stop()

    def kill(self) -> None:
        """SIGKILL every process of the server, as a crash of its machine would, and clean up."""
        segment = self._postmaster_file()[6].split()[1]
        postmaster = psutil.Process(self.pid)
        victims = [postmaster, *postmaster.children(recursive=True)]
        for victim in victims:
            with contextlib.suppress(psutil.NoSuchProcess):  # it ended with the postmaster
                victim.kill()
        while any(_runs(victim) for victim in victims):
            time.sleep(0.005)
        self._supervised.stop()
        # What the postmaster would have done: the kernel keeps a dead server's SysV segment, and
        # macOS has only 32 of them. https://www.postgresql.org/docs/current/kernel-resources.html
        subprocess.run(["/usr/bin/ipcrm", "-m", segment], check=True)  # noqa: S603

    def __enter__(self) -> Self:
        """The server itself."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Stop the server."""
        self.stop()

    def _await_ready(self) -> int:
        """Wait until the postmaster says "ready" in its lock file; returns its process id."""
        deadline = time.monotonic() + START_SECONDS
        while time.monotonic() < deadline and not self._supervised.ended():
            lines = self._postmaster_file()
            if len(lines) > 7 and lines[7].strip() == "ready":  # noqa: PLR2004 - its eighth line
                return int(lines[0])
            time.sleep(0.01)
        self._supervised.stop()
        raise StartError(
            f"PostgreSQL {self.major} did not start. Its log: {self._supervised.log_tail()}",
            todo="Look for the reason in the log above; a setting may be wrong for this version.",
        )

    def _postmaster_file(self) -> list[str]:
        """The lines of postmaster.pid, documented in PostgreSQL's miscadmin.h; none before it."""
        file = self.data / "postmaster.pid"
        return file.read_text().splitlines() if file.exists() else []


def _runs(process: psutil.Process) -> bool:
    """Whether it runs still; an orphan that waits for init to reap it does not."""
    try:
        return bool(process.status() != psutil.STATUS_ZOMBIE)
    except psutil.NoSuchProcess:
        return False


def _make_cluster(programs: Path, home: Path, account: UnprivilegedUser, password: str) -> None:
    password_file = home / "password"
    password_file.touch(mode=0o600)
    password_file.write_text(password)
    account.receive(home)
    done = subprocess.run(  # noqa: S603 - our own words
        [
            programs / "initdb",
            *("-D", home / "data", "-U", "postgres", "-A", "scram-sha-256"),
            *("--pwfile", password_file, "--encoding", "UTF8", "--locale", "C"),
            *("--no-sync", "--no-instructions"),
        ],
        env=ENVIRONMENT,
        **account.identity(),
        cwd=home,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode != 0:
        raise StartError(
            f"initdb failed with exit code {done.returncode}:\n{done.stdout}{done.stderr}",
            todo="Look for the reason above: a full disk and a missing library are the usual ones.",
        )
    password_file.unlink()


def _programs(major: int, home: Path, account: UnprivilegedUser) -> Path:
    servers = server_tree([major])
    others = [each.name for each in servers.iterdir() if each.is_dir()]
    others.remove(str(major))
    return account.within_reach(servers, home, without=others) / str(major) / "bin"


def _copy_cluster(cluster: Cluster, home: Path, account: UnprivilegedUser) -> None:
    shutil.copytree(cluster.data, home / "data")
    if cluster.recover:
        (home / "data" / "recovery.signal").touch(mode=0o600)
    account.receive(home)


def _configure(
    home: Path, port: int, certificate: ServerCertificate | None, settings: Mapping[str, str]
) -> None:
    ours = {
        "listen_addresses": "127.0.0.1",
        "port": str(port),
        "unix_socket_directories": str(home),
        **THROW_AWAY,
    }
    if certificate:
        ours |= {
            "ssl": "on",
            "ssl_cert_file": str(certificate.certificate_file),
            "ssl_key_file": str(certificate.key_file),
        }
    with (home / "data" / "postgresql.conf").open("a") as file:
        file.writelines(_assignments(ours | dict(settings)))


def _assignments(settings: Mapping[str, str]) -> Iterable[str]:
    for name, value in settings.items():
        doubled = value.replace("'", "''")
        yield f"{name} = '{doubled}'\n"


def _launch(programs: Path, home: Path, account: UnprivilegedUser) -> SupervisedProcess:
    return SupervisedProcess(
        [str(programs / "postgres"), "-D", str(home / "data")],
        owns=home,
        env=ENVIRONMENT,
        user=account.name,
        stop_signal=signal.SIGQUIT,  # immediate shutdown: nobody will read this cluster again
        grace=10.0,  # the postmaster itself kills its children after 5 seconds
    )
