"""What the tests of restores share: a backup, a server, and one way to ask."""

import json
import tempfile
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from lifeboat.errors import LifeboatError
from lifeboat.postgres.programs import Programs
from lifeboat.restore.dispatch import restore
from lifeboat.restore.policy.event import parse_restore_event
from lifeboat.restore.policy.report import RestoreReport
from lifeboat.restore.run import RestoreRun
from tests.support import invariants
from tests.support.backup_harness import (
    TARGET_ARN,
    BackupHarness,
    Database,
    assert_no_children,
    login_of,
)
from tests.support.temporary_files import public_place

STARTED = datetime.now(UTC).replace(second=0, microsecond=0)


@dataclass
class RestoreHarness:
    """Brings the harness's backups back, in this process."""

    backups: BackupHarness
    programs: Programs
    place: Path
    seconds: float = 120.0
    secrets: dict[str, str] = field(default_factory=dict)
    settings: dict[str, Any] = field(default_factory=dict)
    asked: int = 0

    @classmethod
    @contextmanager
    def open(cls, backups: BackupHarness, programs: Programs) -> Iterator["RestoreHarness"]:
        """Everything for bringing back a small database; what was made is dropped in the end."""
        with tempfile.TemporaryDirectory(prefix="restores-", dir=public_place()) as place:
            Path(place).chmod(0o711)  # not everything runs as root, should that be the caller
            try:
                yield cls(backups, programs, Path(place))
            finally:
                sweep(backups.database)

    @property
    def live(self) -> Database:
        return self.backups.database

    def run(self, started: datetime, event: dict[str, Any]) -> RestoreRun:
        arguments = self.backups.arguments({"restore": self.settings}, self.seconds)
        return RestoreRun(
            event=parse_restore_event({"database": "app", **event}),
            started=started,
            read_login=lambda arn, _: login_of(
                self.secrets.get(arn) or self.backups.secret or self.live.url
            ),
            memory_mb=3008,
            place=self.place,
            **arguments | {"programs": self.programs},
        )

    def ask(self, event: dict[str, Any] | None = None, **keys: Any) -> dict[str, Any]:
        """Send an event; each is a minute after the one before."""
        self.asked += 1
        started = STARTED + timedelta(minutes=self.asked)
        with invariants.listening():
            answer = restore(self.run(started, {**(event or {}), **keys})).as_json()
        invariants.answered(answer)
        assert list(self.place.iterdir()) == []
        return answer

    def restore(self, **keys: Any) -> dict[str, Any]:
        return self.ask(action="restore", execute=True, **keys)

    def copy(self, answer: dict[str, Any]) -> Database:
        return Database(self.live.server, answer["restored_database"])

    def report(self, answer: dict[str, Any]) -> RestoreReport:
        key = answer["report"].split("/", 3)[3]
        return RestoreReport.from_json(self.backups.bucket.read(key), key=key)

    def page(self, answer: dict[str, Any]) -> Any:
        """The report as HTML, as S3 gives it."""
        bucket = self.backups.bucket
        key = answer["html_report"].removeprefix(f"s3://{bucket.name}/")
        return bucket.client.get_object(Bucket=bucket.name, Key=key)

    def give_target(self, database: Database, **login: str) -> None:
        """Let restores go to that database's server."""
        self.secrets[TARGET_ARN] = database.server.url(database.name, **login)
        self.settings["target_secret_arns"] = [TARGET_ARN]


def databases(on: Database) -> set[str]:
    """The databases of a server that begin like this one."""
    with on.server.admin() as admin:
        rows = admin.execute("SELECT datname FROM pg_database").fetchall()
    return {name for (name,) in rows if name == on.name or name.startswith(f"{on.name}_")}


def sweep(on: Database) -> None:
    """Drop what restores have left."""
    for name in databases(on) - {on.name}:
        Database(on.server, name).drop()


def refused(ask: Callable[[], object]) -> LifeboatError:
    """The error that the question is answered with; no program is left running."""
    try:
        answer = ask()
    except LifeboatError as error:
        assert_no_children()
        return error
    raise AssertionError(answer)


def properties(database: Database) -> Any:
    """What is set on a database itself, by the server's own catalogs, roles by their names."""
    with database.server.admin() as admin:
        row = admin.execute(
            """
            SELECT json_build_object(
                'owner', pg_get_userbyid(datdba), 'limit', datconnlimit,
                'comment', shobj_description(d.oid, 'pg_database'),
                'grants', (SELECT json_agg(a::text ORDER BY a::text) FROM unnest(datacl) a),
                'settings', (SELECT json_agg(json_build_array(setrole::regrole, c)
                                      ORDER BY setrole::regrole::text, c)
                             FROM pg_db_role_setting, unnest(setconfig) c
                             WHERE setdatabase = d.oid))
            FROM pg_database d WHERE datname = %s
            """,
            [database.name],
        ).fetchone()
    assert row
    return row[0]


def event_in(text: str) -> dict[str, Any]:
    """The first event that a message tells to send; it has to be one, and JSON."""
    event, _ = json.JSONDecoder().raw_decode(text[text.index("{") :])
    parse_restore_event(event)
    found: dict[str, Any] = event
    return found


@contextmanager
def roles(on: Database, names: Iterable[str]) -> Iterator[None]:
    """Let superusers of these names be there for a while."""
    with ExitStack() as stack:
        for name in names:
            doubled = name.replace('"', '""')
            stack.enter_context(role(on, f'"{doubled}"', "SUPERUSER"))
        yield


@contextmanager
def role(on: Database, name: str, attributes: str) -> Iterator[None]:
    """Let a role be there for a while, and whatever it owns in this server's databases."""
    on.run(f"CREATE ROLE {name} {attributes}")
    try:
        yield
    finally:
        for each in databases(on):
            Database(on.server, each).run(
                f"REASSIGN OWNED BY {name} TO postgres", f"DROP OWNED BY {name}"
            )
        on.run(f"DROP ROLE {name}")
