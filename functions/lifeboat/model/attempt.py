"""The record of a database's last run: the run writes it, the monitor reads it.

A function that hands its run over to a job writes that last; the job then overwrites the record.

Version 1 of the schema, with the same rules as other documents. The record is not evidence, so it
has no lock: the next run overwrites it. If it is lost, the monitor sees a failure only by its
consequences, such as an old backup.
"""

from datetime import datetime, timedelta
from enum import StrEnum
from typing import Annotated, ClassVar, Literal, Self

from pydantic import Field

from lifeboat.errors import AttemptError, LifeboatError
from lifeboat.model.documents import Document
from lifeboat.model.engine import QUEUED_HOURS, Engine
from lifeboat.model.keys import DATABASE_NAME, attempt_key
from lifeboat.model.utc import UtcTime

MAX_TEXT = 2000
"""Characters stored of each part of an error: what failed, what is safe, what to do next."""

_Text = Annotated[str, Field(max_length=MAX_TEXT)]
_Short = Annotated[str, Field(max_length=200)]


class AttemptKind(StrEnum):
    """Which function ran."""

    BACKUP = "backup"
    DRILL = "drill"
    RESTORE = "restore"
    """Only of restores that run as jobs: whoever invokes a function sees how it ends."""


MAX_WAIT = timedelta(hours=QUEUED_HOURS, minutes=15)
"""How long a build may wait for a machine, and then take to start: it overwrites the record then.
"""


class AttemptOutcome(StrEnum):
    """How the run ended. A run that was killed leaves `running` behind."""

    RUNNING = "running"
    HANDED_OVER = "handed-over"
    SUCCEEDED = "succeeded"
    FAILED = "failed"


class Attempt(Document):
    """One run of a backup, a drill or a restore; reading one raises `AttemptError`.

    A drill whose verdict is "failed" is a run that succeeded: it gave its verdict, and the monitor
    reports the verdict.

    Attributes:
        schema_version: of this document.
        kind: which function ran.
        database: its name in the settings.
        run_id: of the invocation, to find its log.
        started: when the run began.
        finished: when it ended; None while it runs or waits, and forever if it was killed.
        ends: when it has to be over, or its job has to have begun; None in records from before
            this field existed.
        outcome: how it ended, or that a function handed it over to a job.
        engine: what it ran in; if it was handed over, what it runs in next.
        build: the id of the job's build in CodeBuild; None in a function.
        reason: why it became a job; None in a function.
        backup: the backup that it worked on (`daily/app/2026-11-22T020000Z`); None if that was
            not known yet.
        label: the name that a person gave to the backup.
        what: what failed, if it failed; redacted, and truncated if it is long.
        safe: what is not affected, if it failed.
        next_step: what to do next, if it failed.
        notified: whether the run itself has notified people of its failure.
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
    ends: UtcTime | None = None
    outcome: AttemptOutcome = AttemptOutcome.RUNNING
    engine: Engine = Engine.FUNCTION
    build: _Short | None = None
    reason: _Text | None = None
    backup: _Short | None = None
    label: _Short | None = None
    what: _Text | None = None
    safe: _Text | None = None
    next_step: _Text | None = None
    notified: bool = False

    @property
    def key(self) -> str:
        """Its key in the bucket."""
        return attempt_key(self.database, self.kind)

    @property
    def is_under_way(self) -> bool:
        """Whether it has not ended, as far as it says itself."""
        return self.outcome in {AttemptOutcome.RUNNING, AttemptOutcome.HANDED_OVER}

    def handed_over(self, build: str, reason: str, now: datetime) -> Self:
        """The same run, after a job was started for it; the job overwrites the record.

        Args:
            build: the id of the job's build.
            reason: why it became a job, in a sentence.
            now: when the build was started.
        """
        values = {
            "outcome": AttemptOutcome.HANDED_OVER,
            "engine": Engine.JOB,
            "build": build,
            "reason": _shortened(reason),
            "ends": now + MAX_WAIT,
        }
        return self.model_copy(update=values)

    def succeeded(self, finished: datetime) -> Self:
        """The same run, after it succeeded."""
        ended = {"finished": finished, "outcome": AttemptOutcome.SUCCEEDED}
        return self.model_copy(update=ended)

    def failed(self, error: LifeboatError, finished: datetime) -> Self:
        """The same run, after this error ended it."""
        answers = {"what": error.what, "safe": error.safe, "next_step": error.todo}
        return self.model_copy(
            update={
                "finished": finished,
                "outcome": AttemptOutcome.FAILED,
                **{name: _shortened(answer) for name, answer in answers.items()},
            }
        )

    def as_notified(self) -> Self:
        """The same run, after people were notified of its failure."""
        return self.model_copy(update={"notified": True})


def _shortened(text: str) -> str:
    return text if len(text) <= MAX_TEXT else f"{text[: MAX_TEXT - 3]}..."
