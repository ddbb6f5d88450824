"""Checks which limits a growing database will reach soon."""

from collections.abc import Iterable, Iterator
from datetime import timedelta

from lifeboat.alerts.policy.findings import Code, Finding, Level
from lifeboat.model.drill_report import DrillReport, Limit, Verdict
from lifeboat.model.engine import MAX_JOB_HOURS, Engine
from lifeboat.model.steps import plain_steps
from lifeboat.model.text import format_size, format_time
from lifeboat.monitor.policy.backup_facts import BackupFacts
from lifeboat.monitor.policy.database_view import DatabaseView
from lifeboat.monitor.policy.trend import Point, trend
from lifeboat.settings.function_size import MAX_EPHEMERAL_MB, MAX_TIMEOUT_MINUTES

NEAR_LIMIT = 0.9
"""A run that used this share of its time is a finding even without a trend."""

_LIMITS = {
    "rto": (Code.RTO_AT_RISK, "its RTO"),
    "time": (Code.DRILL_TIMEOUT_AT_RISK, "the time limit of a drill"),
    "disk": (Code.DRILL_DISK_AT_RISK, "the disk size of a drill"),
}
_AUTO = 'Let it run as a job, with hours and a larger disk (engine = "auto"), then make deploy.'
_EXCLUDE = "Exclude rows that can be created again (exclude_table_data)."
_MORE_TIME = {
    Engine.FUNCTION: f"Raise backup.timeout_minutes (up to {MAX_TIMEOUT_MINUTES}) or"
    " backup.memory_mb, which brings more CPU and network, then make deploy.",
    Engine.JOB: f"Raise job.timeout_hours (up to {MAX_JOB_HOURS}) or take a larger machine"
    " (job.backup_compute), then make deploy.",
}
"""What gives a backup more time, by what it is taken in."""

_OWN_SERVER = "then make deploy; or drill into a server of your own (drill.target_secret_arns)."
_SETTINGS = {
    (Engine.FUNCTION, "rto"): "drill.rto_minutes",
    (Engine.FUNCTION, "time"): "drill.timeout_minutes",
    (Engine.FUNCTION, "disk"): "drill.ephemeral_mb",
    (Engine.JOB, "rto"): "drill.rto_minutes",
    (Engine.JOB, "time"): "job.timeout_hours",
    (Engine.JOB, "disk"): "job.drill_compute",
}
"""The setting that sets a drill's limit, by what the drill runs in."""

_ADVICE = {
    (Engine.FUNCTION, "rto"): "Give the drill's function more memory and so more CPU"
    " (drill.memory_mb), or raise drill.rto_minutes, then make deploy.",
    (Engine.FUNCTION, "time"): "Give the drill's function more memory and so more CPU"
    f" (drill.memory_mb), {_OWN_SERVER}",
    (Engine.FUNCTION, "disk"): f"Raise drill.ephemeral_mb (up to {MAX_EPHEMERAL_MB}),"
    f" {_OWN_SERVER}",
    (Engine.JOB, "rto"): "Take a larger machine (job.drill_compute), or raise drill.rto_minutes,"
    " then make deploy.",
    (Engine.JOB, "time"): "Take a larger machine (job.drill_compute) or raise job.timeout_hours"
    f" (up to {MAX_JOB_HOURS}), {_OWN_SERVER}",
    (Engine.JOB, "disk"): f"Take a machine with a larger disk (job.drill_compute), {_OWN_SERVER}",
}


def forecast_findings(view: DatabaseView) -> Iterator[Finding]:
    """Which limits are near, or will be within `monitor.forecast_days`."""
    yield from _backup_time(view)
    for report in view.reports:
        if report.verdict is not Verdict.FAILED:
            for limit in _in_order(report.limits):
                yield from _limit(view, report, limit, report.engine)
            if view.database.engine == "auto":
                for limit in _in_order(report.job_limits):
                    yield from _limit(view, report, limit, Engine.JOB)
            return


def _in_order(limits: Iterable[Limit]) -> list[Limit]:
    return sorted(limits, key=lambda each: (each.what, each.database_bytes))


def measured(view: DatabaseView, code: Code) -> bool:
    """Whether a forecast was possible; if not, the absence of a finding means nothing."""
    points = [Point(each.data_as_of, each.database_bytes) for each in view.complete]
    if trend(points, view.now) is None:
        return False
    newest = next((each for each in view.reports if each.verdict is not Verdict.FAILED), None)
    found = (*newest.limits, *newest.job_limits) if newest else ()
    limits = [each for each in found if newest and not _is_missed(newest, each)]
    return code is Code.BACKUP_TIMEOUT_AT_RISK or code in {_LIMITS[each.what][0] for each in limits}


def _is_missed(report: DrillReport, limit: Limit) -> bool:
    """Whether the limit is already exceeded, which another finding reports."""
    return limit.what == "rto" and report.rto_margin_seconds < 0


def _backup_time(view: DatabaseView) -> Iterator[Finding]:
    """A backup's time limit; what a function can't do becomes a job, if the settings allow it."""
    if not view.complete:
        return
    newest, choice = view.complete[0], view.database.engine
    engine = Engine.JOB if choice == "job" else newest.engine
    limit, setting = _time_limit(view, engine)
    alike = [each for each in view.complete if each.engine is newest.engine]
    points = [Point(each.data_as_of, each.seconds) for each in alike]
    days = _days_until(view, points, limit)
    if days is None and newest.seconds < limit * NEAR_LIMIT:
        return
    grows = (
        "" if days is None else f" By the last {len(points)} backups, it reaches this limit {days}."
    )
    fact = f"{newest.location.id} took {newest.seconds:,.0f} s of {limit:,.0f} s.{grows}"
    if choice == "auto" and engine is Engine.FUNCTION:
        yield _becomes_job(view, newest, "backup", fact)
        return
    auto = [_AUTO] if engine is Engine.FUNCTION else []
    yield Finding(
        code=Code.BACKUP_TIMEOUT_AT_RISK,
        level=Level.WARNING,
        database=view.name,
        headline="will soon take too long to back up",
        fact=fact,
        limit=f"{limit:,.0f} s ({setting})",
        since=newest.data_as_of,
        basis=newest.data_as_of,
        safe="Backups are still complete. A run without time left stops cleanly and reports it.",
        advice=plain_steps(*auto, _MORE_TIME[engine], _EXCLUDE),
    )


def _time_limit(view: DatabaseView, engine: Engine) -> tuple[float, str]:
    """Seconds after which a backup is too long, and the setting that says so."""
    settings = view.settings
    if engine is Engine.JOB:
        return settings.job.timeout_hours * 3600, "job.timeout_hours"
    seconds = settings.backup.timeout_minutes * 60
    if view.database.engine == "auto":
        return seconds * settings.job.threshold_percent / 100, "job.threshold_percent"
    return seconds, "backup.timeout_minutes"


def _becomes_job(view: DatabaseView, newest: BackupFacts, kind: str, fact: str) -> Finding:
    """Nobody has to do anything: what doesn't fit into a function runs as a job."""
    return Finding(
        code=Code.BECOMES_JOB,
        level=Level.INFO,
        database=view.name,
        subject=kind,
        headline=f"has {kind}s that will soon run as jobs",
        fact=f"{fact} Then its {kind}s run as jobs.",
        limit='databases[].engine = "auto"',
        since=newest.data_as_of,
        basis=newest.data_as_of,
        safe="Nothing is interrupted.",
        advice=plain_steps("Nothing. docs/large-databases.md says what a job costs."),
    )


def _days_until(view: DatabaseView, points: list[Point], limit: float) -> str | None:
    """When the trend reaches the limit, in words; None if not within `forecast_days`."""
    line = trend(points, view.now)
    days = line.days_until(limit) if line else None
    if days is None or days > view.settings.monitor.forecast_days:
        return None
    return (
        f"in {days:.0f} days, about {format_time(view.now + timedelta(days=days))[:10]}"
        if days
        else "now"
    )


def _limit(
    view: DatabaseView, report: DrillReport, limit: Limit, engine: Engine
) -> Iterator[Finding]:
    """A limit that a drill measured, compared with the database's size in the backups."""
    if _is_missed(report, limit) or not view.complete:
        return
    newest = view.complete[0]
    points = [Point(each.data_as_of, each.database_bytes) for each in view.complete]
    days = _days_until(view, points, limit.database_bytes)
    if days is None and newest.database_bytes < limit.database_bytes:
        return
    code, what = _LIMITS[limit.what]
    fact = (
        f"By the drill of {format_time(report.started)}, {view.name} reaches {what} at"
        f" {format_size(limit.database_bytes)}. It has {format_size(newest.database_bytes)} and"
        f" reaches it {days or 'now'}."
    )
    may_move = engine is Engine.FUNCTION and limit.what != "rto"
    if may_move and view.database.engine != "function":
        yield _becomes_job(view, newest, "drill", fact)
        return
    yield Finding(
        code=code,
        level=Level.WARNING,
        database=view.name,
        headline=f"will soon exceed {what}",
        fact=fact,
        limit=f"{format_size(limit.database_bytes)} ({_SETTINGS[engine, limit.what]})",
        since=newest.data_as_of,
        basis=newest.data_as_of,
        safe="Backups are not affected, only restores are.",
        advice=plain_steps(*([_AUTO] if may_move else []), _ADVICE[engine, limit.what]),
    )
