"""What a run can run in: a Lambda function, or a build of AWS CodeBuild, which is called a job.

A function ends after 15 minutes and has at most 10 GB of disk. A job runs the same code with the
same event for up to 36 hours, and has up to 824 GB of disk.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Literal

from lifeboat.model.aws import Architecture

type EngineChoice = Literal["auto", "function", "job"]
"""Where the runs of a database run; `auto`: in a function as long as they fit into it."""

type ComputeName = Literal["small", "medium", "large", "xlarge", "2xlarge"]
"""A machine of CodeBuild, as its `BUILD_GENERAL1_...` compute types are called."""


class Engine(StrEnum):
    """What a run runs in."""

    FUNCTION = "function"
    JOB = "job"


MAX_JOB_HOURS = 36
"""Hours after which CodeBuild stops a build at the latest.

https://docs.aws.amazon.com/codebuild/latest/userguide/limits.html
"""

QUEUED_HOURS = 8
"""Hours that a build may wait for a free machine, CodeBuild's maximum; then it fails."""

JOB_MARGIN_SECONDS = 60
"""A job ends itself this long before CodeBuild stops it: to end its programs and to report."""


@dataclass(frozen=True)
class Machine:
    """A machine of CodeBuild.

    Attributes:
        cpus: its vCPUs.
        memory_mb: its memory, in 2^20 bytes.
        disk_mb: its disk, in 2^20 bytes, less what image and sources take.
    """

    cpus: int
    memory_mb: int
    disk_mb: int


_IMAGE_GB = 16
"""Kept free of the disk: the image with its tools, the sources and the system's own files."""


def _machine(cpus: int, memory_gb: int, disk_gb: int) -> Machine:
    return Machine(cpus, memory_gb * 1024, (disk_gb - _IMAGE_GB) * 10**9 // 2**20)


MACHINES: Mapping[Architecture, Mapping[ComputeName, Machine]] = {
    "arm64": {
        "small": _machine(2, 4, 64),
        "medium": _machine(4, 8, 128),
        "large": _machine(8, 16, 128),
        "xlarge": _machine(32, 64, 256),
        "2xlarge": _machine(48, 96, 824),
    },
    "x86_64": {
        "small": _machine(2, 3, 64),
        "medium": _machine(4, 7, 128),
        "large": _machine(8, 15, 128),
        "xlarge": _machine(36, 70, 256),
        "2xlarge": _machine(72, 145, 824),
    },
}
"""https://docs.aws.amazon.com/codebuild/latest/userguide/build-env-ref-compute-types.html"""

IMAGES: Mapping[Architecture, str] = {
    "arm64": "aws/codebuild/amazonlinux-aarch64-standard:3.0",
    "x86_64": "aws/codebuild/amazonlinux-x86_64-standard:5.0",
}
"""CodeBuild's images of Amazon Linux 2023, the system of Lambda's python3.13. Both have Python 3.13
(`runtimes.yml` of al/aarch64/standard/3.0 and al/x86_64/standard/5.0).

https://github.com/aws/aws-codebuild-docker-images
"""


def project_of(function: str) -> str:
    """The CodeBuild project that runs the jobs of a function.

    Args:
        function: its name.
    """
    return f"{function}-job"


class BuildVariable(StrEnum):
    """Environment variables of a job. The first three differ from build to build."""

    EVENT = "LIFEBOAT_EVENT"
    """The event, as JSON."""

    RUN_ID = "LIFEBOAT_RUN_ID"
    """The id of the invocation that handed the run over: the run keeps it, and so its log."""

    REASON = "LIFEBOAT_JOB_REASON"
    """Why it runs as a job."""

    WORK = "LIFEBOAT_WORK"
    """`backup`, `drill` or `restore`."""

    ENGINE = "LIFEBOAT_ENGINE"
    """`job`; a function has no such variable."""

    SECONDS = "LIFEBOAT_SECONDS"
    """How long it may take, from the start of the build."""

    MEMORY_MB = "LIFEBOAT_MEMORY_MB"
    """The machine's memory."""


PROJECT_VARIABLE = "LIFEBOAT_JOB_PROJECT"
"""Environment variable of a function: the project to which it hands over; unset if it has none."""
