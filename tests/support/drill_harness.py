"""What the tests of drills share: a backup, and one way to drill it in this process."""

import hashlib
import shutil
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from lifeboat.drill.drill import drill
from lifeboat.drill.policy.event import parse_drill_event
from lifeboat.drill.run import DrillRun
from lifeboat.model.drill_report import Check, DrillReport, Outcome
from lifeboat.model.manifest import Manifest
from lifeboat.postgres.programs import Programs
from lifeboat.restore.policy.report import RestoreReport
from lifeboat.runtime.branch_broker import BranchBroker
from tests.support import invariants
from tests.support.backup_harness import TARGET_ARN, BackupHarness, Database, login_of
from tests.support.secret_stores import NO_BRANCHES

STARTED = datetime(2026, 11, 24, 5, 0, tzinfo=UTC)


@dataclass
class DrillHarness:
    """Drills the harness's backups with the layer's own programs."""

    backups: BackupHarness
    programs: Programs
    place: Path
    seconds: float = 120.0
    memory_mb: int = 3008
    secrets: dict[str, str] = field(default_factory=dict)
    settings: dict[str, Any] = field(default_factory=dict)
    database: dict[str, Any] = field(default_factory=dict)
    drills: int = 0
    branches: BranchBroker = NO_BRANCHES
    logged: list[tuple[str, Mapping[str, object]]] = field(default_factory=list)

    def run(self, started: datetime = STARTED, **event: str) -> DrillRun:
        settings = {"database": self.database, "drill": self.settings}
        arguments = self.backups.arguments(settings, self.seconds)
        return DrillRun(
            event=parse_drill_event({"database": "app", **event}),
            started=started,
            read_login=lambda arn, _: login_of(self.secrets[arn]),
            memory_mb=self.memory_mb,
            place=self.place,
            branches=self.branches,
            log=lambda name, details: self.logged.append((name, details)),
            **arguments | {"programs": self.programs},
        )

    def hold(self, **event: str) -> DrillReport:
        """Hold a drill; each is a minute after the one before."""
        self.drills += 1
        started = STARTED + timedelta(minutes=self.drills)
        with invariants.listening():
            report = drill(self.run(started, **event))
        assert isinstance(report, DrillReport)
        invariants.reported(report)
        assert self.leftovers() == []
        stored = self.backups.bucket.read(report.key)
        assert DrillReport.from_json(stored, key=report.key) == report
        return report

    def leftovers(self) -> list[str]:
        return [path.name for path in self.place.iterdir()]

    def rewrite(self, **changes: Any) -> None:
        """Let the manifest claim something else, as its key's newest version."""
        manifest = self.backups.manifest()
        lie = Manifest.model_validate({**manifest.model_dump(mode="json"), **changes})
        self.put(self.backups.location.manifest_key, lie.to_json())

    def put(self, key: str, body: bytes) -> str:
        answer = self.backups.bucket.client.put_object(
            Bucket=self.backups.bucket.name, Key=key, Body=body
        )
        version: str = answer["VersionId"]
        return version

    def edit_archive(self, edit: Callable[[bytes], bytes]) -> None:
        """Change the archive's bytes and let the manifest vouch for them."""
        key = self.backups.location.archive_key
        archive = edit(self.backups.bucket.read(key))
        manifest = self.backups.manifest().archive
        stored = manifest.objects[0].model_copy(
            update={
                "version_id": self.put(key, archive),
                "bytes": len(archive),
                "sha256": hashlib.sha256(archive).hexdigest(),
            }
        )
        changed = manifest.model_copy(update={"objects": (stored,)})
        self.rewrite(archive=changed.model_dump(mode="json"))

    def forget_endpoint(self) -> None:
        """Let the backup look as if it came from another server than the only one here."""
        source = self.backups.manifest().source.model_dump(mode="json")
        self.rewrite(source={**source, "endpoint": None})

    def give_target(self, target: Database) -> None:
        """Let drills restore into that database's server."""
        self.secrets[TARGET_ARN] = target.url
        self.settings["target_secret_arns"] = [TARGET_ARN]


def check(report: DrillReport | RestoreReport, name: str) -> Check:
    """The check of that name, which has to be there."""
    return next(each for each in report.checks if each.name == name)


def failed(report: DrillReport) -> list[str]:
    return [each.name for each in report.checks if each.outcome is Outcome.FAILED]


def untested(report: DrillReport) -> list[str]:
    return [each.name for each in report.checks if each.outcome is Outcome.UNTESTED]


@contextmanager
def with_roles(database: Database, roles: tuple[str, ...]) -> Iterator[None]:
    """Let roles be there for a while; the database, in which they own things, goes with them."""
    quoted = ", ".join('"' + role.replace('"', '""') + '"' for role in roles)
    database.run(*(f"CREATE ROLE {role} SUPERUSER" for role in quoted.split(", ")))
    try:
        yield
    finally:
        database.drop()
        with database.server.admin() as connection:
            connection.execute(f"DROP ROLE {quoted}")


def databases(on: Database) -> list[str]:
    """The databases of a server."""
    names: list[str] = on.value("SELECT array_agg(datname::text ORDER BY datname) FROM pg_database")
    return names


def without_extension(programs: Programs, major: int, name: str, into: Path) -> Programs:
    """A copy of one major's programs that lacks an extension."""
    into.mkdir()
    for entry in programs.root.iterdir():
        if entry.is_file():
            shutil.copy(entry, into)
        elif entry.name in {str(major), "zoneinfo"}:
            ignored = shutil.ignore_patterns(f"{name}*.control", f"{name}--*.sql")
            shutil.copytree(entry, into / entry.name, ignore=ignored)
    return Programs(into)
