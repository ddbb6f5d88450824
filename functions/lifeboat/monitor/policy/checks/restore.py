"""Checks whether Lifeboat can restore into a server."""

from collections.abc import Iterator

from lifeboat.alerts.policy.findings import Code, Finding, Level
from lifeboat.model.steps import plain_steps
from lifeboat.settings import WatchedSettings


def restore_findings(settings: WatchedSettings) -> Iterator[Finding]:
    """A finding if backups can only be restored manually."""
    if settings.restorable:
        return
    yield Finding(
        code=Code.NO_RESTORE_TARGET,
        level=Level.INFO,
        headline="can only be restored from manually",
        fact="There is no restore function, or it has no server to restore into: the role that"
        " takes backups may only read.",
        limit="restore.enabled, restore.target_secret_arns",
        safe="Backups and drills run. Standard pg_restore restores a backup without Lifeboat"
        " (docs/runbooks/lifeboat-is-gone.md).",
        advice=plain_steps(
            "Create a role that may restore: docs/runbooks/onboarding.md#a-role-that-may-restore.",
            "Put its secret into restore.target_secret_arns in lifeboat.toml, then make deploy.",
        ),
    )
