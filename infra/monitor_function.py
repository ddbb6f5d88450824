"""The function of the monitor."""

from dataclasses import replace

from constructs import Construct

from infra.function import FunctionSpec, LifeboatFunction, settings_variable
from infra.function_settings import monitor_settings
from infra.monitor_role import MonitorRole
from infra.names import function_name
from infra.shared_resources import Log, SharedResources
from lifeboat.monitor.policy.bill import MONITOR_MEMORY_MB, secrets_of
from lifeboat.settings import Settings
from lifeboat.settings.function_size import FunctionSize

SIZE = FunctionSize(memory_mb=MONITOR_MEMORY_MB, timeout_minutes=10)


class MonitorFunction(Construct):
    """A function that checks the bucket and notifies people of changes.

    It runs outside of any VPC: it needs no database, and it must be able to notify people when the
    network of the backups has no way out.

    Args:
        scope: parent construct.
        construct_id: its name there.
        settings: with all databases.
        shared: with the layer of the Python dependencies.
    """

    def __init__(
        self, scope: Construct, construct_id: str, *, settings: Settings, shared: SharedResources
    ) -> None:
        super().__init__(scope, construct_id)
        outside = replace(shared, network=None)
        self.name = function_name(self, "monitor")
        log = Log(self, "Log", function=self.name)
        spec = FunctionSpec(
            name=self.name,
            purpose="checks the backup bucket and notifies people",
            module="monitor",
            size=SIZE,
            settings=settings_variable(
                monitor_settings(settings),
                whose="the monitor",
                todo="Use shorter names and schedules of databases, or a second stack for some:"
                " make deploy ARGS='-c settings_file=lifeboat.<name>.toml'.",
            ),
            variables={"LIFEBOAT_SECRETS": str(secrets_of(settings))},
        )
        role = MonitorRole(self, "Role", settings=settings, shared=outside, log=log)
        self.function = LifeboatFunction(
            self,
            "Function",
            spec=spec,
            shared=outside,
            role=role,
        )
