"""Which limits a growing database will reach soon."""

from collections.abc import Iterator
from datetime import timedelta

from lifeboat.alerts.policy.findings import Code, Finding, Level
from lifeboat.model.drill_report import DrillReport, Limit, Verdict
from lifeboat.model.text import format_size, format_time
from lifeboat.monitor.policy.database_view import Case
from lifeboat.monitor.policy.trend import Point, trend
from lifeboat.settings.function_size import MAX_EPHEMERAL_MB, MAX_TIMEOUT_MINUTES

NEAR = 0.9
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


def forecast_findings(case: Case) -> Iterator[Finding]:
    """Which limits are near, or come near within `monitor.forecast_days`."""
    yield from _backup_time(case)
    for report in case.reports:
        if report.verdict is not Verdict.FAILED:
            for limit in sorted(report.limits, key=lambda each: (each.what, each.database_bytes)):
                yield from _limit(case, report, limit)
            return


def measured(case: Case, code: Code) -> bool:
    """Whether what the forecast needs was there: else that it says nothing means nothing."""
    points = [Point(each.shows, each.database_bytes) for each in case.whole]
    if trend(points, case.now) is None:
        return False
    newest = next((each for each in case.reports if each.verdict is not Verdict.FAILED), None)
    limits = [each for each in newest.limits if not _is_missed(newest, each)] if newest else []
    return code is Code.BACKUP_TIMEOUT_AT_RISK or code in {_LIMITS[each.what][0] for each in limits}


def _is_missed(report: DrillReport, limit: Limit) -> bool:
    """Whether it is not only near but behind us, and told as such."""
    return limit.what == "rto" and report.rto_margin_seconds < 0


def _backup_time(case: Case) -> Iterator[Finding]:
    if not case.whole:
        return
    newest, limit = case.whole[0], case.settings.backup.timeout_minutes * 60
    points = [Point(each.shows, each.seconds) for each in case.whole]
    days = _days_until(case, points, limit)
    if days is None and newest.seconds < limit * NEAR:
        return
    grows = (
        "" if days is None else f" By the last {len(points)} backups, it reaches this limit {days}."
    )
    yield Finding(
        code=Code.BACKUP_TIMEOUT_AT_RISK,
        level=Level.WARNING,
        database=case.name,
        headline="will soon take too long to back up",
        fact=f"{newest.location.id} took {newest.seconds:,.0f} s of {limit} s.{grows}",
        limit=f"{limit} s (backup.timeout_minutes)",
        since=newest.shows,
        basis=newest.shows,
        safe="Backups are still complete. A run without time left stops cleanly and reports it.",
        advice=(
            (
                f"Raise backup.timeout_minutes (up to {MAX_TIMEOUT_MINUTES}) or backup.memory_mb,"
                " which brings more CPU and network, then make deploy."
            ),
            "Exclude rows that can be created again (exclude_table_data).",
        ),
    )


def _days_until(case: Case, points: list[Point], limit: float) -> str | None:
    """When the points' trend reaches the limit, in words; None when not within `forecast_days`."""
    line = trend(points, case.now)
    days = line.days_until(limit) if line else None
    if days is None or days > case.settings.monitor.forecast_days:
        return None
    return (
        f"in {days:.0f} days, about {format_time(case.now + timedelta(days=days))[:10]}"
        if days
        else "now"
    )


def _limit(case: Case, report: DrillReport, limit: Limit) -> Iterator[Finding]:
    """A limit that a drill measured, against the size of the database as backups know it."""
    if _is_missed(report, limit) or not case.whole:
        return
    newest = case.whole[0]
    points = [Point(each.shows, each.database_bytes) for each in case.whole]
    days = _days_until(case, points, limit.database_bytes)
    if days is None and newest.database_bytes < limit.database_bytes:
        return
    code, what, setting = _LIMITS[limit.what]
    yield Finding(
        code=code,
        level=Level.WARNING,
        database=case.name,
        headline=f"will soon exceed {what}",
        fact=f"By the drill of {format_time(report.started)}, {case.name} reaches {what} at"
        f" {format_size(limit.database_bytes)}. It has {format_size(newest.database_bytes)} and"
        f" reaches it {days or 'now'}.",
        limit=f"{format_size(limit.database_bytes)} ({setting})",
        since=newest.shows,
        basis=newest.shows,
        safe="Backups are not affected, only restores are.",
        advice=(_ADVICE[limit.what],),
    )
