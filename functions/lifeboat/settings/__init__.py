"""The settings in lifeboat.toml, checked and typed.

`parse` reads and checks them at synth. Each function then gets its own part as JSON in its
environment (`Settings.of_database`, `Settings.model_dump_json(exclude_defaults=True)`).
"""

from lifeboat.settings.context import parse
from lifeboat.settings.drill import DrillSettings
from lifeboat.settings.fields import Deployment
from lifeboat.settings.job import JobSettings, Work
from lifeboat.settings.model import (
    BackupSettings,
    DatabaseSettings,
    Settings,
    WatchedDatabase,
    WatchedSettings,
)
from lifeboat.settings.neon import (
    BrokeredDatabase,
    BrokerSettings,
    NeonDatabase,
    NeonRestoreSettings,
    NeonSettings,
    ProviderSettings,
    WatchedNeon,
)
from lifeboat.settings.network import NetworkSettings
from lifeboat.settings.restore import RestoreSettings
from lifeboat.settings.retention import Retention, TierRetention
from lifeboat.settings.size import MAX_DATABASES, MAX_DATABASES_WITH_JOBS
from lifeboat.settings.transfer import TransferSettings
from lifeboat.settings.validation import EXPECTATION, ValidationQuery
from lifeboat.settings.watch import AlertSettings, MonitorSettings

__all__ = [
    "EXPECTATION",
    "MAX_DATABASES",
    "MAX_DATABASES_WITH_JOBS",
    "AlertSettings",
    "BackupSettings",
    "BrokerSettings",
    "BrokeredDatabase",
    "DatabaseSettings",
    "Deployment",
    "DrillSettings",
    "JobSettings",
    "MonitorSettings",
    "NeonDatabase",
    "NeonRestoreSettings",
    "NeonSettings",
    "NetworkSettings",
    "ProviderSettings",
    "RestoreSettings",
    "Retention",
    "Settings",
    "TierRetention",
    "TransferSettings",
    "ValidationQuery",
    "WatchedDatabase",
    "WatchedNeon",
    "WatchedSettings",
    "Work",
    "parse",
]
