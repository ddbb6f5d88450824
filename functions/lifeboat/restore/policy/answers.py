"""What the restore function answers: one model for each action, and one for every plan."""

from typing import ClassVar, Literal

from lifeboat.model.answers import Answer
from lifeboat.model.drill_report import Verdict
from lifeboat.model.tiers import Tier
from lifeboat.model.utc import WholeSecond
from lifeboat.restore.policy.event import Action

type Event = dict[str, object]
"""An event of the restore function, ready to be sent."""


class SkippedBackup(Answer):
    """A backup that was left aside since it can't be used.

    Attributes:
        backup: its id.
        reason: why it can't be used.
        next_step: what to do about it.
    """

    backup: str
    reason: str
    next_step: str


class RestoreAnswer(Answer):
    """What every answer of the restore function has.

    Attributes:
        action: as in the event.
        database: as in the event.
        changed: whether this invocation made, renamed, wrote or ordered anything. A plan and a list
            change nothing.
        next_event: the event that goes on from here; null where there is none, or where `blockers`
            have to be dealt with first.
        skipped: backups that were left aside since they can't be used, the newest first.
    """

    action: Action
    database: str
    changed: bool = False
    next_event: Event | None = None
    skipped: tuple[SkippedBackup, ...] = ()


class ListedBackup(Answer):
    """One backup.

    Attributes:
        backup: its id, as events take it.
        data_as_of: the moment whose data it has.
        tier: which retention applies.
        label: what the person who asked for it calls it; null where it has none.
        rows: in all of its tables.
        tables: how many.
        archive_bytes: size of the archive.
        postgres_major: major version of the server that it was taken from.
        drill_verdict: what its newest drill said; null where it was not drilled lately.
        drilled_at: when that drill began.
        available: whether it can be restored at once.
        storage_state: how the archive is stored, and how long until it can be read, in words.
        expires_at: S3 keeps it until then at least; null: it does not expire.
    """

    backup: str
    data_as_of: WholeSecond
    tier: Tier
    label: str | None
    rows: int
    tables: int
    archive_bytes: int
    postgres_major: int
    drill_verdict: Verdict | None
    drilled_at: WholeSecond | None
    available: bool
    storage_state: str
    expires_at: WholeSecond | None


class BackupList(RestoreAnswer):
    """What `list` answers. `next_event` restores the newest backup that is available.

    Attributes:
        backups: the newest first, at most 100.
        next_page: the event that lists the ones before them; null where there are none.
    """

    backups: tuple[ListedBackup, ...]
    next_page: Event | None


class ListedTable(Answer):
    """One table of a backup.

    Attributes:
        table: schema and name, quoted where PostgreSQL needs it.
        rows: in the backup.
        data_excluded: whether the settings leave its rows out of backups.
    """

    table: str
    rows: int
    data_excluded: bool


class TableList(RestoreAnswer):
    """What `tables` answers.

    Attributes:
        backup: id of the backup.
        data_as_of: the moment whose data it has.
        tables: all of them; a partitioned table by its partitions.
    """

    backup: str
    data_as_of: WholeSecond
    tables: tuple[ListedTable, ...]


class RestorePlan(RestoreAnswer):
    """What every action answers that would change something, without `"execute": true`.

    Attributes:
        backup: id of the backup; null where the plan is about none.
        data_as_of: the moment whose data it has; null without a backup.
        steps: what will be done, a sentence each.
        warnings: what may go wrong here, or will be different from the original.
        blockers: why it can't be done like this. An event with `execute` is refused for the same
            reasons.
        manual_commands: standard commands that do the same on any machine.
        download_bytes: what is read from the bucket.
        estimated_minutes: how long it will take; null where that can't be known.
    """

    changed: Literal[False] = False
    backup: str | None
    data_as_of: WholeSecond | None
    steps: tuple[str, ...]
    warnings: tuple[str, ...]
    blockers: tuple[str, ...]
    manual_commands: tuple[str, ...]
    download_bytes: int
    estimated_minutes: int | None


class RestoreResult(RestoreAnswer):
    """What `restore`, and `restore-tables` without `data_only`, came to.

    `next_event` is a plan of the swap that puts the restored database into the live one's place.

    Attributes:
        restored_database: name of the database that was made.
        server: host and port of the server that has it.
        backup: id of the backup.
        data_as_of: the moment whose data it has.
        verdict: whether what came back is what was backed up.
        reasons: why it is not proven, the worst first.
        notes: what else to know about the restored database.
        rows: that came back.
        seconds: the whole restore took.
        report: S3 URI of the report, as JSON.
        html_report: S3 URI of the same report as HTML; null where it could not be stored.
        drop_sql: the statement that removes the restored database.
    """

    restored_database: str
    server: str
    backup: str
    data_as_of: WholeSecond
    verdict: Verdict
    reasons: tuple[str, ...]
    notes: tuple[str, ...]
    rows: int
    seconds: float
    report: str
    html_report: str | None
    drop_sql: str


class LoadedTable(Answer):
    """One table that rows were loaded into.

    Attributes:
        table: schema and name, quoted where PostgreSQL needs it.
        rows_before: that were in it.
        rows_after: that are in it now.
    """

    table: str
    rows_before: int
    rows_after: int


class RaisedSequence(Answer):
    """One sequence that was set forward.

    Attributes:
        sequence: schema and name, quoted where PostgreSQL needs it.
        last_value: where it stands now.
    """

    sequence: str
    last_value: int


class LoadResult(RestoreAnswer):
    """What `restore-tables` with `data_only` came to.

    Attributes:
        backup: id of the backup.
        live_database: name of the database that the rows were loaded into.
        tables: all that were loaded.
        sequences_raised: sequences that were set forward to where the backup's stood.
        notes: what is left to do.
        seconds: it took.
    """

    backup: str
    live_database: str
    tables: tuple[LoadedTable, ...]
    sequences_raised: tuple[RaisedSequence, ...]
    notes: tuple[str, ...]
    seconds: float


class ExportResult(RestoreAnswer):
    """What `export` came to.

    Attributes:
        backup: id of the backup.
        data_as_of: the moment whose data it has.
        file: S3 URI of the file: plain SQL, compressed by gzip.
        file_bytes: its size.
        download_url: a link to it that needs no AWS account; whoever has it has the rows.
        download_url_minutes: how long the link works at most.
        removed_after_days: S3 removes the file then.
        next_command: fetches and unpacks the file by the AWS CLI.
    """

    never_logged: ClassVar = frozenset({"download_url"})

    backup: str
    data_as_of: WholeSecond
    file: str
    file_bytes: int
    download_url: str
    download_url_minutes: int
    removed_after_days: int
    next_command: str


class ThawResult(RestoreAnswer):
    """What `thaw` came to. `next_event` is a plan of the restore.

    Attributes:
        backup: id of the backup.
        available: whether it can be restored at once.
        storage_state: how the archive is stored, and how long until it can be read, in words.
        retry_after: when it can be restored at the latest; null where it can be already.
        notes: what was ordered, and who hears of it.
    """

    backup: str
    available: bool
    storage_state: str
    retry_after: WholeSecond | None
    notes: tuple[str, ...]
