"""Checks which limits a growing database will reach soon."""

from collections.abc import Iterator
from datetime import timedelta

from lifeboat.alerts.policy.findings import Code, Finding, Level
from lifeboat.model.drill_report import DrillReport, Limit, Verdict
from lifeboat.model.steps import Step, plain_steps
from lifeboat.model.text import format_size, format_time
from lifeboat.monitor.policy.database_view import DatabaseView
from lifeboat.monitor.policy.trend import Point, trend
from lifeboat.settings.function_size import MAX_EPHEMERAL_MB, MAX_TIMEOUT_MINUTES

NEAR_LIMIT = 0.9
"""A run that used this share of its time is a finding even without a trend."""

_LIMITS = {
    "rto": (Code.RTO_AT_RISK, "its RTO", "drill.rto_minutes"),
    "time": (Code.DRILL_TIMEOUT_AT_RISK, "the time limit of a drill", "drill.timeout_minutes"),
    "disk": (Code.DRILL_DISK_AT_RISK, "the disk size of a drill", "drill.ephemeral_mb"),
}
_ADVICE = {
    "rto": "Give the drill's function more memory and so more CPU (drill.memory_mb), or raise"
    " drill.rto_minutes, then make deploy.",
    "time": "Give the drill's function more memory and so more CPU (drill.memory_mb), then make"
    " deploy; or drill into a server of your own (drill.target_secret_arns).",
    "disk": f"Raise drill.ephemeral_mb (up to {MAX_EPHEMERAL_MB}), then make deploy; or drill"
    " into a server of your own (drill.target_secret_arns).",
}


def forecast_findings(view: DatabaseView) -> Iterator[Finding]:
    """Which limits are near, or will be within `monitor.forecast_days`."""
    yield from _backup_time(view)
    for report in view.reports:
        if report.verdict is not Verdict.FAILED:
            for limit in sorted(report.limits, key=lambda each: (each.what, each.database_bytes)):
                yield from _limit(view, report, limit)
            return


def measured(view: DatabaseView, code: Code) -> bool:
    """Whether a forecast was possible; if not, the absence of a finding means nothing."""
    points = [Point(each.data_as_of, each.database_bytes) for each in view.complete]
    if trend(points, view.now) is None:
        return False
    newest = next((each for each in view.reports if each.verdict is not Verdict.FAILED), None)
    limits = [each for each in newest.limits if not _is_missed(newest, each)] if newest else []
    return code is Code.BACKUP_TIMEOUT_AT_RISK or code in {_LIMITS[each.what][0] for each in limits}


def _is_missed(report: DrillReport, limit: Limit) -> bool:
    """Whether the limit is already exceeded, which another finding reports."""
    return limit.what == "rto" and report.rto_margin_seconds < 0


def _backup_time(view: DatabaseView) -> Iterator[Finding]:
    if not view.complete:
        return
    newest, limit = view.complete[0], view.settings.backup.timeout_minutes * 60
    points = [Point(each.data_as_of, each.seconds) for each in view.complete]
    days = _days_until(view, points, limit)
    if days is None and newest.seconds < limit * NEAR_LIMIT:
        return
    grows = (
        "" if days is None else f" By the last {len(points)} backups, it reaches this limit {days}."
    )
    yield Finding(
        code=Code.BACKUP_TIMEOUT_AT_RISK,
        level=Level.WARNING,
        database=view.name,
        headline="will soon take too long to back up",
        fact=f"{newest.location.id} took {newest.seconds:,.0f} s of {limit} s.{grows}",
        limit=f"{limit} s (backup.timeout_minutes)",
        since=newest.data_as_of,
        basis=newest.data_as_of,
        safe="Backups are still complete. A run without time left stops cleanly and reports it.",
        advice=(
            Step(
                f"Raise backup.timeout_minutes (up to {MAX_TIMEOUT_MINUTES}) or backup.memory_mb,"
                " which brings more CPU and network, then make deploy."
            ),
            Step("Exclude rows that can be created again (exclude_table_data)."),
        ),
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


def _limit(view: DatabaseView, report: DrillReport, limit: Limit) -> Iterator[Finding]:
    """A limit that a drill measured, compared with the database's size in the backups."""
    if _is_missed(report, limit) or not view.complete:
        return
    newest = view.complete[0]
    points = [Point(each.data_as_of, each.database_bytes) for each in view.complete]
    days = _days_until(view, points, limit.database_bytes)
    if days is None and newest.database_bytes < limit.database_bytes:
        return
    code, what, setting = _LIMITS[limit.what]
    yield Finding(
        code=code,
        level=Level.WARNING,
        database=view.name,
        headline=f"will soon exceed {what}",
        fact=f"By the drill of {format_time(report.started)}, {view.name} reaches {what} at"
        f" {format_size(limit.database_bytes)}. It has {format_size(newest.database_bytes)} and"
        f" reaches it {days or 'now'}.",
        limit=f"{format_size(limit.database_bytes)} ({setting})",
        since=newest.data_as_of,
        basis=newest.data_as_of,
        safe="Backups are not affected, only restores are.",
        advice=plain_steps(_ADVICE[limit.what]),
    )
