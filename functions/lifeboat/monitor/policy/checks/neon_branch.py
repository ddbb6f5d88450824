"""Checks whether backups and drills use a branch in Neon, where the settings say so."""

from collections.abc import Iterator

from lifeboat.alerts.policy.findings import Code, Finding, Level
from lifeboat.model.drill_target import NEON_BRANCH
from lifeboat.model.steps import plain_steps
from lifeboat.model.text import format_time, line
from lifeboat.monitor.policy.database_view import DatabaseView

_MAX_TEXT = 500


DRILLS = "drills"
"""The subject of the finding about drills; that about backups has none."""


def branch_findings(view: DatabaseView) -> Iterator[Finding]:
    """Whether the newest backup, or the newest drill, had to do without."""
    yield from _backup(view)
    yield from _drill(view)


def _backup(view: DatabaseView) -> Iterator[Finding]:
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
            *_cures(view),
            'If backups may read the database itself: databases[].source = "database", then make'
            " deploy.",
        ),
    )


def _drill(view: DatabaseView) -> Iterator[Finding]:
    newest = view.reports[0] if view.reports else None
    if newest is None or newest.branch_missing is None:
        return
    if view.database.drill_target != NEON_BRANCH:
        return
    yield Finding(
        code=Code.NEON_BRANCH,
        level=Level.WARNING,
        database=view.name,
        subject=DRILLS,
        headline="has drills that restore into a server of their own, and into no branch",
        fact=f"The drill of {format_time(newest.started)} restored into a server of its own, since"
        f" there was no branch: {_sentence(newest.branch_missing)} What that server lacks was not"
        " tested.",
        limit=f'databases[].drill_target = "{NEON_BRANCH}"',
        since=newest.started,
        basis=newest.started,
        safe="Backups are complete and go on; the drill tested what its own server has.",
        advice=(
            *plain_steps(*_cures(view)),
            view.commands.to_drill("Then run another drill", view.name),
        ),
    )


def _cures(view: DatabaseView) -> tuple[str, str]:
    return (
        f"Read the log of the function {view.commands.stack}-neon-broker: it says what to do.",
        (
            "Delete branches that nobody needs if their limit is reached; renew the key if Neon"
            " does not accept it (docs/neon.md)."
        ),
    )


def _sentence(text: str) -> str:
    """A text of others on one line, not too long, as a sentence."""
    short = line(text)[:_MAX_TEXT]
    return short if short.endswith(".") else f"{short}."
