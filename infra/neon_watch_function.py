"""The function that asks Neon about its databases."""

from constructs import Construct

from infra.function import FunctionSpec, LifeboatFunction, settings_variable
from infra.function_settings import neon_watch_settings
from infra.names import function_name
from infra.neon_watch_role import NeonWatchRole
from infra.shared_resources import Log, SharedResources
from lifeboat.settings import Settings
from lifeboat.settings.function_size import FunctionSize

SIZE = FunctionSize(memory_mb=512, timeout_minutes=5)

NEON_WATCH_CRON = "10 * * * ? *"
"""Hourly, five minutes before the monitor's default: it then judges what is new."""


class NeonWatchFunction(Construct):
    """One function for all databases in Neon, as it mostly waits.

    It runs in the network of the settings if there is one, as what meets a database does; that
    network needs a route to the internet, where Neon's API is.

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
        self.name = function_name(self, "neon-watch")
        log = Log(self, "Log", function=self.name)
        spec = FunctionSpec(
            name=self.name,
            purpose="asks Neon what it can give back itself",
            module="provider_watch",
            size=SIZE,
            settings=settings_variable(
                neon_watch_settings(settings),
                whose="the function that asks Neon",
                todo="Use shorter names of databases and secrets, or a second stack for some:"
                " make deploy ARGS='-c settings_file=lifeboat.<name>.toml'.",
            ),
        )
        role = NeonWatchRole(self, "Role", settings=settings, shared=shared, log=log)
        self.function = LifeboatFunction(self, "Function", spec=spec, shared=shared, role=role)
