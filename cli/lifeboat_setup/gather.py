"""Which databases are to be backed up, and how to get into them: asked for, or read from a file."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from lifeboat.model.keys import DATABASE_NAME, is_database_name
from lifeboat.postgres.endpoint import Endpoint
from lifeboat.recovery.policy.secret_names import RESTORING
from lifeboat_setup.candidates import Candidate, Lookout, by_administrator, by_roles, sql_for
from lifeboat_setup.role_sql import unseen_sql
from lifeboat_setup.terminal import Terminal
from lifeboat_setup.urls import (
    ADMIN_VARIABLE,
    NOTHING_MADE,
    READING_VARIABLE,
    RESTORING_VARIABLE,
    SetupError,
    of_environment,
    read_file,
    read_url,
)


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """What was asked for on the command line.

    Attributes:
        name: of the database; None: it is asked for.
        file: with lines NAME=URL; None: there is none.
        create_roles: whether roles are made; otherwise somebody else makes them.
    """

    name: str | None
    file: Path | None
    create_roles: bool


def candidates(terminal: Terminal, look: Lookout, wanted: Wanted) -> Iterator[Candidate]:
    """Look at each database; nothing is made.

    Raises:
        LifeboatError: one can't be backed up.
    """
    if wanted.file:
        urls = read_file(wanted.file)
        terminal.say(f"When you are done, delete {wanted.file}: it has passwords.")
    elif wanted.create_roles:
        urls = {"": _admin_url(terminal)}
    else:
        yield _with_roles_of_others(terminal, look, wanted)
        return
    for given, url in urls.items():
        whose = f"The administrator's URL of {given}" if given else "The administrator's URL"
        endpoint, notes = read_url(url, whose)
        name = given or _name(terminal, wanted, endpoint)
        _require_name(name)
        with terminal.doing(f"Looking at {name}"):
            if wanted.create_roles:
                yield by_administrator(look, name, endpoint, notes)
            else:
                yield by_roles(look, name, endpoint, None)


def _with_roles_of_others(terminal: Terminal, look: Lookout, wanted: Wanted) -> Candidate:
    """Show the SQL, and take the URLs of the roles that it has made."""
    reading_url = of_environment(READING_VARIABLE)
    if reading_url is None and (admin := of_environment(ADMIN_VARIABLE)):
        endpoint, _ = read_url(admin, "The administrator's URL")
        name = _name(terminal, wanted, endpoint)
        _require_name(name)
        terminal.show(sql_for(look, name, endpoint))
    elif reading_url is None:
        terminal.show(unseen_sql(wanted.name or "app"))
    url = reading_url or terminal.secret(
        "URL of the role for backups (not shown)", f"Set ${READING_VARIABLE}."
    )
    reading, _ = read_url(url, "The URL of the role for backups")
    name = _name(terminal, wanted, reading)
    _require_name(name)
    url = of_environment(RESTORING_VARIABLE) or (
        ""
        if reading_url
        else terminal.secret(
            "URL of the role for restores (not shown; empty: none)",
            f"Set ${RESTORING_VARIABLE}.",
            optional=True,
        )
    )
    restoring = read_url(url, "The URL of the role for restores")[0] if url else None
    return by_roles(look, name, reading, restoring)


def _admin_url(terminal: Terminal) -> str:
    return of_environment(ADMIN_VARIABLE) or terminal.secret(
        "Administrator's URL of the database (not shown, not stored)",
        f"Set ${ADMIN_VARIABLE}, or give a file: --from FILE.",
    )


def _name(terminal: Terminal, wanted: Wanted, endpoint: Endpoint) -> str:
    if wanted.name:
        return wanted.name
    usual = endpoint.database.lower().replace("_", "-")
    return terminal.text(
        "Name of the database in Lifeboat",
        "Give it: --name NAME.",
        default=usual if is_database_name(usual) else "app",
    )


def _require_name(name: str) -> None:
    if is_database_name(name) and not name.endswith(RESTORING):
        return
    raise SetupError(
        f"{name!r} is no name for a database: it has to match {DATABASE_NAME}, and not end in"
        f" {RESTORING}.",
        todo="Choose another one: --name NAME.",
        safe=NOTHING_MADE,
    )
