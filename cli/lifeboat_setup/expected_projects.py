"""The projects of CodeBuild that the settings ask for, and how a deployed one differs."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from infra.function_settings import backup_settings, drill_settings, restore_settings
from lifeboat.model.engine import IMAGES, BuildVariable, project_of
from lifeboat.settings import Settings


@dataclass(frozen=True, kw_only=True)
class ExpectedProject:
    """What a deployed project should be.

    Attributes:
        name: of the project.
        compute: its machine, as CodeBuild calls it.
        image: of its builds.
        minutes: until CodeBuild stops a build.
        variables: those that the settings decide.
    """

    name: str
    compute: str
    image: str
    minutes: int
    variables: Mapping[str, str]

    def differences(self, found: Mapping[str, Any] | None) -> Iterator[str]:
        """How the deployed project differs, in a few words each.

        Args:
            found: as CodeBuild describes it; None if it is not there.
        """
        if found is None:
            yield f"{self.name} is not there"
            return
        environment = found["environment"]
        variables = {each["name"]: each["value"] for each in environment["environmentVariables"]}
        if any(variables.get(name) != value for name, value in self.variables.items()):
            yield f"{self.name} has another part of the settings"
        if environment["computeType"] != self.compute:
            yield f"{self.name} has another machine ({environment['computeType']})"
        if environment["image"] != self.image:
            yield f"{self.name} has another image ({environment['image']})"
        if found["timeoutInMinutes"] != self.minutes:
            yield f"{self.name} has another time limit ({found['timeoutInMinutes']} min)"


def expected_projects(
    function: Callable[[str, str | None], str], settings: Settings
) -> Iterator[ExpectedProject]:
    """The projects of all functions whose runs may be jobs.

    Args:
        function: gives the name of a function by work and database.
        settings: with all databases.
    """
    works: list[tuple[Literal["backup", "drill", "restore"], str | None, str]] = []
    for each in settings.databases:
        if not each.has_jobs:
            continue
        own = settings.of_database(each.name)
        works.append(("backup", each.name, backup_settings(own)))
        if settings.drill.enabled:
            works.append(("drill", each.name, drill_settings(own)))
    if works and settings.restore.enabled:
        works.append(("restore", None, restore_settings(settings)))
    job, architecture = settings.job, settings.architecture
    for work, database, text in works:
        yield ExpectedProject(
            name=project_of(function(work, database)),
            compute=f"BUILD_GENERAL1_{job.compute(work).upper()}",
            image=IMAGES[architecture],
            minutes=job.timeout_hours * 60,
            variables={
                "LIFEBOAT_SETTINGS": text,
                BuildVariable.SECONDS: str(job.timeout_hours * 3600),
                BuildVariable.MEMORY_MB: str(job.machine(work, architecture).memory_mb),
            },
        )
