"""The function that restores by Neon."""

from aws_cdk import Stack
from constructs import Construct

from infra.function import FunctionSpec, LifeboatFunction, settings_variable
from infra.function_settings import neon_restore_settings
from infra.names import function_name
from infra.neon_restore_role import NeonRestoreRole
from infra.shared_resources import Log, SharedResources
from lifeboat.settings import Settings
from lifeboat.settings.function_size import MAX_TIMEOUT_MINUTES, FunctionSize

SIZE = FunctionSize(memory_mb=1024, timeout_minutes=MAX_TIMEOUT_MINUTES)
"""It counts on servers, and holds the definitions of one database at a time."""


class NeonRestoreFunction(Construct):
    """One function for all databases that Neon may throw back, when a person asks it.

    Nothing else invokes it: it has no schedule, no event source and no resource policy.

    Args:
        scope: parent construct.
        construct_id: its name there.
        settings: with all databases.
        shared: with the layers of PostgreSQL's client programs and of the Python dependencies.
    """

    def __init__(
        self, scope: Construct, construct_id: str, *, settings: Settings, shared: SharedResources
    ) -> None:
        super().__init__(scope, construct_id)
        self.name = function_name(self, "neon-restore")
        log = Log(self, "Log", function=self.name)
        stack = Stack.of(self).stack_name
        spec = FunctionSpec(
            name=self.name,
            purpose="restores by Neon, on demand only",
            module="neon_restore",
            size=SIZE,
            settings=settings_variable(
                neon_restore_settings(settings),
                whose="the function that restores by Neon",
                todo="Allow it for fewer databases (databases[].neon.restore).",
            ),
            variables={"LIFEBOAT_BACKUP_FUNCTIONS": f"{stack}-backup-"},
        )
        role = NeonRestoreRole(self, "Role", settings=settings, shared=shared, log=log)
        self.function = LifeboatFunction(self, "Function", spec=spec, shared=shared, role=role)
