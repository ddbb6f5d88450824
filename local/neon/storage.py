"""Data of branches at any moment: one base backup of a cluster, and everybody's write-ahead log.

A branch is a server of its own. It begins as the base backup and replays the log of the branch that
it is made from, up to a moment: PostgreSQL's own recovery to a point in time.
https://www.postgresql.org/docs/18/continuous-archiving.html
"""

import secrets
import shutil
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import LiteralString

import psycopg
from psycopg import sql

from local.postgres import Cluster, PostgresServer

ROLE = "neondb_owner"
DATABASE = "neondb"

_GROUP = "neon_superuser"
_NEW_ROLE: LiteralString = (
    "CREATE ROLE {} LOGIN CREATEDB CREATEROLE BYPASSRLS IN ROLE neon_superuser PASSWORD {}"
)

_SETTINGS = {"wal_level": "replica", "wal_keep_size": "4GB", "hot_standby": "off"}


@dataclass(frozen=True)
class Line:
    """A branch's data, and where it came from.

    Attributes:
        server: a running one.
        logs: directories with write-ahead log: its own, then those of its ancestors.
        passwords: of roles, by name.
    """

    server: PostgresServer
    logs: tuple[Path, ...]
    passwords: dict[str, str]

    def names(self, query: str) -> list[tuple[str, ...]]:
        """Rows of the server's catalog."""
        with self.server.admin() as connection:
            return [tuple(row) for row in connection.execute(query).fetchall()]

    def databases(self) -> list[tuple[str, str]]:
        """Names and owners of the databases that people see."""
        found = self.names(
            "SELECT datname, rolname FROM pg_database d JOIN pg_roles r ON r.oid = d.datdba"
            " WHERE NOT datistemplate AND datname <> 'postgres' ORDER BY 1"
        )
        return [(name, owner) for name, owner in found]

    def roles(self) -> list[str]:
        """Names of the roles that people see."""
        query = "SELECT rolname FROM pg_roles WHERE rolname !~ '^pg_|^postgres$' ORDER BY 1"
        return [name for (name,) in self.names(query) if name != _GROUP]

    def add_role(self, name: str) -> None:
        """Make a role with the rights that Neon gives to roles that its API makes.

        https://neon.com/docs/manage/roles: they are in a group, which may read and write all data.
        """
        password = secrets.token_urlsafe(12)
        with self.server.admin() as connection:
            if _GROUP not in {row[0] for row in connection.execute("SELECT rolname FROM pg_roles")}:
                connection.execute(f"CREATE ROLE {_GROUP} NOLOGIN CREATEDB CREATEROLE BYPASSRLS")
                connection.execute(f"GRANT pg_read_all_data, pg_write_all_data TO {_GROUP}")
            connection.execute(_login(name, password, _NEW_ROLE))
        self.passwords[name] = password

    def add_database(self, name: str, owner: str) -> None:
        """Make an empty database."""
        made = sql.SQL("CREATE DATABASE {} OWNER {} TEMPLATE template0")
        with self.server.admin() as connection:
            connection.execute(made.format(sql.Identifier(name), sql.Identifier(owner)))

    def drop_database(self, name: str) -> None:
        """Drop a database, whoever is connected to it."""
        with self.server.admin() as connection:
            drop = sql.SQL("DROP DATABASE {} WITH (FORCE)")
            connection.execute(drop.format(sql.Identifier(name)))


class Storage:
    """All data of a project.

    Args:
        root: where directories are made; default the system's temporary directory.
        major: PostgreSQL's major version, 15 or later.
    """

    def __init__(self, root: Path | None, major: int) -> None:
        self._root = root
        self._major = major
        self._base: Cluster | None = None
        self._lines: list[Line] = []

    def first(self) -> Line:
        """A new cluster with the role and the database that a project of Neon begins with."""
        server = PostgresServer.start(major=self._major, root=self._root, settings=_SETTINGS)
        password = secrets.token_urlsafe(12)
        line = self._keep(Line(server, (_log(server),), {ROLE: password}))
        with server.admin() as connection:
            connection.execute(_login(ROLE, password, "CREATE ROLE {} LOGIN CREATEDB PASSWORD {}"))
            owner = sql.Identifier(ROLE)
            connection.execute(
                sql.SQL("CREATE DATABASE {} OWNER {}").format(sql.Identifier(DATABASE), owner)
            )
        self._base = _base_backup(server)
        return line

    def branch(self, source: Line, at: datetime | None, *, new_passwords: bool) -> Line:
        """A line that begins as another one was at a moment.

        Args:
            source: whose history it has.
            at: the moment; None is now.
            new_passwords: whether its roles get their own, as children of protected branches do.
        """
        if self._base is None:
            raise RuntimeError("there is no first branch yet")
        until = at or datetime.now(UTC)
        _write_a_later_commit(source.server)
        server = PostgresServer.start(
            major=self._major,
            root=self._root,
            settings={**_SETTINGS, **_recovery(source.logs, until)},
            cluster=self._base,
        )
        passwords = {
            role: secrets.token_urlsafe(12) if new_passwords else password
            for role, password in source.passwords.items()
        }
        line = self._keep(Line(server, (_log(server), *source.logs), passwords))
        _set_passwords(line)  # those of the moment may be older
        return line

    def end(self, line: Line) -> None:
        """Stop the server of a line that nobody descends from, and remove its files."""
        self._lines.remove(line)
        line.server.stop()

    def close(self) -> None:
        """Stop all servers."""
        for line in [*self._lines]:
            self.end(line)

    def _keep(self, line: Line) -> Line:
        self._lines.append(line)
        return line


def _log(server: PostgresServer) -> Path:
    return server.data / "pg_wal"


def _base_backup(server: PostgresServer) -> Cluster:
    """A copy in the server's own directory, so that it is removed with it."""
    copy = server.socket_directory / "base"
    with server.admin() as connection:
        connection.execute("SELECT pg_backup_start('base', fast => true)")
        shutil.copytree(server.data, copy, ignore=_not_in_a_backup)
        stopped = connection.execute("SELECT labelfile FROM pg_backup_stop(false)").fetchone()
    for name in ("pg_wal/archive_status", "pg_wal/summaries"):
        (copy / name).mkdir(parents=True, mode=0o700)
    (copy / "backup_label").write_text(stopped[0] if stopped else "")
    return Cluster(copy, server.password, server.programs, recover=True)


def _not_in_a_backup(_: str, names: list[str]) -> list[str]:
    left_out = {"postmaster.pid", "postmaster.opts", "pg_wal"}
    return [each for each in names if each in left_out]


def _write_a_later_commit(server: PostgresServer) -> None:
    """Recovery stops at the first commit after the moment, and fails if there is none.

    The transaction writes something: PostgreSQL flushes no commit that has written nothing else.
    """
    with server.admin() as connection:
        connection.execute("SET synchronous_commit = on")
        connection.execute("SELECT pg_logical_emit_message(true, 'lifeboat', 'later')")


def _recovery(logs: tuple[Path, ...], until: datetime) -> dict[str, str]:
    tries = " || ".join(f'cp "{each}/%f" "%p" 2>/dev/null' for each in logs)
    return {
        "restore_command": tries,
        "recovery_target_time": until.isoformat(sep=" "),
        "recovery_target_action": "promote",
    }


def _set_passwords(line: Line) -> None:
    with line.server.admin() as connection:
        for role, password in line.passwords.items():
            connection.execute(_login(role, password, "ALTER ROLE {} PASSWORD {}"))


def _login(role: str, password: str, statement: LiteralString) -> psycopg.sql.Composed:
    return sql.SQL(statement).format(sql.Identifier(role), sql.Literal(password))
