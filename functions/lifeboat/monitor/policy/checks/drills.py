"""Whether backups are proven by drills, and what the drills found."""

from collections.abc import Iterator
from datetime import datetime, timedelta

from lifeboat.alerts.policy.findings import Code, Finding, Level
from lifeboat.model.drill_report import DrillReport, Outcome, Verdict
from lifeboat.model.text import format_age, format_time, join_first
from lifeboat.monitor.policy.database_view import GRACE, Case
from lifeboat.monitor.policy.slots import next_slot

_SAFE = "Backups are taken and checked as before."


def drill_findings(case: Case) -> Iterator[Finding]:
    """What is wrong with the drills, or was wrong in the newest one."""
    yield from _unreadable(case)
    if not case.settings.drill.enabled:
        yield _off(case)
    elif not case.reports:
        yield from _never(case)
    else:
        yield from _stale(case)
    for report in case.reports[:1]:
        yield from _verdict(case, report)
        yield from _rto(case, report)


def drill_age(case: Case) -> timedelta | None:
    """How long ago the newest drill began; None when there was none."""
    return max(case.now - case.reports[0].started, timedelta(0)) if case.reports else None


def _unreadable(case: Case) -> Iterator[Finding]:
    for document in case.unreadable_reports:
        yield Finding(
            code=Code.DRILL_REPORT_UNREADABLE,
            level=Level.WARNING,
            database=case.name,
            subject=document.key,
            headline="has an unreadable drill report",
            fact=document.why,
            safe=document.safe,
            advice=(document.todo, f"Run another drill: {case.commands.drill(case.name)}"),
        )


def _off(case: Case) -> Finding:
    return Finding(
        code=Code.DRILLS_DISABLED,
        level=Level.INFO,
        database=case.name,
        headline="has drills disabled",
        fact="Drills are disabled: nothing shows that backups can be restored.",
        limit="drill.enabled",
        safe=_SAFE,
        advice=("Set drill.enabled to true in lifeboat.toml, then make deploy.",),
    )


def _never(case: Case) -> Iterator[Finding]:
    if not case.published:
        return  # there is nothing to drill with, and that is said elsewhere
    known = case.facts.known
    since = known.first_backup if known and known.first_backup else case.published[-1].scheduled_at
    first = next_slot(case.settings.drill.cron, case.database.timezone, since)
    early = first is not None and case.now - first <= GRACE
    yield Finding(
        code=Code.NO_DRILL,
        level=Level.INFO if early else Level.WARNING,
        database=case.name,
        headline="waits for its first drill" if early else "was never drilled",
        fact=f"No drill has restored a backup of {case.name} yet{_due(first, case.now)}.",
        limit=_schedule(case),
        since=None if first is not None and first > case.now else first,
        safe=_SAFE,
        advice=(
            f"Run a drill now: {case.commands.drill(case.name)}",
            f"Read the log of scheduled drills: {case.commands.log('drill', case.name)}",
        ),
    )


def _due(first: datetime | None, now: datetime) -> str:
    if first is None:
        return ", and the schedule never runs"
    return f"; the first drill {'is' if first > now else 'was'} due at {format_time(first)}"


def _schedule(case: Case) -> str:
    return f"schedule '{case.settings.drill.cron}' in {case.database.timezone} (drill.cron)"


def _stale(case: Case) -> Iterator[Finding]:
    newest, age = case.reports[0], case.now - case.reports[0].started
    if age <= timedelta(days=case.settings.monitor.max_drill_age_days):
        return
    yield Finding(
        code=Code.DRILL_TOO_OLD,
        level=Level.WARNING,
        database=case.name,
        headline=f"had no drill for {format_age(age)}",
        fact=f"The newest drill of {case.name} was at {format_time(newest.started)},"
        f" {format_age(age)} ago.",
        limit=f"{case.settings.monitor.max_drill_age_days} days (monitor.max_drill_age_days)",
        since=newest.started,
        basis=newest.started,
        safe=_SAFE,
        advice=(
            f"Run a drill now: {case.commands.drill(case.name)}",
            f"Read the log to see why there are none: {case.commands.log('drill', case.name)}",
        ),
    )


def _verdict(case: Case, report: DrillReport) -> Iterator[Finding]:
    if report.verdict is Verdict.PROVEN:
        return
    failed = report.verdict is Verdict.FAILED
    nothing = not failed and not any(each.outcome is Outcome.PASSED for each in report.tables)
    backup = report.backup or "no backup"
    reasons = join_first(report.reasons, most=5) or "no reason given"
    yield Finding(
        code=Code.DRILL_FAILED if failed else Code.DRILL_PARTIAL,
        level=Level.CRITICAL if failed else Level.WARNING if nothing else Level.INFO,
        database=case.name,
        headline="failed its drill" if failed else "was proven only in part",
        fact=f"The drill of {format_time(report.started)} with {backup} into {report.target}:"
        f" {reasons}.",
        limit="every table, sequence and extension as the manifest says",
        since=report.started,
        basis=report.started,
        safe="The drill changed nothing. " + _other_proof(case, report),
        advice=(
            *([report.advice] if report.advice else []),
            f"Read the report: {case.commands.show(report.key)}",
            f"When it is fixed, run another drill: {case.commands.drill(case.name)}",
        ),
    )


def _other_proof(case: Case, report: DrillReport) -> str:
    for other in case.reports:
        if other.verdict is Verdict.PROVEN and other.backup != report.backup:
            return f"{other.backup} was proven on {format_time(other.started)}."
    return "None of the checked drills proved another backup."


def _rto(case: Case, report: DrillReport) -> Iterator[Finding]:
    if report.verdict is Verdict.FAILED or report.rto_margin_seconds >= 0:
        return
    took = format_age(timedelta(seconds=report.total_seconds))
    yield Finding(
        code=Code.RTO_MISSED,
        level=Level.WARNING,
        database=case.name,
        headline=f"took {took} to restore, longer than its RTO",
        fact=f"The drill of {format_time(report.started)} took {took} ({report.total_seconds:,.0f}"
        " s).",
        limit=f"{report.rto_seconds // 60} min (drill.rto_minutes)",
        since=report.started,
        basis=report.started,
        safe="The backup can be restored, but not within the RTO.",
        advice=(
            (
                "Give the drill's function more memory and so more CPU (drill.memory_mb), and"
                " perhaps more parallel jobs (drill.jobs), then make deploy; or raise"
                " drill.rto_minutes."
            ),
            f"See in the report which step takes the time: {case.commands.show(report.key)}",
        ),
    )
