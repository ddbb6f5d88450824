"""The function that backs up one database."""

from constructs import Construct

from infra.backup_role import BackupRole
from infra.function import ALL_BUT_SLACK, LifeboatFunction, Work, settings_variable
from infra.names import function_name
from infra.site import Log, Site
from lifeboat.settings import Settings


class BackupFunction(Construct):
    """A function that backs up one database into the vault, with a role and a log of its own.

    Args:
        scope: parent construct.
        construct_id: its name there.
        settings: with only the database that it backs up.
        site: with the layers of PostgreSQL's client programs and of the Python dependencies.
    """

    def __init__(
        self, scope: Construct, construct_id: str, *, settings: Settings, site: Site
    ) -> None:
        super().__init__(scope, construct_id)
        database = settings.databases[0]
        self.name = function_name(self, "backup", database.name)
        log = Log(self, "Log", function=self.name)
        work = Work(
            name=self.name,
            purpose=f"backs up {database.name}",
            module="backup",
            size=settings.backup,
            settings=_as_variable(settings),
        )
        self.function = LifeboatFunction(
            self,
            "Function",
            work=work,
            site=site,
            role=BackupRole(self, "Role", settings=settings, site=site, log=log),
        )


def _as_variable(settings: Settings) -> str:
    """Without what is of no concern to a backup: a new drill must not mean a new function."""
    name = settings.databases[0].name
    return settings_variable(
        settings.model_dump_json(
            exclude_defaults=True,
            exclude={
                "drill": True,
                "monitor": True,
                "alerts": ALL_BUT_SLACK,
                "restore": True,
                "former_encryption_keys": True,
                "databases": {"__all__": {"validation"}},
            },
        ),
        whose=f"{name}'s backups",
        todo=f"Shorten exclude_table_data of {name}.",
    )
