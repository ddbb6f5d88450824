"""Checks whether drills prove the backups, and what the newest drill found."""

from collections.abc import Iterator
from datetime import datetime, timedelta

from lifeboat.alerts.policy.findings import Code, Finding, Level
from lifeboat.model.drill_report import DrillReport, Outcome, Verdict
from lifeboat.model.steps import Step, plain_steps
from lifeboat.model.text import format_age, format_time, join_first
from lifeboat.monitor.policy.database_view import RUN_GRACE, DatabaseView
from lifeboat.monitor.policy.scheduled_times import next_scheduled
from lifeboat.settings.size_names import size_setting

_SAFE = "Backups are taken and checked as before."


def drill_findings(view: DatabaseView) -> Iterator[Finding]:
    """What is wrong with the drills, or with the newest one."""
    yield from _unreadable(view)
    if not view.settings.drill.enabled:
        yield _off(view)
    elif not view.reports:
        yield from _never(view)
    else:
        yield from _stale(view)
    for report in view.reports[:1]:
        yield from _verdict(view, report)
        yield from _rto(view, report)


def drill_age(view: DatabaseView) -> timedelta | None:
    """The time since the start of the newest drill; None if there was none."""
    return max(view.now - view.reports[0].started, timedelta(0)) if view.reports else None


def _unreadable(view: DatabaseView) -> Iterator[Finding]:
    for document in view.unreadable_reports:
        yield Finding(
            code=Code.DRILL_REPORT_UNREADABLE,
            level=Level.WARNING,
            database=view.name,
            subject=document.key,
            headline="has an unreadable drill report",
            fact=document.why,
            safe=document.safe,
            advice=(
                Step(document.todo),
                view.commands.to_drill("Run another drill", view.name),
            ),
        )


def _off(view: DatabaseView) -> Finding:
    return Finding(
        code=Code.DRILLS_DISABLED,
        level=Level.INFO,
        database=view.name,
        headline="has drills disabled",
        fact="Drills are disabled: nothing shows that backups can be restored.",
        limit="drill.enabled",
        safe=_SAFE,
        advice=plain_steps("Set drill.enabled to true in lifeboat.toml, then make deploy."),
    )


def _never(view: DatabaseView) -> Iterator[Finding]:
    if not view.published:
        return  # there is nothing to drill, and another finding says so
    known = view.facts.known
    since = known.first_backup if known and known.first_backup else view.published[-1].scheduled_at
    first = next_scheduled(view.settings.drill.cron, view.database.timezone, since)
    early = first is not None and view.now - first <= RUN_GRACE
    yield Finding(
        code=Code.NO_DRILL,
        level=Level.INFO if early else Level.WARNING,
        database=view.name,
        headline="waits for its first drill" if early else "was never drilled",
        fact=f"No drill has restored a backup of {view.name} yet{_due(first, view.now)}.",
        limit=_schedule(view),
        since=None if first is not None and first > view.now else first,
        safe=_SAFE,
        advice=(
            view.commands.to_drill("Run a drill now", view.name),
            Step("Read the log of scheduled drills", view.commands.log("drill", view.name)),
        ),
    )


def _due(first: datetime | None, now: datetime) -> str:
    if first is None:
        return ", and the schedule never runs"
    return f"; the first drill {'is' if first > now else 'was'} due at {format_time(first)}"


def _schedule(view: DatabaseView) -> str:
    return f"schedule '{view.settings.drill.cron}' in {view.database.timezone} (drill.cron)"


def _stale(view: DatabaseView) -> Iterator[Finding]:
    newest, age = view.reports[0], view.now - view.reports[0].started
    if age <= timedelta(days=view.settings.monitor.max_drill_age_days):
        return
    yield Finding(
        code=Code.DRILL_TOO_OLD,
        level=Level.WARNING,
        database=view.name,
        headline=f"had no drill for {format_age(age)}",
        fact=f"The newest drill of {view.name} was at {format_time(newest.started)},"
        f" {format_age(age)} ago.",
        limit=f"{view.settings.monitor.max_drill_age_days} days (monitor.max_drill_age_days)",
        since=newest.started,
        basis=newest.started,
        safe=_SAFE,
        advice=(
            view.commands.to_drill("Run a drill now", view.name),
            Step("Read the log to see why there are none", view.commands.log("drill", view.name)),
        ),
    )


def _verdict(view: DatabaseView, report: DrillReport) -> Iterator[Finding]:
    if report.verdict is Verdict.PROVEN:
        return
    failed = report.verdict is Verdict.FAILED
    nothing = not failed and not any(each.outcome is Outcome.PASSED for each in report.tables)
    backup = report.backup or "no backup"
    reasons = join_first(report.reasons, most=5) or "no reason given"
    yield Finding(
        code=Code.DRILL_FAILED if failed else Code.DRILL_PARTIAL,
        level=Level.CRITICAL if failed else Level.WARNING if nothing else Level.INFO,
        database=view.name,
        headline="failed its drill" if failed else "was proven only in part",
        fact=f"The drill of {format_time(report.started)} with {backup} into {report.target}:"
        f" {reasons}.",
        limit="every table, sequence and extension as the manifest says",
        since=report.started,
        basis=report.started,
        safe="The drill changed nothing. " + _other_proof(view, report),
        advice=(
            *([Step(report.advice)] if report.advice else []),
            Step("Read the report", view.commands.show(report.key)),
            view.commands.to_drill("When it is fixed, run another drill", view.name),
        ),
    )


def _other_proof(view: DatabaseView, report: DrillReport) -> str:
    for other in view.reports:
        if other.verdict is Verdict.PROVEN and other.backup != report.backup:
            return f"{other.backup} was proven on {format_time(other.started)}."
    return "None of the checked drills proved another backup."


def _rto(view: DatabaseView, report: DrillReport) -> Iterator[Finding]:
    if report.verdict is Verdict.FAILED or report.rto_margin_seconds >= 0:
        return
    took = format_age(timedelta(seconds=report.total_seconds))
    more = size_setting(report.engine, "drill", "memory")
    yield Finding(
        code=Code.RTO_MISSED,
        level=Level.WARNING,
        database=view.name,
        headline=f"took {took} to restore, longer than its RTO",
        fact=f"The drill of {format_time(report.started)} took {took} ({report.total_seconds:,.0f}"
        " s).",
        limit=f"{report.rto_seconds // 60} min (drill.rto_minutes)",
        since=report.started,
        basis=report.started,
        safe="The backup can be restored, but not within the RTO.",
        advice=(
            Step(
                f"Give drills more memory and so more CPU ({more}), and perhaps more parallel jobs"
                " (drill.jobs), then make deploy; or raise drill.rto_minutes."
            ),
            Step("See in the report which step takes the time", view.commands.show(report.key)),
        ),
    )
