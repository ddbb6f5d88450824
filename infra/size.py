"""How many resources a stack has; tests/stack/test_alerts.py compares it with the template."""

from lifeboat.settings import Settings
from lifeboat.settings.size import FUNCTION_RESOURCES, JOB_RESOURCES

_SHARED = 19
"""Those of a stack without any database, without restores and without a dashboard."""

_RESTORES, _DASHBOARD = 5, 1
"""Function, log, role, async settings and the rule that hears of retrievals; the dashboard."""

_NEON_WATCH = FUNCTION_RESOURCES
"""One function, with a schedule, for all databases in Neon."""

_NEON_RESTORE = 4
"""Function, log, role and async settings, for all databases that Neon may throw back."""

_NEON_BROKER, _BRANCH = 4, 1
"""Function, log, role and async settings, for all databases whose backups read a branch; the
secret of each."""

_JOB_FAILURES = 2
"""The rule that hears of failed jobs, and its right to invoke the monitor."""


def resources(settings: Settings) -> int:
    """How many resources a deployment makes."""
    works = 1 + settings.drill.enabled
    jobs = sum(each.has_jobs for each in settings.databases)
    of_databases = works * (len(settings.databases) * FUNCTION_RESOURCES + jobs * JOB_RESOURCES)
    rest = _RESTORES * settings.restore.enabled + _DASHBOARD * settings.dashboard
    if settings.at_providers().databases:
        rest += _NEON_WATCH
    if settings.at_neon_restore().databases:
        rest += _NEON_RESTORE
    if branches := len(settings.at_broker().databases):
        rest += _NEON_BROKER + _BRANCH * branches
    if jobs:
        rest += _JOB_FAILURES + JOB_RESOURCES * settings.restore.enabled
    return _SHARED + rest + len(settings.alerts.emails) + of_databases
