"""Keys in the bucket: how they are made, and how they are parsed.

    <tier>/<database>/<time>/archive.dump
                            /globals.sql
                            /manifest.json
    drills/<database>/<time>.json
                      <time>.html                         the same for a browser
    restores/<database>/<time>.json, <time>.html
    restores/<database>/neon/<time>.json                  of a restore by Neon
    exports/<database>/<time>/<name>.sql.gz
    attempts/<database>.json, <database>.drill.json, <database>.restore.json
                                                          the last run, and how it ended
    attempts/notified/<backup or drill>/<UTC hour>        which function notifies people of it
    providers/<database>.json                             what the database's provider says about it
    providers/<database>.restore.json                     the newest plan of a restore by Neon
    monitor/state.json                                    what people were notified of
    monitor/silences.json                                 what people have muted
    monitor/evidence.json                                 what is recorded for evidence
    evidence/<month>.json, <month>.html                   what auditors ask for
    status.html                                           the status of all databases, for a browser
    tools/lifeboat.pyz                                    the command line, by the last deployment

Stored data depends on this layout, so parsing is exact: a key that these functions did not make
gives None, never a guess. A label is in the manifest and not in the key, or one backup could have
two keys.
"""

import re
from dataclasses import dataclass
from datetime import UTC, datetime

from lifeboat.model.tiers import Tier
from lifeboat.model.utc import require_utc_second

DATABASE_NAME = r"^[a-z][a-z0-9-]{0,39}$"
"""A database's name in the settings: it becomes part of keys and of functions' names."""

LABEL = r"^[a-z0-9][a-z0-9-]{0,62}$"
"""A name that a person gives to a backup."""

ARCHIVE, GLOBALS, MANIFEST = "archive.dump", "globals.sql", "manifest.json"
"""The objects of a backup."""

DRILLS, RESTORES, EXPORTS, ATTEMPTS = "drills", "restores", "exports", "attempts"
"""The first parts of all keys except those of backups, which begin with their tier."""

PROVIDERS = "providers"
"""The first part of the keys of what providers say about databases."""

NOTIFIED = f"{ATTEMPTS}/notified"
"""The prefix of the keys by which functions decide which of them notifies people."""

SILENCES_KEY = "monitor/silences.json"
"""What people have muted or acknowledged."""

EVIDENCE = "evidence"
"""The first part of the keys of evidence for auditors."""

EVIDENCE_RECORD_KEY = "monitor/evidence.json"
"""What is recorded of the months whose evidence is not published yet."""

STATE_KEY = "monitor/state.json"
"""The monitor's state."""

STATUS_PAGE_KEY = "status.html"
"""The status page. The monitor writes it and its state, and no other object."""

TOOLS = "tools"
"""The first part of the keys of programs. Only a deployment writes them, and no function."""

COMMAND_LINE_KEY = f"{TOOLS}/lifeboat.pyz"
"""The command line in one file."""

_REPORT = re.compile(rf"{DRILLS}/([^/]+)/([^/]+)\.json")

_TIME = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{6}Z")

BACKUP_ID = rf"\b(?:{'|'.join(Tier)})/[^/\s]+/{_TIME.pattern}"
"""A regular expression that finds backups' ids in a text; `parse_id` parses one."""


def evidence_key(month: str) -> str:
    """The key of a month's evidence; its page is beside it.

    Args:
        month: such as 2026-11.
    """
    return f"{EVIDENCE}/{month}.json"


def time_id(moment: datetime) -> str:
    """The name of a time, such as `2026-11-22T020000Z`; names sort as the times do.

    Raises:
        ValueError: the time is not a whole second in UTC.
    """
    return require_utc_second(moment).replace(tzinfo=None).isoformat().replace(":", "") + "Z"


def parse_time_id(name: str) -> datetime | None:
    """The time with that name, or None if `time_id` never gives such a name."""
    if not _TIME.fullmatch(name):
        return None
    try:
        return datetime.fromisoformat(
            name
        )  # ten times as fast as strptime, which matters for long listings
    except ValueError:  # the right form, but no such day or hour
        return None


def is_database_name(name: str) -> bool:
    """Whether the name is allowed in keys, function names and metrics."""
    return re.fullmatch(DATABASE_NAME, name) is not None


def _require_database_name(name: str) -> str:
    if not is_database_name(name):
        raise ValueError(f"{name!r} is not a database's name: {DATABASE_NAME}")
    return name


@dataclass(frozen=True, order=True)
class BackupLocation:
    """The place of one backup in the bucket, which identifies it.

    Raises:
        ValueError: the database's name is unsafe or the time not a whole second in UTC.
    """

    tier: Tier
    database: str
    scheduled_at: datetime

    def __post_init__(self) -> None:
        """Refuse values whose key could not be parsed."""
        _require_database_name(self.database)
        require_utc_second(self.scheduled_at)

    @property
    def id(self) -> str:
        """The backup's id, as people type it: `daily/app/2026-11-22T020000Z`."""
        return f"{self.tier}/{self.database}/{time_id(self.scheduled_at)}"

    @property
    def prefix(self) -> str:
        """The prefix of this backup's keys, with its slash."""
        return f"{self.id}/"

    @property
    def archive_key(self) -> str:
        """The key of the pg_dump file."""
        return self.prefix + ARCHIVE

    @property
    def globals_key(self) -> str:
        """The key of the file with roles and their settings."""
        return self.prefix + GLOBALS

    @property
    def manifest_key(self) -> str:
        """The key of the manifest. A backup exists if its manifest does."""
        return self.prefix + MANIFEST


def database_prefix(tier: Tier, database: str) -> str:
    """The prefix of the keys of a database's backups in a tier."""
    return f"{tier}/{database}/"


def parse_id(text: str) -> BackupLocation | None:
    """The backup with that `BackupLocation.id`, or None."""
    tier, _, rest = text.partition("/")
    database, _, name = rest.partition("/")
    scheduled_at = parse_time_id(name)
    if tier not in Tier or not is_database_name(database) or scheduled_at is None:
        return None
    return BackupLocation(Tier(tier), database, scheduled_at)


def parse_key(key: str) -> tuple[BackupLocation, str] | None:
    """The backup of an object and the object's name in it, or None if it is not of a backup."""
    backup_id, _, name = key.rpartition("/")
    location = parse_id(backup_id)
    if location is None or name not in {ARCHIVE, GLOBALS, MANIFEST}:
        return None
    return location, name


def drill_key(database: str, started: datetime) -> str:
    """The key of a drill's report.

    Raises:
        ValueError: the database's name is unsafe or the time not a whole second in UTC.
    """
    return f"{DRILLS}/{_require_database_name(database)}/{time_id(started)}.json"


def parse_drill_key(key: str) -> tuple[str, datetime] | None:
    """The database and start of the drill whose report has that key, or None if it is no report."""
    match = _REPORT.fullmatch(key)
    if match is None or not is_database_name(match[1]):
        return None
    started = parse_time_id(match[2])
    return None if started is None else (match[1], started)


def page_key(report_key: str) -> str:
    """The key of a report's HTML page, which lies beside it."""
    return report_key.removesuffix(".json") + ".html"


def restore_key(database: str, started: datetime) -> str:
    """The key of the report of a restore into a real server.

    Raises:
        ValueError: the database's name is unsafe or the time not a whole second in UTC.
    """
    return f"{RESTORES}/{_require_database_name(database)}/{time_id(started)}.json"


def neon_restore_key(database: str, planned: datetime) -> str:
    """The key of the report of a restore by Neon, whose plan was begun then.

    Raises:
        ValueError: the database's name is unsafe or the time not a whole second in UTC.
    """
    return f"{neon_restores_prefix(database)}{time_id(planned)}.json"


def neon_restores_prefix(database: str) -> str:
    """The prefix of the keys of a database's reports of restores by Neon.

    Raises:
        ValueError: the database's name is unsafe.
    """
    return f"{RESTORES}/{_require_database_name(database)}/neon/"


def export_key(database: str, started: datetime, name: str) -> str:
    """The key of an exported SQL file.

    Raises:
        ValueError: the database's name is unsafe or the time not a whole second in UTC.
    """
    return f"{EXPORTS}/{_require_database_name(database)}/{time_id(started)}/{name}.sql.gz"


def attempt_key(database: str, kind: str) -> str:
    """The key of the record of a database's last backup, or of its last run of another kind.

    Raises:
        ValueError: the database's name is unsafe.
    """
    of_kind = "" if kind == "backup" else f".{kind}"
    return f"{ATTEMPTS}/{_require_database_name(database)}{of_kind}.json"


def provider_key(database: str) -> str:
    """The key of what a database's provider says about it.

    Raises:
        ValueError: the database's name is unsafe.
    """
    return f"{PROVIDERS}/{_require_database_name(database)}.json"


def neon_plan_key(database: str) -> str:
    """The key of the newest plan of a restore by Neon.

    Raises:
        ValueError: the database's name is unsafe.
    """
    return f"{PROVIDERS}/{_require_database_name(database)}.restore.json"


def claims_prefix(kind: str) -> str:
    """The prefix of the keys of all claims by functions of a kind."""
    return f"{NOTIFIED}/{kind}/"


def claim_key(kind: str, now: datetime) -> str:
    """The key by which a function of a kind claims an hour in which it notifies people."""
    return f"{claims_prefix(kind)}{now.astimezone(UTC):%Y-%m-%dT%H}"
