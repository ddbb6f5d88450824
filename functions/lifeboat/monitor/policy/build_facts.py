"""What CodeBuild says of a job's build."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class BuildStatus(StrEnum):
    """How a build is, as CodeBuild calls it.

    https://docs.aws.amazon.com/codebuild/latest/APIReference/API_Build.html
    """

    IN_PROGRESS = "IN_PROGRESS"
    SUCCEEDED = "SUCCEEDED"
    FAILED = "FAILED"
    FAULT = "FAULT"
    TIMED_OUT = "TIMED_OUT"
    STOPPED = "STOPPED"


QUEUED = "QUEUED"
"""The phase in which a build waits for a machine."""

_BEFORE_THE_PROGRAM = frozenset(
    {"SUBMITTED", QUEUED, "PROVISIONING", "DOWNLOAD_SOURCE", "INSTALL", "PRE_BUILD"}
)


@dataclass(frozen=True, kw_only=True)
class BuildFacts:
    """One build.

    Attributes:
        status: how it is.
        phase: its current phase; of a build that has ended, the one that did not succeed.
        since: when that phase began, if CodeBuild says so.
        why: CodeBuild's own words about that phase; "" if it has none.
    """

    status: BuildStatus
    phase: str
    since: datetime | None = None
    why: str = ""

    @property
    def has_ended(self) -> bool:
        """Whether nothing more will come of it."""
        return self.status is not BuildStatus.IN_PROGRESS

    @property
    def waits(self) -> bool:
        """Whether it waits for a machine."""
        return self.status is BuildStatus.IN_PROGRESS and self.phase == QUEUED

    @property
    def began(self) -> bool:
        """Whether its program has begun."""
        return self.phase not in _BEFORE_THE_PROGRAM
