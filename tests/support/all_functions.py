"""Every reader of the bucket, for a case about what lies in it: none needs a database for it."""

import time
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NoReturn

from lifeboat.alerts.policy.message import Message
from lifeboat.backup.run import BackupRun
from lifeboat.backup.take_backup import take_backup
from lifeboat.drill.drill import drill
from lifeboat.drill.policy.event import parse_drill_event
from lifeboat.drill.run import DrillRun
from lifeboat.errors import LifeboatError
from lifeboat.model.drill_report import DrillReport
from lifeboat.model.keys import BackupLocation
from lifeboat.monitor.check_health import CheckInput, CheckResult, check_health
from lifeboat.postgres.programs import Programs
from lifeboat.restore.dispatch import restore
from lifeboat.restore.policy.event import parse_restore_event
from lifeboat.restore.run import RestoreRun
from lifeboat.s3.bucket import BackupBucket
from lifeboat.settings import Settings, WatchedDatabase, WatchedSettings
from tests.support import invariants
from tests.support.backup_harness import SECRET_ARN
from tests.support.bucket_builder import BucketBuilder
from tests.support.secret_stores import NO_BRANCHES
from tests.support.seen_bucket import HEARD

NOWHERE = Programs(Path("/nonexistent"))


@dataclass
class AllFunctions:
    """What each function says about a bucket.

    Attributes:
        bucket: that they read.
        heard: what the monitor told people.
    """

    bucket: BucketBuilder
    heard: list[Message] = field(default_factory=list)

    def back_up(self, slot: BackupLocation) -> LifeboatError:
        """The refusal of a backup run that comes to that slot again."""
        run = BackupRun(location=slot, label=None, folder=NOWHERE.root, **self._run())
        try:
            outcome = take_backup(run)
        except LifeboatError as error:
            return invariants.told(error)
        raise AssertionError(outcome)

    def drill(self, **event: str) -> DrillReport | LifeboatError:
        """The report of a drill, or why there was none."""
        try:
            report = drill(self.drill_run(**event))
        except LifeboatError as error:
            return invariants.told(error)
        assert isinstance(report, DrillReport)
        invariants.answered(report.model_dump_json())
        return report

    def restore(self, action: str, **event: Any) -> dict[str, Any]:
        """The restore function's answer.

        Raises:
            LifeboatError: it has none.
        """
        asked = parse_restore_event({"action": action, "database": "app", **event})
        run = RestoreRun(event=asked, memory_mb=3008, **self._run())
        with invariants.listening():
            answer = restore(run).as_json()
        invariants.answered(answer)
        return answer

    def monitor(self) -> CheckResult:
        """What the monitor finds."""
        databases = tuple(WatchedDatabase(name=name) for name in ("app", "elder"))
        look = CheckInput(
            settings=WatchedSettings(databases=databases),
            stack="Lifeboat",
            account="000000000000",
            bucket=self._seen(),
            channels=(self,),
            subscribers=lambda: HEARD,
            remaining=_a_minute(),
            now=datetime.now(UTC),
        )
        checked = check_health(look)
        invariants.answered(checked.status.as_text())
        return checked

    def send(self, message: Message) -> None:
        """The monitor's way to people."""
        self.heard.append(message)

    def _seen(self) -> BackupBucket:
        return BackupBucket(self.bucket.bucket.client, self.bucket.bucket.name)

    def _settings(self) -> Settings:
        return Settings.model_validate({"databases": [{"name": "app", "secret_arn": SECRET_ARN}]})

    def drill_run(self, **event: str) -> DrillRun:
        """A drill that has not begun."""
        asked = parse_drill_event({"database": "app", **event})
        return DrillRun(event=asked, memory_mb=3008, branches=NO_BRANCHES, **self._run())

    def _run(self) -> dict[str, Any]:
        """What every run has from its handler."""
        return {
            "run_id": "run-1",
            "started": datetime.now(UTC).replace(microsecond=0),
            "settings": self._settings(),
            "bucket": self._seen(),
            "programs": NOWHERE,
            "read_login": _no_database,
            "remaining": _a_minute(),
        }


def _a_minute() -> Any:
    deadline = time.monotonic() + 60
    return lambda: deadline - time.monotonic()


def _no_database(*_: object) -> NoReturn:
    raise AssertionError("nobody has to log in to read the bucket")
