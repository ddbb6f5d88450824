"""The function that restores one database's backups for trial."""

from constructs import Construct

from infra.drill_role import DrillRole
from infra.function import ALL_BUT_SLACK, LifeboatFunction, Work, settings_variable
from infra.names import function_name
from infra.site import Log, Site
from lifeboat.settings import Settings


class DrillFunction(Construct):
    """A function that restores a backup of one database into a server of its own and compares.

    Args:
        scope: parent construct.
        construct_id: its name there.
        settings: with only the database whose backups it tries.
        site: with the layers of PostgreSQL's servers and of the Python dependencies.
    """

    def __init__(
        self, scope: Construct, construct_id: str, *, settings: Settings, site: Site
    ) -> None:
        super().__init__(scope, construct_id)
        database = settings.databases[0]
        self.name = function_name(self, "drill", database.name)
        log = Log(self, "Log", function=self.name)
        work = Work(
            name=self.name,
            purpose=f"restores backups of {database.name} for trial",
            module="drill",
            size=settings.drill,
            settings=_as_variable(settings),
        )
        self.function = LifeboatFunction(
            self,
            "Function",
            work=work,
            site=site,
            role=DrillRole(self, "Role", settings=settings, site=site, log=log),
        )


def _as_variable(settings: Settings) -> str:
    name = settings.databases[0].name
    return settings_variable(
        settings.model_dump_json(
            exclude_defaults=True,
            exclude={
                "monitor": True,
                "alerts": ALL_BUT_SLACK,
                "restore": True,
                "former_encryption_keys": True,
            },
        ),
        whose=f"{name}'s drills",
        todo=f"Shorten validation or exclude_table_data of {name}.",
    )
