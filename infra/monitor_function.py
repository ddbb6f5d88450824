"""The function that watches over the vault."""

from dataclasses import replace

from constructs import Construct

from infra.function import LifeboatFunction, Work, settings_variable
from infra.monitor_role import MonitorRole
from infra.names import function_name
from infra.site import Log, Site
from lifeboat.monitor.policy.bill import MONITOR_MEMORY_MB, secrets_of
from lifeboat.settings import Settings
from lifeboat.settings.function_size import FunctionSize

SIZE = FunctionSize(memory_mb=MONITOR_MEMORY_MB, timeout_minutes=10)


class MonitorFunction(Construct):
    """A function that judges what lies in the vault and tells people when that changes.

    It runs outside of any VPC: it needs no database, and it must be able to tell when the
    network in which backups are taken has lost its way out.

    Args:
        scope: parent construct.
        construct_id: its name there.
        settings: with all databases.
        site: with the layer of the Python dependencies.
    """

    def __init__(
        self, scope: Construct, construct_id: str, *, settings: Settings, site: Site
    ) -> None:
        super().__init__(scope, construct_id)
        outside = replace(site, network=None)
        self.name = function_name(self, "monitor")
        log = Log(self, "Log", function=self.name)
        work = Work(
            name=self.name,
            purpose="checks the backup bucket and notifies people",
            module="monitor",
            size=SIZE,
            settings=settings_variable(
                settings.watched().model_dump_json(exclude_defaults=True),
                whose="the monitor",
                todo="Use shorter names and schedules of databases, or a second stack for some:"
                " make deploy ARGS='-c settings_file=lifeboat.<name>.toml'.",
            ),
            variables={"LIFEBOAT_SECRETS": str(secrets_of(settings))},
        )
        role = MonitorRole(self, "Role", alerts=settings.alerts, site=outside, log=log)
        self.function = LifeboatFunction(
            self,
            "Function",
            work=work,
            site=outside,
            role=role,
        )
