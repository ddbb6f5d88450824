"""Runs that are jobs: builds of AWS CodeBuild, for databases that are too large for a function."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from botocore.exceptions import BotoCoreError, ClientError

from lifeboat_cli.text import safe_line

if TYPE_CHECKING:
    from lifeboat_cli.context import Context
    from lifeboat_cli.run_log import RunLog

LONGEST_SECONDS = (8 + 36) * 3600.0
"""A build waits for a machine for up to 8 hours, and runs for up to 36.

https://docs.aws.amazon.com/codebuild/latest/userguide/limits.html
"""

SILENCE_SECONDS = 60.0
"""CodeBuild is asked about a build after so long without a new line of its log, and as often."""

UNSEEN_SECONDS = 3600.0
"""How long the silence of a build may last of which CodeBuild tells nothing."""

LAST_WORDS_SECONDS = 60.0
"""How long the last words of a run may come after its build's end."""

STREAM_PREFIX = "job/"
"""The names of the builds' log streams begin with it, in the log group of the function."""

_FINE = ("SUCCEEDED", "IN_PROGRESS")
_UNSURE = "Existing backups are untouched. Whether the run had done something, its log says."


@dataclass(frozen=True)
class Job:
    """The job that a function has handed its run over to.

    Attributes:
        build: id of the build: <project>:<uuid>.
        reason: why the run does not stay in the function, in a sentence.
        expected_seconds: how long it will take once it has begun; None if that is not known.
    """

    build: str
    reason: str
    expected_seconds: float | None = None

    @property
    def look(self) -> str:
        """The command that shows what CodeBuild knows of it."""
        return f"aws codebuild batch-get-builds --ids {self.build}"


@dataclass(frozen=True)
class Build:
    """What CodeBuild knows of a build.

    Attributes:
        status: IN_PROGRESS, SUCCEEDED, FAILED, FAULT, TIMED_OUT or STOPPED.
        phase: that failed, such as QUEUED, PROVISIONING or BUILD; "" if none did.
        why: what CodeBuild says about the phase that failed; "" if nothing.
    """

    status: str
    phase: str = ""
    why: str = ""

    @property
    def over(self) -> bool:
        """Whether it has ended."""
        return self.status != "IN_PROGRESS"


class JobWatch:
    """Watches a build whose log is silent: has it died, or does it wait for a machine?

    Args:
        context: of the command.
    """

    def __init__(self, context: Context) -> None:
        self._context = context
        self._lines = 0
        self._heard = self._asked = self._ended = 0.0
        self._denied = False
        self._job: Job | None = None
        self._build: Build | None = None

    def over(self, log: RunLog, now: float) -> bool:
        """Whether nothing more is to be expected of this log.

        Args:
            log: of a run that was handed over.
            now: seconds by some clock.
        """
        self._job = log.job
        if self._job is None or log.lines != self._lines:
            self._lines, self._heard = log.lines, now
            return False
        if now - max(self._heard, self._asked) >= SILENCE_SECONDS and not self._ended:
            self._asked = now
            self._ask(self._job)
            if self._build and self._build.over:
                self._ended = now
        if self._ended:
            return now - self._ended >= LAST_WORDS_SECONDS
        return self._build is None and now - self._heard >= UNSEEN_SECONDS

    def failure(self) -> dict[str, Any] | None:
        """How the run failed, if its build has ended without the run's own last words.

        A build that succeeded has had them: CloudWatch may not have shown them yet.
        """
        job, build = self._job, self._build
        if job is None or build is None or not build.over or build.status == "SUCCEEDED":
            return None
        where = f" in the phase {build.phase}" if build.phase else ""
        said = f": {build.why}" if build.why else "."
        return {
            "errorType": "Runtime.Killed",
            "errorMessage": f"The job {job.build} ended as {build.status}{where}"
            f"{said}\nSafe: {_UNSURE}\nNext: {job.look}  Then repeat the"
            " command.",
        }

    def _ask(self, job: Job) -> None:
        if self._denied:
            return
        try:
            found = self._context.stack.client("codebuild").batch_get_builds(ids=[job.build])
        except ClientError as error:
            self._denied = True
            self._context.say(
                f"CodeBuild doesn't say whether the job still runs: {error}\n"
                f"Allow codebuild:BatchGetBuilds (docs/command-line.md), or ask: {job.look}"
            )
        except BotoCoreError as error:
            self._context.say(f"CodeBuild could not be asked, trying again: {error}")
        else:
            self._build = next(map(_build, found["builds"]), None)


def _build(told: dict[str, Any]) -> Build:
    phases = told.get("phases", ())
    failed = [each for each in phases if each.get("phaseStatus", _FINE[0]) not in _FINE]
    contexts = [each.get("message", "") for phase in failed for each in phase.get("contexts", ())]
    why = safe_line("; ".join(filter(None, contexts)))
    return Build(told["buildStatus"], failed[0]["phaseType"] if failed else "", why)
