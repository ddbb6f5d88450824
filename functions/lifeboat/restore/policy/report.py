"""What a restore into a real server came to: stored as JSON, and asked for again by a swap.

Version 1 of the schema. Raise `SCHEMA_VERSION` when a field changes its meaning or goes away; a
new field with a default needs no new version.
"""

from typing import Annotated, ClassVar, Literal

from pydantic import Field, NonNegativeFloat

from lifeboat.errors import ReportError
from lifeboat.model.documents import Document
from lifeboat.model.drill_report import Check, TableResult, Verdict
from lifeboat.model.engine import Engine
from lifeboat.model.inventory import Count
from lifeboat.model.keys import DATABASE_NAME, page_key, restore_key
from lifeboat.model.utc import UtcSecond, UtcTime


class RestoreReport(Document):
    """Everything that a restore has to say; reading one raises `ReportError`.

    Attributes:
        schema_version: of this document.
        database: its name in the settings.
        started: the restore's start, and so its identity (`key`).
        finished: when the verdict was known.
        run_id: of the invocation, to find its log.
        lifeboat_version: of the Lifeboat that wrote it.
        engine: what it ran in.
        action: whether the whole database was restored, or some of its tables.
        backup: the id of the backup.
        snapshot_time: the moment that the backup shows.
        server: host and port that it was restored into.
        endpoint: a digest of these, to know the same server again.
        server_version: as the server calls itself.
        restored_database: the database that was made for it.
        live_database: the name of the database that the backup was taken of.
        verdict: whether what came back is what was backed up.
        reasons: why it is partial or failed, the gravest first; empty when proven.
        checks: in the order in which they were made.
        tables: every table of the manifest and of the restored database.
        notes: what else a reader should know.
        seconds: time taken by each step, in order.
        total_seconds: from the start to the verdict.
        rows: rows that came back.
    """

    NOUN: ClassVar = "report of a restore"
    SCHEMA_VERSION: ClassVar = 1
    REFUSAL: ClassVar = ReportError
    SAFE: ClassVar = "The restored database and the backup that it speaks of are not affected."
    INSTEAD: ClassVar = "restore again"
    OLD_KEYS: ClassVar = frozenset({"copy_name", "lifeboat", "live"})

    schema_version: Literal[1] = 1
    database: Annotated[str, Field(pattern=DATABASE_NAME)]
    started: UtcSecond
    finished: UtcTime
    run_id: str
    lifeboat_version: str
    engine: Engine = Engine.FUNCTION
    action: Literal["restore", "restore-tables"]
    backup: str
    snapshot_time: UtcTime
    server: str
    endpoint: str
    server_version: str
    restored_database: str
    live_database: str
    verdict: Verdict
    reasons: tuple[str, ...] = ()
    checks: tuple[Check, ...] = ()
    tables: tuple[TableResult, ...] = ()
    notes: tuple[str, ...] = ()
    seconds: dict[str, NonNegativeFloat]
    total_seconds: NonNegativeFloat
    rows: Count = 0

    @property
    def key(self) -> str:
        """Where the report lies in the bucket."""
        return restore_key(self.database, self.started)

    @property
    def html_key(self) -> str:
        """The key of the same report as HTML."""
        return page_key(self.key)
