"""The target of a drill: its own server, an empty branch, or its own database on another server."""

import re
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime, timedelta
from typing import LiteralString

import psycopg

from lifeboat.drill.embedded_server import EmbeddedServer, ServerSize
from lifeboat.drill.run import TARGET, DrillRun
from lifeboat.errors import ConnectError, EventError, TargetError
from lifeboat.model.drill_target import EMBEDDED
from lifeboat.model.engine import MAX_JOB_HOURS, Engine
from lifeboat.model.manifest import Manifest
from lifeboat.model.text import plural
from lifeboat.postgres.connect import Connection, connect, open_again, speaking_to
from lifeboat.postgres.login import Login
from lifeboat.postgres.programs import Programs
from lifeboat.postgres.redact import redacted_message
from lifeboat.recovery.database_locale import create_database, locale_choices
from lifeboat.recovery.policy.secret_names import named_secret
from lifeboat.recovery.prepare_database import drop_database
from lifeboat.runtime.timeouts import timeouts

_COMMENTS = {
    Engine.FUNCTION: "A restore drill of Lifeboat; it is dropped when the drill is over.",
    Engine.JOB: "A restore drill of Lifeboat, in a job; it is dropped when the drill is over.",
}
"""Of its database: by these, another drill knows what a killed one left behind."""
_COPY = re.compile(r"lifeboat_drill_([0-9]{8}t[0-9]{6}z)_.*")
_MAX_HOURS = {Engine.FUNCTION: 1, Engine.JOB: MAX_JOB_HOURS + 1}  # no run lives that long

_LEFTOVERS: LiteralString = """
SELECT datname FROM pg_catalog.pg_database
WHERE pg_catalog.shobj_description(oid, 'pg_database') = %s
"""


@contextmanager
def open_server(run: DrillRun) -> Iterator[None]:
    """Start the drill's own server, or connect to another one. Nothing is left afterwards.

    Raises:
        EventError: the target is none of the secrets in the settings.
        TargetError: it is the source, older than the backup, or can't be used.
        ScratchServerError: the own server did not start.
    """
    if run.target == EMBEDDED:
        opened = _embedded(run)
    elif run.branch:
        opened = _connected(run, run.login)
    else:
        opened = _external(run)
    with opened:
        yield


@contextmanager
def _embedded(run: DrillRun) -> Iterator[None]:
    run.major = run.manifest.source.major
    run.programs = Programs(
        run.scratch.within_reach(run.programs.root, (str(run.major), "zoneinfo"))
    )
    size = ServerSize(run.memory_mb, run.jobs, run.engine)
    with EmbeddedServer(run.programs, run.major, run.scratch, size, run.scope) as server:
        run.server = server
        run.login = server.roles.login(server.endpoint(), server.roles.admin)
        with closing(open_again(run.login, register=run.scope.add_connection)) as connection:
            run.server_version = str(connection.info.parameter_status("server_version"))
            server.roles.make(connection)
        yield


@contextmanager
def _external(run: DrillRun) -> Iterator[None]:
    with _connected(run, run.scope.call(lambda: _read_login(run))):
        yield


@contextmanager
def _connected(run: DrillRun, login: Login) -> Iterator[None]:
    """The server is there, can hold the backup, and is not the one that the backup was taken from.

    What killed drills have left on it is dropped.
    """
    _require_not_the_source(login, run.manifest)
    with speaking_to(login, TARGET):
        seconds = timeouts().wake_seconds
        connection, run.login = run.scope.call(
            lambda: connect(lambda: login, register=run.scope.add_connection, wake_seconds=seconds)
        )
    with closing(connection):
        run.server_version = str(connection.info.parameter_status("server_version"))
        run.major = connection.info.server_version // 10_000
        _require_supported_major(run)
        run.bring_programs_within_reach()
        _drop_leftovers(connection, run.started)
    yield


@contextmanager
def dropping(run: DrillRun, database: str) -> Iterator[None]:
    """Drop the database that `make_empty` creates in the block, in every case.

    Raises:
        TargetError: it could not be dropped.
    """
    try:
        yield
    finally:
        if not (run.server or run.branch):  # these are thrown away whole
            _drop(run, database)


def make_empty(run: DrillRun, database: str) -> None:
    """Create an empty database to restore into; it replaces that of an earlier attempt.

    Raises:
        ServerError: the server refused.
    """
    with run.session() as connection:
        drop_database(connection, database)
        choices = locale_choices(run.manifest, run.major)
        create_database(connection, database, choices=choices, comment=_COMMENTS[run.engine])


def _drop(run: DrillRun, database: str) -> None:
    """Drop a database over a new connection: the drill's scope may have closed the old one."""
    try:
        with closing(open_again(run.login)) as connection:
            drop_database(connection, database)
    except (ConnectError, psycopg.Error) as error:
        words = (
            error.what
            if isinstance(error, ConnectError)
            else redacted_message(error, run.login.endpoint)
        )
        hours = plural(_MAX_HOURS[run.engine], "hour")
        raise TargetError(
            f"The drill's database {database} could not be dropped: {words}",
            todo=f'Drop it yourself: DROP DATABASE IF EXISTS "{database}" WITH (FORCE); the'
            f" next drill on this server does it too, after {hours}.",
        ) from None


def _drop_leftovers(connection: Connection, now: datetime) -> None:
    """Drop the databases of killed drills, recognized by name, age and comment."""
    for engine, comment in _COMMENTS.items():
        for (name,) in connection.execute(_LEFTOVERS, [comment]).fetchall():
            if match := _COPY.fullmatch(str(name)):
                made = datetime.strptime(match[1], "%Y%m%dt%H%M%Sz").replace(tzinfo=UTC)
                if now - made > timedelta(hours=_MAX_HOURS[engine]):
                    drop_database(connection, str(name))


def _read_login(run: DrillRun) -> Login:
    wanted = run.target
    arn = named_secret(wanted, run.settings.drill.target_secret_arns)
    if arn is None:
        raise EventError(
            f"The target {wanted} is not in the settings, so the drill may not read it.",
            todo="Add it to drill.target_secret_arns in lifeboat.toml, then: make deploy",
        )
    return run.read_login(arn, run.scratch.path)


def _require_not_the_source(login: Login, manifest: Manifest) -> None:
    if login.endpoint.digest == manifest.source.endpoint:
        raise TargetError(
            f"The target {login.endpoint.host}:{login.endpoint.port} is the server that the backup"
            " was taken from.",
            todo="Give the secret of another server, or leave `target` out: then the drill uses a"
            " throw-away server of its own.",
        )


def _require_supported_major(run: DrillRun) -> None:
    major, manifest = run.major, run.manifest
    if major < manifest.source.major:
        raise TargetError(
            f"The target runs PostgreSQL {major}, the backup is of {manifest.source.major}: a dump"
            " is only made for the same or a later major.",
            todo="Give a target of the same major, or leave `target` out.",
        )
    if major not in run.programs.majors():
        carried = ", ".join(map(str, run.programs.majors()))
        raise TargetError(
            f"The target runs PostgreSQL {major}; Lifeboat has the programs of {carried}.",
            todo="Give a target of one of these majors, or leave `target` out.",
        )
