"""What bringing one backup back needs and finds out, be it for a drill or in earnest."""

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from lifeboat.model.drill_report import Check, Outcome, TableResult
from lifeboat.model.manifest import Manifest
from lifeboat.model.text import line
from lifeboat.postgres.login import Login
from lifeboat.postgres.programs import Programs
from lifeboat.postgres.watch import Watch
from lifeboat.recovery.policy.verdict import told
from lifeboat.recovery.scratch import Scratch
from lifeboat.runtime.stopwatch import Stopwatch
from lifeboat.s3.bucket import Vault
from lifeboat.settings import Settings


@dataclass(frozen=True)
class RecoveryMeans:
    """What a function that brings backups back works with.

    Attributes:
        settings: of this database alone.
        vault: the bucket.
        programs: of PostgreSQL.
        read_login: reads the secret of that ARN, writing its CA certificates into that directory.
        remaining: seconds until the run has to be over.
        memory_mb: of the function.
        place: where the run's directory is made; None for the system's temporary directory.
    """

    settings: Settings
    vault: Vault
    programs: Programs
    read_login: Callable[[str, Path], Login]
    remaining: Callable[[], float]
    memory_mb: int
    place: Path | None = None


@dataclass
class Findings:
    """What was found out so far.

    Attributes:
        checks: in the order in which they were made.
        tables: compared so far.
    """

    checks: list[Check] = field(default_factory=list)
    tables: tuple[TableResult, ...] = ()

    def note(
        self,
        name: str,
        failures: tuple[str, ...],
        untested: tuple[str, ...] = (),
        *,
        notes: tuple[str, ...] = (),
    ) -> bool:
        """Add a check: failed for these reasons, else untested for those, else passed.

        Args:
            name: of the check.
            failures: what is wrong.
            untested: what could not be told.
            notes: what else a reader should know, whatever the outcome is.

        Returns:
            Whether it did not fail.
        """
        outcome = Outcome.FAILED if failures else Outcome.UNTESTED if untested else Outcome.PASSED
        # They may quote what was restored.
        details = told(tuple(map(line, failures + untested + notes)))
        found = len(failures or untested)
        self.checks.append(Check(name=name, outcome=outcome, details=details, found=found))
        return not failures


@dataclass(frozen=True)
class Recovery:
    """One backup on its way back.

    Attributes:
        manifest: what it claims.
        vault: the bucket in which it lies.
        programs: of PostgreSQL.
        jobs: of pg_restore.
        scratch: the run's directory.
        watch: ends the run.
        steps: where the time goes.
        findings: where everything is noted.
    """

    manifest: Manifest
    vault: Vault
    programs: Programs
    jobs: int
    scratch: Scratch
    watch: Watch
    steps: Stopwatch
    findings: Findings

    @property
    def archive(self) -> Path:
        """Where the archive is fetched to."""
        return self.scratch.path / "archive.dump"
