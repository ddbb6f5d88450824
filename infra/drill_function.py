"""The function that restores one database's backups in drills."""

from constructs import Construct

from infra.branch_access import BranchAccess
from infra.drill_role import DrillRole
from infra.function import FunctionSpec, LifeboatFunction, settings_variable
from infra.function_settings import drill_settings
from infra.job_project import JobProject, JobSources
from infra.names import function_name
from infra.shared_resources import Log, SharedResources
from lifeboat.model.engine import project_of
from lifeboat.settings import Settings


class DrillFunction(Construct):
    """A function that restores a backup of one database for trial, and compares.

    Args:
        scope: parent construct.
        construct_id: its name there.
        settings: with only the database whose backups it restores.
        shared: with the layers of PostgreSQL's servers and of the Python dependencies.
        sources: what its jobs unpack, if it may have jobs.
        branches: how it gets a branch to restore into; None if it gets none.
    """

    def __init__(  # each by its name
        self,
        scope: Construct,
        construct_id: str,
        *,
        settings: Settings,
        shared: SharedResources,
        sources: JobSources | None,
        branches: BranchAccess | None = None,
    ) -> None:
        super().__init__(scope, construct_id)
        database = settings.databases[0]
        sources = sources if database.has_jobs else None
        self.name = function_name(self, "drill", database.name)
        log = Log(self, "Log", function=self.name)
        spec = FunctionSpec(
            name=self.name,
            purpose=f"restores backups of {database.name} for trial",
            module="drill",
            size=settings.drill,
            settings=_as_variable(settings),
            variables=branches.variables if branches else {},
        )
        role = DrillRole(
            self,
            "Role",
            settings=settings,
            shared=shared,
            log=log,
            project=project_of(self.name) if sources else None,
            branches=branches,
        )
        self.function = LifeboatFunction(self, "Function", spec=spec, shared=shared, role=role)
        if sources:
            self.job = JobProject(
                self,
                "Job",
                function=self.function,
                of=spec,
                work="drill",
                job=settings.job,
                role=role,
                shared=shared,
                sources=sources,
            )


def _as_variable(settings: Settings) -> str:
    name = settings.databases[0].name
    return settings_variable(
        drill_settings(settings),
        whose=f"{name}'s drills",
        todo=f"Shorten validation or exclude_table_data of {name}.",
    )
