"""Checks whether Neon can be asked about a database, and what it says.

None of this affects a backup: backups need neither Neon's API nor its key.
"""

from collections.abc import Iterator
from datetime import timedelta

from lifeboat.alerts.policy.findings import Code, Finding, Level
from lifeboat.model.provider import ProblemKind, ProviderReport
from lifeboat.model.steps import plain_steps
from lifeboat.model.text import format_age, format_time, line
from lifeboat.monitor.policy.checks.neon_net import SAFE, net_findings
from lifeboat.monitor.policy.database_view import DatabaseView
from lifeboat.monitor.policy.neon import MAX_AGE, NeonFacts, neon_facts, report_of

KEY_NOTICE = timedelta(days=14)
"""A key that expires sooner is a finding."""

_MAX_TEXT = 500
_NEW_KEY = (
    "Make a new key in the Neon console, in the organization's Settings, API keys: Project-scoped,"
    " for this project."
)
_STORE_KEY = (
    "Put it into the secret of databases[].neon.api_key_secret_arn, as it is and alone; then revoke"
    " the old one. Nothing has to be deployed. docs/neon.md has the steps."
)


def neon_findings(view: DatabaseView) -> Iterator[Finding]:
    """What is wrong with Neon's own safety net of a database, and with asking about it."""
    if view.database.neon is None:
        return
    report, known = report_of(view), neon_facts(view)
    if report and report.problem:
        yield from _problem(view, report)
    if known is None or not known.fresh:
        yield from _stale(view, report, known)
        return
    yield from _key_expires(view, known)
    yield from net_findings(view, known)


def _problem(view: DatabaseView, report: ProviderReport) -> Iterator[Finding]:
    """Problems that somebody has to solve; others pass, or the facts become stale."""
    problem = report.problem
    if problem is None:
        return
    what, todo = _quoted(problem.what), _quoted(problem.next_step)
    if problem.kind in {ProblemKind.KEY, ProblemKind.RIGHTS}:
        yield Finding(
            code=Code.NEON_KEY,
            level=Level.WARNING,
            database=view.name,
            headline="has a key that Neon does not accept",
            fact=f"{what} So Lifeboat doesn't know what Neon itself can give back.",
            since=report.checked,
            basis=report.checked,
            safe=SAFE,
            advice=plain_steps(todo, _NEW_KEY, _STORE_KEY),
        )
    if problem.kind is ProblemKind.MISSING:
        yield Finding(
            code=Code.NEON_GONE,
            level=Level.WARNING,
            database=view.name,
            headline="has a project or branch that Neon does not find",
            fact=f"{what} Either the settings or the key are of another project, or the source of"
            " the backups is gone.",
            limit="databases[].neon.project_id and branch_id",
            since=report.checked,
            basis=report.checked,
            safe="Backups that were taken are complete, and nobody at Neon can delete them. If the"
            " database is gone, the next one fails and says so.",
            advice=plain_steps(
                "Look for the project in the Neon console. A deleted project can be recovered there"
                " for 7 days.",
                "If it is gone for good: docs/runbooks/full-loss.md restores a backup elsewhere.",
                "If it is there, compare its id, and the branch's, with databases[].neon.",
                todo,
            ),
        )


def _stale(
    view: DatabaseView, report: ProviderReport | None, known: NeonFacts | None
) -> Iterator[Finding]:
    """Nothing was learned for longer than one failed look explains."""
    remembered = view.facts.known
    asked = remembered.provider_since if remembered else None
    since = known.at if known else asked
    if since is None or view.now - since <= MAX_AGE:
        return
    if report and report.problem and report.problem.kind in _SAID_BY_ITSELF:
        return
    why, todo = _why_stale(view, report)
    yield Finding(
        code=Code.NEON_WATCH_STALE,
        level=Level.WARNING,
        database=view.name,
        headline="has no recent answer from Neon",
        fact=f"For {format_age(view.now - since)}, Neon has told nothing about {view.name}. {why}",
        limit=f"{format_age(MAX_AGE)}; Neon is asked every hour",
        since=since,
        basis=since,
        safe=SAFE,
        advice=plain_steps(
            todo,
            f"Or read the log of the function {view.commands.stack}-neon-watch. Without a route to"
            " the internet, it cannot reach Neon.",
        ),
    )


_SAID_BY_ITSELF = frozenset({ProblemKind.KEY, ProblemKind.RIGHTS, ProblemKind.MISSING})
"""Problems that have findings of their own."""


def _why_stale(view: DatabaseView, report: ProviderReport | None) -> tuple[str, str]:
    if report is None:
        return "There is no report of any look.", "See whether the function has run."
    if report.problem:
        return _quoted(report.problem.what), _quoted(report.problem.next_step)
    if view.now - report.checked <= MAX_AGE:
        return (
            "Its last answer was about another project or branch than the settings name.",
            "Deploy the settings: make deploy.",
        )
    return f"The last look was at {format_time(report.checked)}.", "See why the function stopped."


def _key_expires(view: DatabaseView, known: NeonFacts) -> Iterator[Finding]:
    ends = known.facts.key.expires
    if ends is None or ends - view.now > KEY_NOTICE:
        return
    yield Finding(
        code=Code.NEON_KEY,
        level=Level.WARNING,
        database=view.name,
        subject="expires",
        headline="has a key of Neon that expires soon",
        fact=f"The API key ends at {format_time(ends)}. After that, Lifeboat does not know what"
        " Neon itself can give back.",
        limit=f"{KEY_NOTICE.days} days before",
        basis=known.at,
        safe=SAFE,
        advice=plain_steps(_NEW_KEY, _STORE_KEY),
    )


def _quoted(text: str) -> str:
    """A text of others on one line, not too long, as a sentence."""
    short = line(text)[:_MAX_TEXT]
    return short if short.endswith(".") else f"{short}."
