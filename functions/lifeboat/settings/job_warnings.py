"""Warnings about jobs."""

from collections.abc import Iterator
from typing import get_args

from lifeboat.settings import JobSettings, Settings
from lifeboat.settings.job import Work

ARM_REGIONS = frozenset(
    {
        "ap-northeast-1",
        "ap-south-1",
        "ap-southeast-1",
        "ap-southeast-2",
        "eu-central-1",
        "eu-west-1",
        "sa-east-1",
        "us-east-1",
        "us-east-2",
        "us-west-2",
    }
)
"""Regions in which CodeBuild has ARM machines, by its API's reference. There may be more.

https://docs.aws.amazon.com/codebuild/latest/APIReference/API_ProjectEnvironment.html
https://docs.aws.amazon.com/codebuild/latest/APIReference/API_Fleet.html
"""


def about_jobs(settings: Settings) -> Iterator[str]:
    """What a person should know about the jobs before a deployment."""
    if not any(each.has_jobs for each in settings.databases):
        if settings.job != JobSettings():
            yield "lifeboat.job has no effect: every database has engine = 'function'."
        return
    region = settings.databases[0].secret_arn.split(":")[3]
    if settings.architecture == "arm64" and region not in ARM_REGIONS:
        yield (
            f"AWS does not list {region} among the regions in which CodeBuild has ARM machines. If"
            " the deployment fails at an AWS::CodeBuild::Project, set lifeboat.architecture to"
            " 'x86_64', or lifeboat.databases.N.engine to 'function', which means no jobs."
        )
    for work in get_args(Work.__value__):
        yield from _about_memory(settings, work)


def _about_memory(settings: Settings, work: Work) -> Iterator[str]:
    machine = settings.job.machine(work, settings.architecture)
    sizes = {"backup": settings.backup, "drill": settings.drill, "restore": settings.restore}
    memory = sizes[work].memory_mb
    if machine.memory_mb < memory:
        yield (
            f"lifeboat.job.{work}_compute '{settings.job.compute(work)}' has {machine.memory_mb} MB"
            f" of memory, the function has {memory} (lifeboat.{work}.memory_mb): what fits into the"
            " function may not fit into its job."
        )
