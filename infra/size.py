"""How many resources a stack has; tests/stack/test_alerts.py compares it with the template."""

from lifeboat.settings import Settings

_SHARED = 19
"""Those of a stack without any database, without restores and without a dashboard."""

_RESTORES, _DASHBOARD = 5, 1
"""Function, log, role, async settings and the rule that hears of retrievals; the dashboard."""

_BACKUPS, _DRILLS = 6, 6
"""Those of a database: function, log, role, async settings, schedule and the schedule's role."""


def resources(settings: Settings) -> int:
    """How many resources a deployment makes."""
    each = _BACKUPS + _DRILLS * settings.drill.enabled
    rest = _RESTORES * settings.restore.enabled + _DASHBOARD * settings.dashboard
    return _SHARED + rest + len(settings.alerts.emails) + each * len(settings.databases)
