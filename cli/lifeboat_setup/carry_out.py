"""Makes what a plan says: secrets first, then roles, then settings. Each step can be repeated."""

import os
import tempfile
import tomllib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from lifeboat.postgres.login import login_to
from lifeboat_setup.candidates import Candidate, RoleWork
from lifeboat_setup.kept_secrets import Kept, SecretsOf
from lifeboat_setup.make_roles import (
    check_reading,
    check_restoring,
    make,
    prove_creates,
    set_password,
)
from lifeboat_setup.settings_text import names_of_databases, with_database, with_value
from lifeboat_setup.survey import connected
from lifeboat_setup.urls import secret_text


@dataclass
class Journal:
    """What has been made, for whoever is interrupted: nothing half-made is left unsaid.

    Attributes:
        begun: whether making has begun.
        made: what is there now that was not there before.
        undo: how to take it back, the last first.
    """

    begun: bool = False
    made: list[str] = field(default_factory=list)
    undo: list[str] = field(default_factory=list)

    def add(self, what: str, undo: str) -> None:
        """Note what was just made."""
        self.made.append(what)
        self.undo.insert(0, undo)

    def text(self, again: str) -> str:
        """What has been made, how to go on, and how to take it back."""
        if not self.made:
            return f"This run has made nothing new. Go on: {again}"
        made = "".join(f"\n    {each}" for each in self.made)
        undo = "".join(f"\n    {each}" for each in self.undo)
        return (
            f"Made so far:{made}\n  Go on: {again} (it finds all of that, and makes the rest)\n"
            f"  Or take it back:{undo}"
        )


@dataclass(frozen=True)
class Makers:
    """What making needs.

    Attributes:
        kept: where the secrets are.
        scratch: a private directory.
        journal: gets what was made.
        say: tells a person of a step that is done.
    """

    kept: SecretsOf
    scratch: Path
    journal: Journal
    say: Callable[[str], None]


def make_secrets_and_roles(makers: Makers, candidate: Candidate) -> tuple[Kept, Kept | None]:
    """The secrets of a database, with roles that work.

    A secret comes before its role: then a password is never lost, and starting again goes on.

    Raises:
        LifeboatError: a step failed; the journal has what was made before.
    """
    kept = [_secret(makers, candidate, role) for role in candidate.roles]
    for role in candidate.roles:
        _role(makers, candidate, role)
    whose = f"The database {candidate.name}"
    notes = check_reading(candidate.reading.endpoint, makers.scratch, whose)
    makers.say(
        f"{candidate.reading.endpoint.user} logged in: it reads"
        f" all {candidate.facts.tables} tables of {candidate.name}"
    )
    if candidate.restoring:
        where = candidate.restoring.endpoint
        notes += check_restoring(where, makers.scratch, whose, live=where.database)
        prove_creates(where, makers.scratch, whose)
        makers.say(f"{where.user} logged in: it created a database, and dropped it")
    for note in notes:
        makers.say(f"note: {note}")
    return kept[0], kept[1] if candidate.restoring else None


def _secret(makers: Makers, candidate: Candidate, role: RoleWork) -> Kept:
    text, name = secret_text(role.endpoint), role.secret_name
    if role.storing == "none":
        assert role.kept  # noqa: S101 - that is what "none" means
        return role.kept
    if role.kept:
        kept = makers.kept.replace(role.kept, text)
        makers.say(f"secret {name}: a new value")
        return kept
    purpose = "backups" if role is candidate.reading else "restores"
    kept = makers.kept.create(name, text, f"How Lifeboat logs in for {purpose}: {candidate.name}")
    makers.journal.add(
        f"secret {name}",
        f"aws secretsmanager delete-secret --secret-id {name} --recovery-window-in-days 7",
    )
    makers.say(f"secret {name} made")
    return kept


def _role(makers: Makers, candidate: Candidate, role: RoleWork) -> None:
    if role.work == "none" or role.sql is None or candidate.admin is None:
        return
    whose = f"The database {candidate.name}"
    with connected(login_to(candidate.admin, makers.scratch), whose) as connection:
        if role.work == "set password":
            set_password(connection, role.sql, role.endpoint)
            makers.say(f"role {role.sql.name}: its password is the secret's now")
            return
        make(connection, role.sql, role.endpoint)
    makers.journal.add(f"role {role.sql.name} on {candidate.admin.host}", role.sql.undo)
    makers.say(f"role {role.sql.name} made")


@dataclass(frozen=True, kw_only=True)
class NewSettings:
    """What the settings get.

    Attributes:
        databases: names with the ARNs of their secrets.
        targets: ARNs of the secrets for restores.
        emails: addresses to add.
    """

    databases: Sequence[tuple[str, str]]
    targets: Sequence[str]
    emails: Sequence[str] = ()


def settings_with(text: str | None, new: NewSettings, example: str) -> str:
    """The text of the settings' file with more in it; what is there stays.

    Args:
        text: of the file; None if there is none.
        new: what to add.
        example: the text of lifeboat.example.toml, with which a new file begins.

    Raises:
        SettingsError: it can't be changed by a program.
    """
    text = example if text is None else text
    for name, arn in new.databases:
        if name not in names_of_databases(text):
            text = with_database(text, name, arn)
    for table, key, values in (
        ("restore", "target_secret_arns", new.targets),
        ("alerts", "emails", new.emails),
    ):
        there = tomllib.loads(text).get(table, {}).get(key, [])
        merged = [*dict.fromkeys([*there, *values])]
        if merged != there:
            text = with_value(text, table, key, merged)
    return text


def write_settings(file: Path, text: str) -> None:
    """Replace the settings' file at once: whoever interrupts this leaves the old one, or the new.

    Raises:
        OSError: it can't be written.
    """
    mode = file.stat().st_mode & 0o777 if file.exists() else 0o644
    handle, name = tempfile.mkstemp(dir=file.parent, prefix=f".{file.name}-")
    draft = Path(name)
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as opened:
            opened.write(text)
        draft.chmod(mode)
        draft.replace(file)
    except BaseException:
        draft.unlink(missing_ok=True)
        raise
