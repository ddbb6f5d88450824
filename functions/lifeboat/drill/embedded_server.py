"""A throw-away PostgreSQL server beside the drill: on a private socket, for one run.

It has to work in Lambda's environment: without /dev/shm, without SysV shared memory, and for a user
without a passwd entry. A small library in the layer answers the system calls that need these.
"""

import signal
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Self

from lifeboat.drill.roles import DrillRoles
from lifeboat.errors import ScratchServerError
from lifeboat.model.engine import Engine
from lifeboat.postgres.cancel_scope import CancelScope
from lifeboat.postgres.endpoint import Endpoint
from lifeboat.postgres.jail import NO_JAIL, server_jail
from lifeboat.postgres.programs import MINIMAL_ENV, Process, Programs
from lifeboat.recovery.scratch import DATA, Scratch
from lifeboat.runtime.timeouts import timeouts
from lifeboat.settings.size_names import size_setting

_DATABASE = "postgres"
"""The database that every new cluster has."""

_ZONES = "zoneinfo"
"""The layer's servers look for time zones at this path, relative to their working directory, which
is the data directory. So the layer works at any path."""

_PORT = 5432  # part of the socket's name
_BUILTIN_LOCALE_SINCE = 17
_EVENT_TRIGGERS_OFF_SINCE = 17
_MIB = 1 << 20
_OTHER_SESSIONS = 38
"""Connections beside pg_restore's workers: those that compare, validate and look."""
_MAX_INDEX_WORKERS = 7
"""For one index. More share `maintenance_work_mem` into pieces that are too small, and nothing else
of a large machine would be left to the other indexes."""

_SETTINGS = {
    "listen_addresses": "",
    "unix_socket_permissions": "0700",
    "dynamic_shared_memory_type": "mmap",
    "shared_memory_type": "mmap",
    "huge_pages": "off",
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "wal_level": "minimal",
    "max_wal_senders": "0",
    "archive_mode": "off",
    "autovacuum": "off",
    "default_toast_compression": "lz4",  # half of the CPU of a load of long values is pglz's
    "max_wal_size": "256MB",
    "min_wal_size": "32MB",
    "checkpoint_timeout": "1h",
    "jit": "off",
    "logging_collector": "off",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "max_locks_per_transaction": "2048",  # all tables of a large schema in one transaction
    "restart_after_crash": "off",  # a crash ends the drill and isn't hidden
    "log_min_messages": "fatal",  # clients get errors; the log is for its own end
}
"""A restored copy is read once and thrown away, so nothing has to survive a crash. With wal_level
minimal, rows write no WAL if their table is created in the same transaction."""


@dataclass(frozen=True)
class ServerSize:
    """What the server may use.

    Attributes:
        memory_mb: of the whole function or machine, in MB.
        jobs: sessions that load and build indexes at the same time.
        engine: what the drill runs in.
    """

    memory_mb: int
    jobs: int
    engine: Engine = Engine.FUNCTION

    def settings(self) -> dict[str, str]:
        """A fifth of the memory for shared pages, two fifths for building indexes."""
        shared = min(max(self.memory_mb // 5, 32), 2048)
        building = min(max(self.memory_mb * 2 // 5 // (self.jobs + 1), 16), 1024)
        return {
            "shared_buffers": f"{shared}MB",
            "maintenance_work_mem": f"{building}MB",
            "work_mem": "16MB",
            "max_parallel_maintenance_workers": str(min(self.jobs - 1, _MAX_INDEX_WORKERS)),
            "max_worker_processes": str(max(self.jobs, 8)),  # 8 is PostgreSQL's default
            "max_parallel_workers": str(max(self.jobs, 8)),
            "max_connections": str(self.jobs + _OTHER_SESSIONS),
        }


class EmbeddedServer:
    """A running server and its only cluster; leaving the block ends it at once.

    Args:
        programs: with postgres and initdb of that major.
        major: its major version.
        scratch: where its files go.
        size: what it may use.
        scope: ends the run.

    Raises:
        ScratchServerError: it could not be made or did not start.
        JailError: it would have run without its jail.
        ProgramMissingError: the layer doesn't carry this major's server.
    """

    def __init__(
        self, programs: Programs, major: int, scratch: Scratch, size: ServerSize, scope: CancelScope
    ) -> None:
        self._programs = programs
        self._engine = size.engine
        self._major = major
        self._scratch = scratch
        self._data = scratch.folder(DATA)
        self._socket = scratch.folder("socket")
        self._scope = scope
        self.roles = DrillRoles.new()
        """The server's own roles; at first, only the admin exists."""
        self._make_cluster()
        self._child = self._start(size)

    def endpoint(self) -> Endpoint:
        """Its socket, which no other user can reach, and which requires passwords."""
        return Endpoint(
            host=str(self._socket),
            port=_PORT,
            user=self.roles.admin,
            password=None,
            database=_DATABASE,
            sslmode="disable",
        )

    def require_alive(self) -> None:
        """Raise if the server has died, which is not the backup's fault.

        Raises:
            ScratchServerError: it has died; the error quotes its last messages.
        """
        try:
            code = self._child.wait(timeouts().server_death_seconds)
        except subprocess.TimeoutExpired:
            return
        raise ScratchServerError(
            f"The drill's own PostgreSQL died ({code}):"
            f" {self._child.stderr_tail() or 'no message'}",
            todo="Invoke the drill again. If it dies again, raise"
            f" {size_setting(self._engine, 'drill', 'memory', 'disk')} in lifeboat.toml, then: make"
            " deploy",
        )

    def stop(self) -> None:
        """Stop it without a checkpoint: nobody will read this cluster again."""
        self._child.send(signal.SIGQUIT)
        try:
            self._child.wait(timeouts().server_stop_seconds)
        except subprocess.TimeoutExpired:
            self._child.kill()

    def __enter__(self) -> Self:
        """The server itself."""
        return self

    def __exit__(
        self, _: type[BaseException] | None, __: BaseException | None, ___: TracebackType | None
    ) -> None:
        """Stop the server."""
        with self._child:
            self.stop()

    def _make_cluster(self) -> None:
        password = self._scratch.path / "password"
        password.touch(mode=0o600)
        password.write_text(self.roles.passwords[self.roles.admin])
        self._scratch.give(password)
        argv = [
            str(self._programs.path("initdb", self._major)),
            *("--pgdata", str(self._data), "--username", self.roles.admin),
            *("--auth", "scram-sha-256", "--pwfile", str(password)),
            *("--encoding", "UTF8", "--locale", "C", "--no-sync", "--no-instructions"),
            *(
                ("--locale-provider", "builtin", "--builtin-locale", "C.UTF-8")
                if self._major >= _BUILTIN_LOCALE_SINCE
                else ()
            ),
        ]
        _link_zones(self._programs, self._scratch.path)
        with self._scope.add_process(
            Process(
                argv,
                env=MINIMAL_ENV,
                jail=NO_JAIL,  # it runs programs, and reads no backup
                account=self._scratch.account,
                cwd=self._scratch.path,
            )
        ) as initdb:
            initdb.read_all()
            code = initdb.wait()
            self._scope.check()
            if code:
                raise _did_not_start(f"initdb ended with {code}", initdb, self._engine)
        password.unlink()
        _link_zones(self._programs, self._data)

    def _start(self, size: ServerSize) -> Process:
        settings = {
            **_SETTINGS,
            # Event triggers are restored, but a login trigger must not run code of the backup.
            **({"event_triggers": "off"} if self._major >= _EVENT_TRIGGERS_OFF_SINCE else {}),
            **size.settings(),
            "unix_socket_directories": str(self._socket),
        }
        argv = [str(self._programs.path("postgres", self._major)), "-D", str(self._data)]
        for name, value in settings.items():
            argv += ["-c", f"{name}={value}"]
        child = Process(
            argv,
            env=MINIMAL_ENV,
            jail=server_jail(self._data, self._socket),
            account=self._scratch.account,
            cwd=self._scratch.path,
        )
        try:
            self._await_ready(child)
            child.require_jail()
        except BaseException:
            child.__exit__(None, None, None)
            raise
        return child

    def _await_ready(self, child: Process) -> None:
        """Wait until the postmaster says "ready" in the eighth line of its lock file."""
        seconds = timeouts().server_start_seconds
        deadline = time.monotonic() + seconds
        file = self._data / "postmaster.pid"
        while time.monotonic() < deadline:
            self._scope.check()
            lines = file.read_text().splitlines() if file.exists() else []
            if len(lines) > 7 and lines[7].strip() == "ready":  # noqa: PLR2004  # miscadmin.h
                return
            try:
                code = child.wait(0.02)
            except subprocess.TimeoutExpired:
                continue
            raise _did_not_start(f"postgres ended with {code}", child, self._engine)
        what = f"postgres was not ready after {seconds:.0f} s"
        raise _did_not_start(what, child, self._engine)


def _link_zones(programs: Programs, folder: Path) -> None:
    zones = programs.root / _ZONES
    if zones.is_dir():
        (folder / _ZONES).symlink_to(zones)


def _did_not_start(what: str, child: Process, engine: Engine) -> ScratchServerError:
    return ScratchServerError(
        f"The drill's own PostgreSQL did not start: {what}: {child.stderr_tail() or 'no message'}",
        todo="Invoke the drill again. If the disk is full or memory is short, raise"
        f" {size_setting(engine, 'drill', 'disk', 'memory')} in lifeboat.toml, then: make deploy",
    )
