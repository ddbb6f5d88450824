"""Checks whether backups read a branch in Neon, where the settings say so."""

from collections.abc import Iterator

from lifeboat.alerts.policy.findings import Code, Finding, Level
from lifeboat.model.steps import plain_steps
from lifeboat.model.text import line
from lifeboat.monitor.policy.database_view import DatabaseView

_MAX_TEXT = 500


def branch_findings(view: DatabaseView) -> Iterator[Finding]:
    """Whether the newest backup had to read the database itself."""
    newest = view.complete[0] if view.complete else None
    if newest is None or newest.branch_missing is None or view.database.source == "database":
        return
    yield Finding(
        code=Code.NEON_BRANCH,
        level=Level.WARNING,
        database=view.name,
        headline="has backups that read the database itself, and no branch",
        fact=f"{newest.location.id} read the database itself, since there was no branch:"
        f" {_sentence(newest.branch_missing)} Its locks and its load were the database's.",
        limit='databases[].source = "branch"',
        since=newest.data_as_of,
        basis=newest.data_as_of,
        safe="Backups are complete and go on.",
        advice=plain_steps(
            f"Read the log of the function {view.commands.stack}-neon-broker: it says what to do.",
            "Delete branches that nobody needs if their limit is reached; renew the key if Neon"
            " does not accept it (docs/neon.md).",
            'If backups may read the database itself: databases[].source = "database", then make'
            " deploy.",
        ),
    )


def _sentence(text: str) -> str:
    """A text of others on one line, not too long, as a sentence."""
    short = line(text)[:_MAX_TEXT]
    return short if short.endswith(".") else f"{short}."
