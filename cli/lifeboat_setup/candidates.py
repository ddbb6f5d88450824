"""A database that is to be backed up: what it is, and what has to be made for it."""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Literal

from lifeboat.errors import LifeboatError
from lifeboat.postgres.connect import Connection
from lifeboat.postgres.endpoint import Endpoint, parse_secret
from lifeboat.postgres.login import login_to
from lifeboat_setup.kept_secrets import Kept, SecretNames, SecretsOf
from lifeboat_setup.make_roles import (
    Trial,
    check_reading,
    check_restoring,
    new_password,
    rehearse,
)
from lifeboat_setup.role_sql import (
    RoleSql,
    both_sql,
    reading_by_grants_sql,
    reading_sql,
    restoring_sql,
)
from lifeboat_setup.survey import Survey, connected, survey
from lifeboat_setup.urls import NOTHING_MADE, SetupError, as_role

type Work = Literal["none", "create", "set password"]


@dataclass(frozen=True, kw_only=True)
class RoleWork:
    """A role and its secret, and what has to be done about both.

    Attributes:
        endpoint: how functions will log in.
        secret_name: where the login is kept.
        kept: the secret, if it is there.
        sql: how the role is made; None for a role that somebody else has made.
        work: what is to be done to the role.
        refused: what the server refuses of `sql`, so that the role can do less.
        notes: what a person should know about the role.
    """

    endpoint: Endpoint
    secret_name: str
    kept: Kept | None
    sql: RoleSql | None = None
    work: Work = "none"
    refused: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()

    @property
    def storing(self) -> Literal["none", "create", "replace"]:
        """What is to be done to the secret."""
        if self.kept is None:
            return "create"
        same = parse_secret(self.kept.text) == self.endpoint
        return "none" if same else "replace"

    @property
    def takes_over(self) -> bool:
        """Whether a role that exists gets a password that no secret of ours has had."""
        return self.work == "set password" and self.kept is None


@dataclass(frozen=True, kw_only=True)
class Candidate:
    """A database, and what has to be made so that it is backed up.

    Attributes:
        name: in the settings.
        admin: the administrator's endpoint; None if nothing is to be done as an administrator.
        facts: about the database.
        notes: what was repaired in the URL, and what a person should know.
        reading: the role for backups.
        restoring: the role for restores; None: there is to be none.
    """

    name: str
    admin: Endpoint | None = field(repr=False)
    facts: Survey
    notes: tuple[str, ...]
    reading: RoleWork
    restoring: RoleWork | None

    @property
    def roles(self) -> Iterator[RoleWork]:
        """Both roles."""
        yield self.reading
        if self.restoring:
            yield self.restoring


@dataclass(frozen=True)
class Lookout:
    """What looking at databases needs.

    Attributes:
        kept: the secrets that are there.
        names: how secrets are called.
        scratch: a private directory.
        majors: of PostgreSQL that can be backed up.
    """

    kept: SecretsOf
    names: SecretNames
    scratch: Path
    majors: tuple[int, ...]


def by_administrator(
    look: Lookout, name: str, admin: Endpoint, notes: tuple[str, ...]
) -> Candidate:
    """Look at a database as its administrator, and find out what has to be made.

    Everything is tried in a transaction that is rolled back.

    Raises:
        LifeboatError: it can't be backed up, or the administrator may not make a role.
    """
    whose = f"The database {name}"
    with connected(login_to(admin, look.scratch), whose) as connection:
        facts = survey(connection, look.majors)
        _require_primary(facts, whose)
        reading_made, reading_trial = _reading_trial(connection, name, facts)
        restoring_made = restoring_sql(name, facts)
        restoring_trial = rehearse(connection, restoring_made)
        if restoring_trial.failure:
            raise _refused(whose, restoring_made, restoring_trial.failure)
    reading = _work(look, look.names.reading(name), admin, reading_made, reading_trial)
    restoring = _work(look, look.names.restoring(name), admin, restoring_made, restoring_trial)
    return Candidate(
        name=name,
        admin=admin,
        facts=facts,
        notes=notes,
        reading=_tried(look, reading, whose, live=None),
        restoring=_tried(look, restoring, whose, live=admin.database),
    )


def by_roles(look: Lookout, name: str, reading: Endpoint, restoring: Endpoint | None) -> Candidate:
    """Look at a database whose roles somebody else has made.

    Raises:
        LifeboatError: one of the roles can't do its work.
    """
    whose = f"The database {name}"
    with connected(login_to(reading, look.scratch), whose) as connection:
        facts = survey(connection, look.majors)
    found = [
        RoleWork(
            endpoint=endpoint,
            secret_name=secret,
            kept=_kept(look, secret, endpoint),
            notes=check_reading(endpoint, look.scratch, whose)
            if endpoint is reading
            else check_restoring(endpoint, look.scratch, whose, live=reading.database),
        )
        for endpoint, secret in (
            (reading, look.names.reading(name)),
            (restoring, look.names.restoring(name)),
        )
        if endpoint
    ]
    return Candidate(
        name=name,
        admin=None,
        facts=facts,
        notes=(),
        reading=found[0],
        restoring=found[1] if restoring else None,
    )


def sql_for(look: Lookout, name: str, admin: Endpoint) -> str:
    """The SQL that an administrator would run, without anything being run."""
    with connected(login_to(admin, look.scratch), f"The database {name}") as connection:
        facts = survey(connection, look.majors)
    return both_sql(name, facts)


def _require_primary(facts: Survey, whose: str) -> None:
    if facts.standby:
        raise SetupError(
            f"{whose} is on a standby, which only replays another server.",
            todo="Give the URL of the primary.",
            safe=NOTHING_MADE,
        )
    if not facts.may_create_roles:
        raise SetupError(
            f"{whose}: this role may not make roles (CREATEROLE).",
            todo="Give an administrator's URL; or let one make the roles, and start again with"
            " --no-create-role, which prints the SQL.",
            safe=NOTHING_MADE,
        )


def _reading_trial(connection: Connection, name: str, facts: Survey) -> tuple[RoleSql, Trial]:
    """The SQL that works: by pg_read_all_data, or else by grants on what is there."""
    best = reading_sql(name, facts)
    trial = rehearse(connection, best)
    if not trial.failure:
        return best, trial
    second = reading_by_grants_sql(name, facts)
    other = rehearse(connection, second)
    if other.failure:
        raise _refused(f"The database {name}", best, trial.failure)
    return second, other


def _refused(whose: str, made: RoleSql, why: str) -> SetupError:
    return SetupError(
        f"{whose}: the server doesn't let this role make {made.name}: {why}",
        todo="Let a superuser, or your provider's administrator, run this, with a password of its"
        f" own. Then start again with --no-create-role.\n{made.shown}",
        safe=NOTHING_MADE,
    )


def _work(look: Lookout, secret: str, admin: Endpoint, made: RoleSql, trial: Trial) -> RoleWork:
    """What is to be done, as far as it is known without logging in as the role."""
    fresh = as_role(admin, made.name, new_password())
    kept = _kept(look, secret, fresh)
    endpoint = parse_secret(kept.text) if kept else fresh
    ours = endpoint.user == fresh.user
    return RoleWork(
        endpoint=endpoint,
        secret_name=secret,
        kept=kept,
        sql=made if ours else None,
        work="none" if not ours else "set password" if trial.exists else "create",
        refused=trial.refused,
    )


def _tried(look: Lookout, found: RoleWork, whose: str, *, live: str | None) -> RoleWork:
    """The same; a role whose login works, and that can do its work, needs nothing."""
    if found.kept is None or found.work == "create":
        return found
    try:
        if live is None:
            notes = check_reading(found.endpoint, look.scratch, whose)
        else:
            notes = check_restoring(found.endpoint, look.scratch, whose, live=live)
    except LifeboatError:
        if found.sql is None:
            raise
        return found
    return replace(found, work="none", notes=notes)


def _kept(look: Lookout, name: str, wanted: Endpoint) -> Kept | None:
    """The secret of that name, which has to lead to the same database.

    Raises:
        SetupError: it leads to another one.
    """
    kept = look.kept.find(name)
    if kept is None:
        return None
    there = parse_secret(kept.text)
    if (there.digest, there.database) == (wanted.digest, wanted.database):
        return kept
    raise SetupError(
        f"The secret {name} is there, and leads to another database:"
        f" {there.host}:{there.port}/{there.database}.",
        todo=f"Choose another name for this database (--name), or delete that secret if nothing"
        f" uses it: aws secretsmanager delete-secret --secret-id {name} --recovery-window-in-days"
        " 7",
        safe=NOTHING_MADE,
    )
