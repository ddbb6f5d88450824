"""Where a drill restores to: a server of its own, or a database of its own on a given server."""

import re
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import LiteralString

import psycopg

from lifeboat.drill.embedded_server import EmbeddedServer, Size
from lifeboat.drill.roles import DrillRoles
from lifeboat.drill.run import DrillRun
from lifeboat.errors import BackupError, EventError, TargetError
from lifeboat.model.drill_report import EMBEDDED
from lifeboat.model.manifest import Manifest
from lifeboat.postgres.connect import Connection, connect, open_again
from lifeboat.postgres.login import Login
from lifeboat.postgres.programs import CALLER, Programs
from lifeboat.postgres.redact import said
from lifeboat.recovery.context import Recovery
from lifeboat.recovery.place import Place, translated
from lifeboat.recovery.policy.secret_names import named_secret
from lifeboat.recovery.prepare_database import create_database, drop_database
from lifeboat.recovery.scratch import Scratch
from lifeboat.runtime.patience import patience

_COMMENT = "A restore drill of Lifeboat; it is dropped when the drill is over."
_COPY = re.compile(r"lifeboat_drill_([0-9]{8}t[0-9]{6}z)_.*")
_ABANDONED = timedelta(hours=1)  # no function lives that long

_LEFTOVERS: LiteralString = """
SELECT datname FROM pg_catalog.pg_database
WHERE pg_catalog.shobj_description(oid, 'pg_database') = %s
"""


@dataclass(frozen=True)
class DrillPlace(Place):
    """A server that a drill restores into.

    Attributes:
        roles: of the drill's own server: every role can be made in it, and ICU is missing. None in
            a server that was given.
    """

    roles: DrillRoles | None

    @property
    def own(self) -> bool:
        """Whether the server is the drill's own."""
        return self.roles is not None

    @property
    def restorer(self) -> Login:
        """As who restores: no superuser where the server is the drill's own."""
        return (
            self.roles.login(self.login.endpoint, self.roles.restorer) if self.roles else self.login
        )

    @property
    def reader(self) -> Login:
        """As who compares and asks: likewise."""
        return (
            self.roles.login(self.login.endpoint, self.roles.reader) if self.roles else self.login
        )


@contextmanager
def open_place(run: DrillRun, recovery: Recovery) -> Iterator[DrillPlace]:
    """Start the drill's own server, or connect to the given one; all is gone afterwards.

    Raises:
        EventError: the target is none of the secrets in the settings.
        TargetError: it is the source, older than the backup, or can't be used.
        ScratchServerError: the own server did not start.
    """
    opened = _own if run.request.event.target == EMBEDDED else _given
    with opened(run, recovery) as place:
        run.server_version = place.version
        yield place


@contextmanager
def _own(run: DrillRun, recovery: Recovery) -> Iterator[DrillPlace]:
    major, means = recovery.manifest.source.major, run.means
    scratch, watch = recovery.scratch, recovery.watch
    reachable = scratch.within_reach(means.programs.root, (str(major), "zoneinfo"))
    programs = Programs(reachable)
    size = Size(means.memory_mb, recovery.jobs)
    with EmbeddedServer(programs, major, scratch, size, watch) as server:
        roles, endpoint = server.roles, server.endpoint()
        login = roles.login(endpoint, roles.admin)
        with closing(open_again(login, keep=watch.connection)) as connection:
            version = str(connection.info.parameter_status("server_version"))
            roles.make(connection)
        yield DrillPlace(
            login=login,
            programs=programs,
            major=major,
            version=version,
            roles=roles,
            account=scratch.account,
            require_alive=server.require_alive,
        )


@contextmanager
def _given(run: DrillRun, recovery: Recovery) -> Iterator[DrillPlace]:
    manifest, watch = recovery.manifest, recovery.watch
    login = watch.call(lambda: _read_login(run, recovery.scratch))
    _require_not_the_source(login, manifest)
    with translated(login):
        seconds = patience().wake_seconds
        connection, login = watch.call(
            lambda: connect(lambda: login, keep=watch.connection, wake_seconds=seconds)
        )
    with closing(connection):
        version = str(connection.info.parameter_status("server_version"))
        major = connection.info.server_version // 10_000
        _require_young_enough(run, major, manifest)
        _drop_leftovers(connection, run.request.started)
    yield DrillPlace(
        login=login,
        programs=run.means.programs,
        major=major,
        version=version,
        roles=None,
        account=CALLER,
        require_alive=lambda: None,
    )


@contextmanager
def empty_copy(run: DrillRun, place: DrillPlace) -> Iterator[str]:
    """The name of a database for the copy, which is dropped afterwards in every case.

    It is made by `make_empty`.

    Raises:
        TargetError: it could not be dropped.
    """
    try:
        yield run.copy_name
    finally:
        if not place.own:  # an own server is thrown away whole
            _drop(place, run.copy_name)


def make_empty(recovery: Recovery, place: DrillPlace, copy: str) -> None:
    """Make the empty database to restore into, in place of one that an attempt has left.

    Raises:
        TargetError: the server refused.
    """
    with place.session(recovery.watch) as connection:
        drop_database(connection, copy)
        create_database(
            connection,
            copy,
            major=place.major,
            sql_ascii=recovery.manifest.source.encoding == "SQL_ASCII",
            comment=_COMMENT,
        )


def _drop(place: DrillPlace, name: str) -> None:
    """Drop the copy over a connection of its own: the drill's may have been cut by its watch."""
    try:
        with closing(open_again(place.login)) as connection:
            drop_database(connection, name)
    except (BackupError, psycopg.Error) as error:
        words = error.what if isinstance(error, BackupError) else said(error, place.login.endpoint)
        raise TargetError(
            f"The drill's database {name} could not be dropped: {words}",
            todo=f'Drop it yourself: DROP DATABASE IF EXISTS "{name}" WITH (FORCE); the next drill'
            " on this server does it too, after an hour.",
        ) from None


def _drop_leftovers(connection: Connection, now: datetime) -> None:
    """Drop the databases of drills whose function was killed: by their name, age and comment."""
    for (name,) in connection.execute(_LEFTOVERS, [_COMMENT]).fetchall():
        if match := _COPY.fullmatch(str(name)):
            made = datetime.strptime(match[1], "%Y%m%dt%H%M%Sz").replace(tzinfo=UTC)
            if now - made > _ABANDONED:
                drop_database(connection, str(name))


def _read_login(run: DrillRun, scratch: Scratch) -> Login:
    wanted = run.request.event.target
    arn = named_secret(wanted, run.settings.drill.target_secret_arns)
    if arn is None:
        raise EventError(
            f"The target {wanted} is not in the settings, so the drill may not read it.",
            todo="Add it to drill.target_secret_arns in lifeboat.toml, then: make deploy",
        )
    try:
        return run.means.read_login(arn, scratch.path)
    except BackupError as error:
        raise TargetError(error.what, todo=error.todo) from None


def _require_not_the_source(login: Login, manifest: Manifest) -> None:
    if login.endpoint.digest == manifest.source.endpoint:
        raise TargetError(
            f"The target {login.endpoint.host}:{login.endpoint.port} is the server that the backup"
            " was taken from.",
            todo="Give the secret of another server, or leave `target` out: then the drill uses a"
            " throw-away server of its own.",
        )


def _require_young_enough(run: DrillRun, major: int, manifest: Manifest) -> None:
    if major < manifest.source.major:
        raise TargetError(
            f"The target runs PostgreSQL {major}, the backup is of {manifest.source.major}: a dump"
            " is only made for the same or a later major.",
            todo="Give a target of the same major, or leave `target` out.",
        )
    if major not in run.means.programs.majors():
        carried = ", ".join(map(str, run.means.programs.majors()))
        raise TargetError(
            f"The target runs PostgreSQL {major}; this function has the programs of {carried}.",
            todo="Give a target of one of these majors, or leave `target` out.",
        )
