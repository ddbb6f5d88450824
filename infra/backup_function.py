"""The function that backs up one database."""

from constructs import Construct

from infra.backup_role import BackupRole
from infra.branch_access import BranchAccess
from infra.function import FunctionSpec, LifeboatFunction, settings_variable
from infra.function_settings import backup_settings
from infra.job_project import JobProject, JobSources
from infra.names import function_name
from infra.shared_resources import Log, SharedResources
from lifeboat.model.engine import project_of
from lifeboat.settings import Settings


class BackupFunction(Construct):
    """A function that backs up one database into the bucket, with its own role and log.

    Args:
        scope: parent construct.
        construct_id: its name there.
        settings: with only the database that it backs up.
        shared: with the layers of PostgreSQL's client programs and of the Python dependencies.
        sources: what its jobs unpack, if it may have jobs.
        branches: how it gets a branch to read; None if it reads the database itself.
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
        self.name = function_name(self, "backup", database.name)
        log = Log(self, "Log", function=self.name)
        spec = FunctionSpec(
            name=self.name,
            purpose=f"backs up {database.name}",
            module="backup",
            size=settings.backup,
            settings=_as_variable(settings),
            variables=branches.variables if branches else {},
        )
        role = BackupRole(
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
                work="backup",
                job=settings.job,
                role=role,
                shared=shared,
                sources=sources,
            )


def _as_variable(settings: Settings) -> str:
    name = settings.databases[0].name
    return settings_variable(
        backup_settings(settings),
        whose=f"{name}'s backups",
        todo=f"Shorten exclude_table_data of {name}.",
    )
