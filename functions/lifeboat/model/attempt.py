"""How a database's last run went: written by the run itself, read by the monitor.

Version 1 of the schema, with the same rules as other documents. It is no evidence and not locked:
the next run writes it anew, and losing it costs only that a failure is seen by its consequences.
"""

from datetime import datetime
from enum import StrEnum
from typing import Annotated, ClassVar, Literal, Self

from pydantic import Field

from lifeboat.errors import AttemptError, LifeboatError
from lifeboat.model.documents import Document
from lifeboat.model.keys import DATABASE_NAME, attempt_key
from lifeboat.model.utc import UtcTime

MAX_ANSWER = 2000
"""Characters that are kept of each of an error's three answers."""

_Text = Annotated[str, Field(max_length=MAX_ANSWER)]
_Short = Annotated[str, Field(max_length=200)]


class AttemptKind(StrEnum):
    """Which function ran."""

    BACKUP = "backup"
    DRILL = "drill"


class AttemptOutcome(StrEnum):
    """How it ended; a run that was killed leaves `running` behind."""

    RUNNING = "running"
    SUCCEEDED = "succeeded"
    FAILED = "failed"


class Attempt(Document):
    """One run of a backup or a drill; reading one raises `AttemptError`.

    A drill that found a backup wanting has succeeded: it gave its verdict, and that is told
    elsewhere.

    Attributes:
        schema_version: of this document.
        kind: which function ran.
        database: its name in the settings.
        run_id: of the invocation, to find its log.
        started: when the run began.
        finished: when it ended; None while it runs, and for ever when it was killed.
        outcome: how it ended.
        backup: the backup that it was about (`daily/app/2026-11-22T020000Z`); None when that was
            not known yet.
        label: what the person who asked for the backup calls it.
        what: what happened, when it failed; redacted, and cut where it is long.
        safe: what is not affected, when it failed.
        next_step: what to do next, when it failed.
        notified: whether the run itself has told people that it failed.
    """

    NOUN: ClassVar = "record of a run"
    SCHEMA_VERSION: ClassVar = 1
    REFUSAL: ClassVar = AttemptError
    SAFE: ClassVar = "Backups are judged without it."
    INSTEAD: ClassVar = "leave it: the next run writes it anew"

    schema_version: Literal[1] = 1
    kind: AttemptKind
    database: Annotated[str, Field(pattern=DATABASE_NAME)]
    run_id: _Short
    started: UtcTime
    finished: UtcTime | None = None
    outcome: AttemptOutcome = AttemptOutcome.RUNNING
    backup: _Short | None = None
    label: _Short | None = None
    what: _Text | None = None
    safe: _Text | None = None
    next_step: _Text | None = None
    notified: bool = False

    @property
    def key(self) -> str:
        """Where it lies in the vault."""
        return attempt_key(self.database, self.kind)

    def succeeded(self, finished: datetime) -> Self:
        """The same run, well ended."""
        ended = {"finished": finished, "outcome": AttemptOutcome.SUCCEEDED}
        return self.model_copy(update=ended)

    def failed(self, error: LifeboatError, finished: datetime) -> Self:
        """The same run, ended by this error."""
        answers = {"what": error.what, "safe": error.safe, "next_step": error.todo}
        return self.model_copy(
            update={
                "finished": finished,
                "outcome": AttemptOutcome.FAILED,
                **{name: _shortened(answer) for name, answer in answers.items()},
            }
        )

    def told(self) -> Self:
        """The same run, once people know."""
        return self.model_copy(update={"notified": True})


def _shortened(text: str) -> str:
    return text if len(text) <= MAX_ANSWER else f"{text[: MAX_ANSWER - 3]}..."
