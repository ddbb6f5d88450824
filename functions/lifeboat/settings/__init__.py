"""What a person may choose: the `lifeboat` object in cdk.json, checked and typed.

`parse` reads it at synth and refuses nonsense; each function then gets its own part as JSON in
the environment (`Settings.of_database`, `Settings.model_dump_json(exclude_defaults=True)`).
"""

from lifeboat.settings.context import parse
from lifeboat.settings.fields import (
    Architecture,
    Deployment,
    ObjectLock,
    StorageClass,
    TierName,
)
from lifeboat.settings.model import (
    BackupSettings,
    DatabaseSettings,
    NetworkSettings,
    Settings,
)
from lifeboat.settings.retention import TIERS, Retention, TierRetention

__all__ = [
    "TIERS",
    "Architecture",
    "BackupSettings",
    "DatabaseSettings",
    "Deployment",
    "NetworkSettings",
    "ObjectLock",
    "Retention",
    "Settings",
    "StorageClass",
    "TierName",
    "TierRetention",
    "parse",
]
