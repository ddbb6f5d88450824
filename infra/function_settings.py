"""The part of the settings that each function gets, as JSON in its environment.

Pure and without the CDK: `lifeboat doctor` compares it with what is deployed.
"""

from lifeboat.settings import AlertSettings, Settings

_ALL_BUT_SLACK = set(AlertSettings.model_fields) - {"slack"}
"""Settings of alerts that a function does not need to notify people of its own failures."""


def backup_settings(settings: Settings) -> str:
    """Of one database, without what a backup doesn't need: a changed drill doesn't change it."""
    return settings.model_dump_json(
        exclude_defaults=True,
        exclude={
            "drill": True,
            "monitor": True,
            "alerts": _ALL_BUT_SLACK,
            "restore": True,
            "former_encryption_keys": True,
            "databases": {"__all__": {"validation", "neon"}},
        },
    )


def drill_settings(settings: Settings) -> str:
    """Of one database, without what a drill doesn't need."""
    return settings.model_dump_json(
        exclude_defaults=True,
        exclude={
            "monitor": True,
            "alerts": _ALL_BUT_SLACK,
            "restore": True,
            "former_encryption_keys": True,
            "databases": {"__all__": {"neon"}},
        },
    )


def neon_watch_settings(settings: Settings) -> str:
    """Where in Neon each database is that is there, and with which key to ask."""
    return settings.at_providers().model_dump_json(exclude_defaults=True)


def neon_broker_settings(settings: Settings) -> str:
    """Where in Neon those databases are whose runs use branches, and with which key."""
    return settings.at_broker().model_dump_json(exclude_defaults=True)


def neon_restore_settings(settings: Settings) -> str:
    """The databases that Neon may throw back, how reports are kept, and how people are notified."""
    return settings.at_neon_restore().model_dump_json(
        exclude_defaults=True, exclude={"alerts": _ALL_BUT_SLACK}
    )


def monitor_settings(settings: Settings) -> str:
    """What the monitor watches; no secret's name but the webhook's."""
    return settings.watched().model_dump_json(exclude_defaults=True)


def restore_settings(settings: Settings) -> str:
    """Where the databases are, and how to restore; what a copy is asked is the drills' concern.

    Without any jobs it need not know that each database has none: the room is for names and ARNs.
    """
    needed = {"name", "secret_arn"}
    if any(each.has_jobs for each in settings.databases):
        needed.add("engine")
    others = set(type(settings.databases[0]).model_fields) - needed
    return settings.model_dump_json(
        exclude_defaults=True,
        include={"databases", "encryption", "restore", "alerts", "job", "architecture"},
        exclude={"databases": {"__all__": others}, "alerts": _ALL_BUT_SLACK},
    )
