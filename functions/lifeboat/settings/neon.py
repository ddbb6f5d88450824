"""The project of Neon that a database is in, and the key by which Lifeboat asks Neon about it."""

from typing import Annotated

from lifeboat.errors import EventError
from lifeboat.model.aws import ObjectLock
from lifeboat.model.branches import Purpose
from lifeboat.settings.fields import (
    Encryption,
    KeyArn,
    SettingsModel,
    Switch,
    expects,
    matching,
)
from lifeboat.settings.secret_arns import SecretArn
from lifeboat.settings.watch import AlertSettings

_ID = r"[a-z0-9-]{1,60}"


class WatchedNeon(SettingsModel):
    """Which branch of which project a database is in. See docs/neon.md."""

    project_id: Annotated[
        str,
        matching(_ID),
        expects("the id of a project of Neon, such as shiny-wind-028834"),
    ]
    """Id of the project: in the Neon console under Settings, General."""

    branch_id: Annotated[
        str | None,
        matching(_ID),
        expects("the id of a branch, such as br-small-term-683261"),
    ] = None
    """Id of the branch that the database is in; None: the project's default branch."""


class NeonSettings(WatchedNeon):
    """The same, with the key. Only the functions that speak to Neon can read the key."""

    api_key_secret_arn: Annotated[
        SecretArn, expects("the full ARN of a secret, or SSM parameter, that has an API key alone")
    ]
    """Secret or SSM SecureString with an API key of Neon, and nothing else in it."""

    api_key_secret_key_arn: Annotated[KeyArn | None, expects("the ARN of a KMS key")] = None
    """That secret's KMS key if it is one of your own; None for the default, AWS's own."""

    restore: Switch = False
    """Whether people may have Neon throw the branch back in time, by a function of its own."""

    def watched(self) -> WatchedNeon:
        """Without the key's secret."""
        return WatchedNeon(project_id=self.project_id, branch_id=self.branch_id)


class NeonDatabase(SettingsModel):
    """A database that Neon is asked about."""

    name: str
    """Its name in the settings."""

    neon: NeonSettings
    """Where it is in Neon."""


class BrokeredDatabase(NeonDatabase):
    """A database whose backups read a branch, or whose drills restore into one."""

    secret_arn: SecretArn | None = None
    """The secret of its connection, which names the role and the database on the server; None if
    its backups read no branch."""

    secret_key_arn: KeyArn | None = None
    """That secret's KMS key if it is one of your own."""

    drills: Switch = False
    """Whether its drills restore into a branch."""

    def uses_branch(self, purpose: Purpose) -> bool:
        """Whether branches are made for that."""
        return self.drills if purpose == "drill" else self.secret_arn is not None


class BrokerSettings(SettingsModel):
    """The settings of the function that makes branches in Neon."""

    databases: tuple[BrokeredDatabase, ...]
    """The databases of which it makes branches."""

    job_hours: int
    """How long a job may take, in hours: the branch of one lives as long."""

    def names(self, purpose: Purpose) -> tuple[str, ...]:
        """The databases for whose backups, or drills, branches are made."""
        return tuple(each.name for each in self.databases if each.uses_branch(purpose))


class ProviderSettings(SettingsModel):
    """The settings of the function that asks providers."""

    databases: tuple[NeonDatabase, ...]
    """The databases that it asks about."""

    encryption: Encryption = "S3"
    """How what it writes is encrypted."""

    @property
    def kms_key(self) -> str | None:
        """The ARN of the KMS key for that; None for keys that S3 manages."""
        return None if self.encryption == "S3" else self.encryption


class NeonRestoreSettings(SettingsModel):
    """The settings of the function that restores by Neon."""

    databases: tuple[NeonDatabase, ...]
    """The databases that it may restore."""

    encryption: Encryption = "S3"
    """How what it writes is encrypted."""

    object_lock: ObjectLock = "governance"
    """How its reports are locked."""

    alerts: AlertSettings = AlertSettings()
    """How it notifies people."""

    @property
    def kms_key(self) -> str | None:
        """The ARN of the KMS key for that; None for keys that S3 manages."""
        return None if self.encryption == "S3" else self.encryption

    def of_database(self, name: str) -> NeonDatabase:
        """Where in Neon a database is.

        Raises:
            EventError: it is none that may be restored by Neon; those that may are listed.
        """
        found = next((each for each in self.databases if each.name == name), None)
        if found is None:
            known = ", ".join(each.name for each in self.databases)
            raise EventError(
                f"The settings don't allow to restore {name!r} by Neon.",
                todo=f"Use one of: {known}. To allow it: restore = true below [databases.neon] in"
                " lifeboat.toml, then `make deploy`.",
            )
        return found
