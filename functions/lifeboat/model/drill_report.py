"""What a drill found out: stored as JSON beside the backups, read by people and by the monitor.

Version 1 of the schema. Raise `SCHEMA_VERSION` when a field changes its meaning or goes away; a
new field with a default needs no new version.
"""

from enum import StrEnum
from typing import Annotated, ClassVar, Literal

from pydantic import Field, NonNegativeFloat
from pydantic.dataclasses import dataclass

from lifeboat.errors import ReportError
from lifeboat.model.documents import Document
from lifeboat.model.inventory import Count, Frozen
from lifeboat.model.keys import DATABASE_NAME, drill_key
from lifeboat.model.utc import UtcSecond, UtcTime

EMBEDDED = "embedded"
"""The target that is a throw-away server inside the function."""


class Verdict(StrEnum):
    """What a drill says of a backup."""

    PROVEN = "proven"
    PARTIAL = "partial"
    FAILED = "failed"


class Outcome(StrEnum):
    """What became of one check. `untested` means: it could not be made here, and why is said."""

    PASSED = "passed"
    FAILED = "failed"
    UNTESTED = "untested"


class Check(Frozen):
    """One question that the drill put to the backup.

    Attributes:
        name: stable and short, such as "checksum", "decode", "restore", "rows", "content",
            "sequences", "extensions", "objects", "validation: has users".
        outcome: what became of it.
        details: what differs or could not be tested, a sentence each; notes where it passed. Of
            very many the first, then how many more there are.
        found: how many of the findings speak for the outcome, these being the first of them all;
            0 where it passed, and in reports from before there was such a figure.
    """

    name: str
    outcome: Outcome
    details: tuple[str, ...] = ()
    found: Count = 0


@dataclass(frozen=True, kw_only=True)
class TableResult:
    """One table, as the manifest lists it and as it came back.

    Attributes:
        schema: its schema's name, unquoted.
        name: its own name, unquoted.
        expected: rows in the manifest; None where it has no such table.
        restored: rows that came back; None where there is no such table.
        content: whether the content checksum was the same; None where the manifest has none.
        outcome: `untested` where the scratch server cannot hold the table, or its data is excluded.
    """

    schema: str
    name: str
    expected: Count | None
    restored: Count | None
    content: bool | None = None
    outcome: Outcome


class Limit(Frozen):
    """A size at which something will stop working, by the rate that this drill measured.

    Attributes:
        what: "rto" (the target is missed), "time" (the function's 15 minutes), "disk" (/tmp).
        database_bytes: the size of the database (pg_database_size) at which it will be so.
    """

    what: Literal["rto", "time", "disk"]
    database_bytes: Count


class DrillReport(Document):
    """Everything that a drill has to say; reading one raises `ReportError`.

    Attributes:
        schema_version: of this document.
        database: its name in the settings.
        started: the drill's start, and so its identity (`key`).
        finished: when the verdict was known.
        run_id: of the invocation, to find its log.
        lifeboat_version: of the Lifeboat that wrote it.
        backup: the id of the backup (`daily/app/2026-11-22T020000Z`); None when none was found.
        snapshot_time: the moment that the backup shows; None when no manifest could be read.
        target: "embedded", or host, port and name of the database that was restored into.
        server_version: of the server that it was restored into; None when none was started.
        verdict: what it all comes to.
        reasons: why it is partial or failed, the gravest first; empty when proven.
        advice: what to do next, for a failed or partial one; None when proven.
        checks: in the order in which they were made.
        tables: every table of the manifest and of the restored database.
        seconds: time taken by each step, in order: find, fetch, decode, start, roles, restore,
            compare, validate, stop.
        total_seconds: from the start of the drill to its verdict.
        rto_seconds: the target for `total_seconds`, from the settings.
        limits: what will be hit at which size; empty when not everything was measured.
        archive_bytes: of the archive.
        database_bytes: of the source, when the backup was taken.
        rows: rows compared.
        memory_mb: of the function.
        ephemeral_mb: of its /tmp.
        disk_bytes: the most that was seen in use in the drill's directory.
    """

    NOUN: ClassVar = "drill report"
    SCHEMA_VERSION: ClassVar = 1
    REFUSAL: ClassVar = ReportError
    SAFE: ClassVar = "The backup that it speaks of is not affected."
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
    server_version: str | None = None
    verdict: Verdict
    reasons: tuple[str, ...] = ()
    advice: str | None = None
    checks: tuple[Check, ...] = ()
    tables: tuple[TableResult, ...] = ()
    seconds: dict[str, NonNegativeFloat]
    total_seconds: NonNegativeFloat
    rto_seconds: Annotated[int, Field(ge=1)]
    limits: tuple[Limit, ...] = ()
    archive_bytes: Count | None = None
    database_bytes: Count | None = None
    rows: Count = 0
    memory_mb: Count
    ephemeral_mb: Count
    disk_bytes: Count | None = None

    @property
    def key(self) -> str:
        """Where the report lies in the vault."""
        return drill_key(self.database, self.started)

    @property
    def rto_margin_seconds(self) -> float:
        """How much time was left of the target; negative when it was missed."""
        return self.rto_seconds - self.total_seconds

    @property
    def html_key(self) -> str:
        """Where the same report lies as HTML."""
        return self.key.removesuffix(".json") + ".html"
