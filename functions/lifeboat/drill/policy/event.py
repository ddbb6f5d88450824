"""What a drill function may be asked for.

`{"database": "app"}` tests the newest backup where the settings say: in a throw-away server of the
drill's own, or in a branch in Neon. A backup and a target may be named:
`"backup": "latest" | "random" | "daily/app/2026-11-22T020000Z"` and
`"target": "embedded" | "neon-branch" | "<ARN of a secret>"`.
"""

from typing import Annotated, Literal, Self

from pydantic import Field, PlainValidator, model_validator

from lifeboat.model.drill_target import EMBEDDED, NEON_BRANCH
from lifeboat.model.events import EventParser, Request, custom_error
from lifeboat.model.keys import DATABASE_NAME, BackupLocation, parse_id
from lifeboat.recovery.policy.secret_names import MAY_BE as SECRET_MAY_BE
from lifeboat.recovery.policy.secret_names import secret_name

type BackupChoice = Literal["latest", "random"] | BackupLocation
"""Which backup: the newest, a random hot one, or a certain one."""

MAY_BE = {
    "database": "the name of a database in the settings, such as 'app'",
    "backup": "'latest', 'random' or the id of a backup, such as 'daily/app/2026-11-22T020000Z'",
    "target": f"'{EMBEDDED}', '{NEON_BRANCH}', or {SECRET_MAY_BE}",
}


def _backup_choice(value: object) -> BackupChoice:
    """A name of a backup, as people type it."""
    match value:
        case None | "latest":
            return "latest"
        case "random":
            return "random"
        case BackupLocation():
            return value
        case str() if location := parse_id(value):
            return location
    raise ValueError(MAY_BE["backup"])


def _target(value: object) -> str | None:
    match value:
        case None | "embedded" | "neon-branch":
            return value
    return secret_name(value)


class DrillEvent(Request):
    """What to test, and where.

    Attributes:
        database: its name in the settings.
        backup: "latest", "random", or where that very backup lies.
        target: "embedded", "neon-branch", or name or ARN of the secret with the server to restore
            into; null, the default: as the settings say.
    """

    database: Annotated[str, Field(pattern=DATABASE_NAME)]
    backup: Annotated[BackupChoice, PlainValidator(_backup_choice, json_schema_input_type=str)] = (
        "latest"
    )
    target: Annotated[str | None, PlainValidator(_target, json_schema_input_type=str)] = None

    @property
    def choice(self) -> str:
        """The backup in the words of an event: latest, random or its id."""
        return self.backup.id if isinstance(self.backup, BackupLocation) else self.backup

    def pinned(self, backup: str, target: str) -> dict[str, object]:
        """The event that drills that very backup, for the job that goes on with this drill.

        Args:
            backup: its id.
            target: see the attribute.
        """
        return {"database": self.database, "backup": backup, "target": target}

    @model_validator(mode="after")
    def _the_backup_is_of_the_database(self) -> Self:
        if isinstance(self.backup, BackupLocation) and self.backup.database != self.database:
            raise custom_error(
                f"key 'backup' has {self.backup.id}, which is a backup of"
                f" '{self.backup.database}', not of '{self.database}'"
            )
        return self


_GRAMMAR = EventParser(
    DrillEvent,
    MAY_BE,
    samples=(
        {"database": "app"},
        {"database": "app", "backup": "daily/app/2026-11-22T020000Z", "target": EMBEDDED},
    ),
)


def parse_drill_event(event: object) -> DrillEvent:
    """The request that an event makes; by default of the newest backup.

    Raises:
        EventError: it makes none; says which key has what, and what it may be.
    """
    return _GRAMMAR.read(event)
