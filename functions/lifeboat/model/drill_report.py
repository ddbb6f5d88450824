"""The report of a drill: JSON beside the backups, for people and for the monitor.

Version 1 of the schema. Raise `SCHEMA_VERSION` when a field changes its meaning or goes away; a
new field with a default needs no new version.
"""

from enum import StrEnum
from typing import Annotated, ClassVar, Literal

from pydantic import Field, NonNegativeFloat
from pydantic.dataclasses import dataclass

from lifeboat.errors import ReportError
from lifeboat.model.documents import Document
from lifeboat.model.drill_target import DrillBranch
from lifeboat.model.engine import Engine
from lifeboat.model.inventory import Count, StoredRecord
from lifeboat.model.keys import DATABASE_NAME, drill_key, page_key
from lifeboat.model.utc import UtcSecond, UtcTime


class Verdict(StrEnum):
    """What a drill says of a backup."""

    PROVEN = "proven"
    PARTIAL = "partial"
    FAILED = "failed"


class Outcome(StrEnum):
    """The result of one check. `untested`: it could not be made here, and the details say why."""

    PASSED = "passed"
    FAILED = "failed"
    UNTESTED = "untested"


class Check(StoredRecord):
    """One check of the backup.

    Attributes:
        name: stable and short, such as "checksum", "decode", "restore", "rows", "content",
            "sequences", "extensions", "definitions", "validation: has users".
        outcome: its result.
        details: what differs or could not be tested, a sentence each; notes if it passed. If there
            are very many: the first ones, then the number of the rest.
        found: the number of findings that led to the outcome; they come first in `details`. 0 if it
            passed, and in reports from before this field existed.
    """

    name: str
    outcome: Outcome
    details: tuple[str, ...] = ()
    found: Count = 0


@dataclass(frozen=True, kw_only=True)
class TableResult:
    """One table, as the manifest lists it and as it was restored.

    Attributes:
        schema: its schema's name, unquoted.
        name: its own name, unquoted.
        expected: rows in the manifest; None if it has no such table.
        restored: rows in the restored table; None if there is no such table.
        content: whether the digests of the rows are equal; None if they were only counted.
        outcome: `untested` if the server cannot hold the table or may write its values otherwise,
            if its rows were only counted, or if its data is excluded.
    """

    schema: str
    name: str
    expected: Count | None
    restored: Count | None
    content: bool | None = None
    outcome: Outcome


class Limit(StoredRecord):
    """A size at which a limit is reached, by the rate that this drill measured.

    Attributes:
        what: "rto" (the target is missed), "time" (that a function, or a job, has), "disk" (of the
            function's /tmp, or of the job's machine).
        database_bytes: the size of the database (pg_database_size) at which that happens.
    """

    what: Literal["rto", "time", "disk"]
    database_bytes: Count


class DrillReport(Document):
    """The whole result of a drill; reading one raises `ReportError`.

    Attributes:
        schema_version: of this document.
        database: its name in the settings.
        started: the drill's start, which identifies it (`key`).
        finished: when the drill had its verdict.
        run_id: of the invocation, to find its log.
        lifeboat_version: of the Lifeboat that wrote it.
        backup: the id of the backup (`daily/app/2026-11-22T020000Z`); None if none was found.
        snapshot_time: the time of the backup's data; None if no manifest could be read.
        target: "embedded", "neon-branch", or name or ARN of the secret with the server that the
            drill restored into.
        branch: that was made for it; None if it restored elsewhere.
        branch_missing: why it restored into the embedded server although it was to restore into a
            branch, in one line; None if that is not so.
        server_version: of the server that the drill restored into; None if none was started.
        verdict: the result of all checks together.
        reasons: why it is partial or failed, the most serious first; empty if proven.
        advice: what to do next, if it is failed or partial; None if proven.
        checks: in the order in which they were made.
        tables: every table in the manifest or in the restored database.
        seconds: time taken by each step. The server starts during fetch, and decode runs during
            restore, so their sum may be more than `total_seconds`.
        total_seconds: from the start of the drill to its verdict.
        rto_seconds: the target for `total_seconds`, from the settings.
        waited_seconds: before its start, for the job's machine; they don't count, and None in a
            function.
        engine: what it ran in.
        limits: which limit is reached at which size; empty if not everything was measured.
        job_limits: those of the job that drills become at the first limit of time or disk; empty if
            this was one, or if there are no jobs.
        archive_bytes: of the archive.
        database_bytes: of the source, when the backup was taken.
        rows: rows compared.
        memory_mb: of the function, or of the job's machine.
        ephemeral_mb: of its /tmp, or of the machine's disk.
        jobs: workers of pg_restore; None in reports from before this field existed.
        disk_bytes: the largest size that the drill's directory had.
    """

    NOUN: ClassVar = "drill report"
    SCHEMA_VERSION: ClassVar = 1
    REFUSAL: ClassVar = ReportError
    SAFE: ClassVar = "The backup that it is about is not affected."
    INSTEAD: ClassVar = "run the drill again"
    OLD_KEYS: ClassVar = frozenset({"lifeboat"})

    schema_version: Literal[1] = 1
    database: Annotated[str, Field(pattern=DATABASE_NAME)]
    started: UtcSecond
    finished: UtcTime
    run_id: str
    lifeboat_version: str
    backup: str | None
    snapshot_time: UtcTime | None = None
    target: str
    branch: DrillBranch | None = None
    branch_missing: Annotated[str, Field(max_length=1000)] | None = None
    server_version: str | None = None
    verdict: Verdict
    reasons: tuple[str, ...] = ()
    advice: str | None = None
    checks: tuple[Check, ...] = ()
    tables: tuple[TableResult, ...] = ()
    seconds: dict[str, NonNegativeFloat]
    total_seconds: NonNegativeFloat
    rto_seconds: Annotated[int, Field(ge=1)]
    waited_seconds: NonNegativeFloat | None = None
    engine: Engine = Engine.FUNCTION
    limits: tuple[Limit, ...] = ()
    job_limits: tuple[Limit, ...] = ()
    archive_bytes: Count | None = None
    database_bytes: Count | None = None
    rows: Count = 0
    memory_mb: Count
    ephemeral_mb: Count
    jobs: Count | None = None
    disk_bytes: Count | None = None

    @property
    def key(self) -> str:
        """The report's key in the bucket."""
        return drill_key(self.database, self.started)

    @property
    def rto_margin_seconds(self) -> float:
        """Seconds left of the target; negative if the drill took longer."""
        return self.rto_seconds - self.total_seconds

    @property
    def html_key(self) -> str:
        """The key of the same report as HTML."""
        return page_key(self.key)
