"""Whether Lifeboat could bring anything back, should it have to now."""

from collections.abc import Iterator

from lifeboat.alerts.policy.findings import Code, Finding, Level
from lifeboat.settings import WatchedSettings


def restore_findings(settings: WatchedSettings) -> Iterator[Finding]:
    """That there is no way to restore but by hand."""
    if settings.restorable:
        return
    yield Finding(
        code=Code.RESTORE_NOWHERE,
        level=Level.INFO,
        headline="can be restored from by hand only",
        fact="There is no function that restores, or no server that it may restore into: the role"
        " that takes backups only reads.",
        limit="restore.enabled, restore.target_secret_arns",
        safe="Backups are taken and drilled. Stock pg_restore brings them back without Lifeboat"
        " (docs/runbooks/lifeboat-is-gone.md).",
        advice=(
            "Make a role that may restore: docs/runbooks/onboarding.md#a-role-that-may-restore.",
            "Put its secret into restore.target_secret_arns in lifeboat.toml, then make deploy.",
        ),
    )
