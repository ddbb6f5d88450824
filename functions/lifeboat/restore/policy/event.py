"""What the restore function may be asked for. Only a person asks, and a plan is the first answer.

    {"action": "list", "database": "app", "before": "2026-11-22T12:00:00Z"}
    {"action": "restore", "database": "app", "backup": "daily/app/2026-11-22T020000Z"}
    {"action": "swap", "database": "app", "restored_database": "app_restored_20261122t093000z"}
    {"action": "undo", "database": "app"}
    {"action": "databases", "database": "app"}
    {"action": "tables", "database": "app"}
    {"action": "restore-tables", "database": "app", "tables": ["public.users"]}
    {"action": "export", "database": "app", "tables": ["public.users"]}
    {"action": "thaw", "database": "app", "backup": "weekly/app/2026-09-06T020000Z"}

Without `"execute": true` nothing is touched. What takes the place of something live wants the live
database's name in `confirm`.
"""

import re
from datetime import datetime
from enum import StrEnum
from typing import Annotated, Literal, Self

from pydantic import BeforeValidator, Field, PlainValidator, model_validator

from lifeboat.model.events import EventParser, Request, custom_error
from lifeboat.model.identifiers import TableName, qualified, split_qualified
from lifeboat.model.keys import DATABASE_NAME, BackupLocation, parse_id
from lifeboat.model.text import format_time
from lifeboat.model.utc import UtcTime, is_ahead
from lifeboat.recovery.policy.secret_names import MAY_BE as SECRET_MAY_BE
from lifeboat.recovery.policy.secret_names import secret_name


class Action(StrEnum):
    """What to do."""

    LIST = "list"
    RESTORE = "restore"
    SWAP = "swap"
    UNDO = "undo"
    DATABASES = "databases"
    TABLES = "tables"
    RESTORE_TABLES = "restore-tables"
    EXPORT = "export"
    THAW = "thaw"


type BackupChoice = Literal["latest"] | BackupLocation
"""Which backup: the newest one, or that very one."""

MAY_BE = {
    "action": "one of " + ", ".join(f"'{action}'" for action in Action),
    "database": "the name of a database in the settings, such as 'app'",
    "backup": "'latest' or the id of a backup, such as 'daily/app/2026-11-22T020000Z'",
    "before": "a moment in UTC, such as '2026-11-22T12:00:00Z'",
    "target": SECRET_MAY_BE,
    "compare": "'content' (every value) or 'rows' (their numbers only)",
    "owners": "'keep' (also grants; all roles have to be there) or 'none'",
    "tables": "a list of names with their schema, such as ['public.users']",
    "data_only": "true or false",
    "replace": "true or false",
    "restored_database": "the name of a database that a restore has made, such as"
    " 'app_restored_20261122t093000z'",
    "allow_unverified": "true or false",
    "confirm": "the name of the live database on its server",
    "execute": "true or false",
}

_ON_SERVER = {Action.SWAP, Action.UNDO, Action.DATABASES}
"""Actions about databases that are on the server already, not about a backup."""

_USED_BY: dict[str, set[Action]] = {
    "backup": set(Action) - {Action.LIST} - _ON_SERVER,
    "before": set(Action) - _ON_SERVER,
    "target": {Action.RESTORE, Action.RESTORE_TABLES} | _ON_SERVER,
    "owners": {Action.RESTORE, Action.RESTORE_TABLES},
    "compare": {Action.RESTORE, Action.RESTORE_TABLES},
    "tables": {Action.RESTORE_TABLES, Action.EXPORT},
    "data_only": {Action.RESTORE_TABLES},
    "replace": {Action.RESTORE_TABLES},
    "restored_database": {Action.SWAP},
    "allow_unverified": {Action.SWAP},
    "confirm": {Action.SWAP, Action.RESTORE_TABLES},
    "execute": {Action.RESTORE, Action.SWAP, Action.RESTORE_TABLES, Action.EXPORT, Action.THAW},
}
"""Keys that not every action has a use for. One that is ignored would be a promise not kept."""

_MOMENT = re.compile(r"2[0-9]{3}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}(:[0-9]{2})?Z")


def _backup_choice(value: object) -> BackupChoice:
    match value:
        case "latest":
            return "latest"
        case BackupLocation():
            return value
        case str() if location := parse_id(value):
            return location
    raise ValueError(MAY_BE["backup"])


def _moment(value: object) -> object:
    if isinstance(value, str) and not _MOMENT.fullmatch(value):
        raise ValueError(MAY_BE["before"])
    if value is not None and not isinstance(value, str | datetime):
        raise ValueError(MAY_BE["before"])
    return value


def _tables(value: object) -> tuple[TableName, ...]:
    if isinstance(value, list | tuple) and all(isinstance(each, str) for each in value):
        names = tuple(split_qualified(each) for each in value)
        if len(set(names)) == len(names):
            return names
    raise ValueError(MAY_BE["tables"])


_Switch = Annotated[bool, Field(strict=True)]


class RestoreEvent(Request):
    """What to bring back, and where to.

    Attributes:
        action: what to do.
        database: its name in the settings.
        backup: "latest", or where that very backup lies.
        before: the newest backup that shows a moment before this one.
        target: name or ARN of the secret with the server; None for the only one that the settings
            name for restores, or else the database's own.
        owners: whether owners and grants are restored too.
        compare: what came back, with the backup: the content of all rows, which are read from the
            server once more, or only their numbers, which proves nothing.
        tables: which ones; empty for all.
        data_only: rows into tables of the live database that are there already.
        replace: in place of the rows that are in them.
        restored_database: the database to be swapped in, which a restore has made, or which a swap
            has moved aside. A plan takes the newest one that a restore has made if none is named.
        allow_unverified: swap it in although it was not proven.
        confirm: the live database's name, from whoever means to change it.
        execute: do it; otherwise the answer is a plan.
    """

    action: Action
    database: Annotated[str, Field(pattern=DATABASE_NAME)]
    backup: Annotated[BackupChoice, PlainValidator(_backup_choice, json_schema_input_type=str)] = (
        "latest"
    )
    before: Annotated[UtcTime | None, BeforeValidator(_moment)] = None
    target: Annotated[str, PlainValidator(secret_name, json_schema_input_type=str)] | None = None
    owners: Literal["keep", "none"] = "keep"
    compare: Literal["content", "rows"] = "content"
    tables: Annotated[
        tuple[TableName, ...], PlainValidator(_tables, json_schema_input_type=list[str])
    ] = ()
    data_only: _Switch = False
    replace: _Switch = False
    restored_database: Annotated[str | None, Field(min_length=1, max_length=63)] = None
    allow_unverified: _Switch = False
    confirm: str | None = None
    execute: _Switch = False

    @model_validator(mode="after")
    def _keys_are_of_use(self) -> Self:
        for key, field in type(self).model_fields.items():
            given = getattr(self, key) != field.default
            if given and self.action not in _USED_BY.get(key, Action):
                raise custom_error(f"key '{key}' is of no use to '{self.action}'")
        return self

    @model_validator(mode="after")
    def _keys_fit_together(self) -> Self:
        if isinstance(self.backup, BackupLocation):
            if self.backup.database != self.database:
                raise custom_error(
                    f"key 'backup' has {self.backup.id}, which is a backup of"
                    f" '{self.backup.database}', not of '{self.database}'"
                )
            if self.before:
                raise custom_error("key 'before' cannot stand beside the id of a backup")
        if self.action is Action.SWAP and self.execute and self.restored_database is None:
            raise custom_error(
                "key 'restored_database' is missing: only a plan may choose it. It may be"
                f" {MAY_BE['restored_database']}"
            )
        if self.action is Action.RESTORE_TABLES and not self.tables:
            raise custom_error(f"key 'tables' is missing; it may be {MAY_BE['tables']}")
        if self.replace and not self.data_only:
            raise custom_error(
                "key 'replace' goes with 'data_only': without it, tables come back in a database of"
                " their own, where nothing is replaced"
            )
        if self.data_only and self.owners == "none":
            raise custom_error("key 'owners' is of no use to rows alone")
        if self.data_only and self.compare == "rows":
            raise custom_error("key 'compare' is of no use to rows alone: they are only counted")
        return self

    def pinned(self, backup: BackupLocation) -> Self:
        """The same event about the very backup that was chosen: a newer one may come meanwhile."""
        return self.model_copy(update={"backup": backup, "before": None})

    def with_changes(self, **changes: object) -> dict[str, object]:
        """An event like this one with some keys changed, ready to be sent.

        Args:
            changes: keys as they stand in events; None takes one out.
        """
        keys: dict[str, object] = {"action": self.action.value, "database": self.database}
        if isinstance(self.backup, BackupLocation):
            keys["backup"] = self.backup.id
        if self.before:
            keys["before"] = f"{self.before:%Y-%m-%dT%H:%M:%SZ}"
        if self.tables:
            keys["tables"] = [qualified(*name) for name in self.tables]
        if self.owners != "keep":
            keys["owners"] = self.owners
        if self.compare != "content":
            keys["compare"] = self.compare
        others = {
            "target": self.target,
            "data_only": self.data_only,
            "replace": self.replace,
            "restored_database": self.restored_database,
            "allow_unverified": self.allow_unverified,
        }
        keys |= {key: value for key, value in others.items() if value}
        return {key: value for key, value in (keys | changes).items() if value is not None}


_GRAMMAR = EventParser(
    RestoreEvent,
    MAY_BE,
    samples=(
        {"action": "list", "database": "app"},
        {"action": "restore", "database": "app", "backup": "daily/app/2026-11-22T020000Z"},
    ),
)


def parse_restore_event(event: object) -> RestoreEvent:
    """The request that an event makes; a plan unless it says `"execute": true`.

    Raises:
        EventError: it makes none; says which key has what, and what it may be.
    """
    return _GRAMMAR.read(event)


def require_past(event: RestoreEvent, now: datetime) -> None:
    """Insist that `before` asks for a moment that has been.

    Raises:
        EventError: it lies in the future. Every backup is from before that, the newest too, which
            is just what somebody who mistyped a date does not want.
    """
    if event.before and is_ahead(event.before, now):
        problem = f"key 'before' has {format_time(event.before)}, which lies in the future"
        raise _GRAMMAR.error([f"{problem}: now it is {format_time(now)}"])
