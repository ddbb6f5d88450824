"""Which limits a growing database will hit, told while there is still time."""

from collections.abc import Iterator
from datetime import timedelta

from lifeboat.alerts.policy.findings import Code, Finding, Level
from lifeboat.model.drill_report import DrillReport, Limit, Verdict
from lifeboat.model.text import at, size
from lifeboat.monitor.policy.database_view import Case
from lifeboat.monitor.policy.trend import Point, trend
from lifeboat.settings.function_size import MAX_EPHEMERAL_MB, MAX_TIMEOUT_MINUTES

NEAR = 0.9
"""A run that used so much of its time is told even where there is no trend to tell."""

_WALLS = {
    "rto": (Code.RTO_SOON, "its recovery target", "drill.rto_minutes"),
    "time": (Code.DRILL_TIME, "the time that a drill has", "drill.timeout_minutes"),
    "disk": (Code.DRILL_DISK, "the disk that a drill has", "drill.ephemeral_mb"),
}
_CURES = {
    "rto": "Give the drill's function more memory and so more CPU (drill.memory_mb), or raise"
    " drill.rto_minutes, then make deploy.",
    "time": "Give the drill's function more memory and so more CPU (drill.memory_mb), then make"
    " deploy; or drill by hand into a server of your own (drill.target_secret_arns).",
    "disk": f"Raise drill.ephemeral_mb (up to {MAX_EPHEMERAL_MB}), then make deploy; or drill by"
    " hand into a server of your own (drill.target_secret_arns).",
}


def forecast_findings(case: Case) -> Iterator[Finding]:
    """Which limits are near, or come near within `monitor.forecast_days`."""
    yield from _backup_time(case)
    for report in case.reports:
        if report.verdict is not Verdict.FAILED:
            for limit in sorted(report.limits, key=lambda each: (each.what, each.database_bytes)):
                yield from _wall(case, report, limit)
            return


def measured(case: Case, code: Code) -> bool:
    """Whether what the forecast needs was there: else that it says nothing means nothing."""
    points = [Point(each.shows, each.database_bytes) for each in case.whole]
    if trend(points, case.now) is None:
        return False
    newest = next((each for each in case.reports if each.verdict is not Verdict.FAILED), None)
    limits = [each for each in newest.limits if not _is_missed(newest, each)] if newest else []
    return code is Code.BACKUP_TIME or code in {_WALLS[each.what][0] for each in limits}


def _is_missed(report: DrillReport, limit: Limit) -> bool:
    """Whether it is not only near but behind us, and told as such."""
    return limit.what == "rto" and report.rto_margin_seconds < 0


def _backup_time(case: Case) -> Iterator[Finding]:
    if not case.whole:
        return
    newest, wall = case.whole[0], case.settings.backup.timeout_minutes * 60
    points = [Point(each.shows, each.seconds) for each in case.whole]
    days = _days_until(case, points, wall)
    if days is None and newest.seconds < wall * NEAR:
        return
    grows = (
        "" if days is None else f" By the {len(points)} backups looked at, it gets there {days}."
    )
    yield Finding(
        code=Code.BACKUP_TIME,
        level=Level.WARNING,
        database=case.name,
        headline="will soon take too long to back up",
        fact=f"{newest.location.id} took {newest.seconds:,.0f} s of {wall} s.{grows}",
        limit=f"{wall} s (backup.timeout_minutes)",
        since=newest.shows,
        basis=newest.shows,
        safe="Backups are whole as yet. A run that finds no time left ends cleanly and says so.",
        advice=(
            (
                f"Raise backup.timeout_minutes (up to {MAX_TIMEOUT_MINUTES}) or backup.memory_mb,"
                " which brings more CPU and network, then make deploy."
            ),
            "Leave out the rows of tables that can be made again (exclude_table_data).",
        ),
    )


def _days_until(case: Case, points: list[Point], wall: float) -> str | None:
    """When the points' trend reaches the wall, in words; None when not within `forecast_days`."""
    line = trend(points, case.now)
    days = line.days_until(wall) if line else None
    if days is None or days > case.settings.monitor.forecast_days:
        return None
    return (
        f"in {days:.0f} days, about {at(case.now + timedelta(days=days))[:10]}" if days else "now"
    )


def _wall(case: Case, report: DrillReport, limit: Limit) -> Iterator[Finding]:
    """A limit that a drill measured, against the size of the database as backups know it."""
    if _is_missed(report, limit) or not case.whole:
        return
    newest = case.whole[0]
    points = [Point(each.shows, each.database_bytes) for each in case.whole]
    days = _days_until(case, points, limit.database_bytes)
    if days is None and newest.database_bytes < limit.database_bytes:
        return
    code, what, setting = _WALLS[limit.what]
    yield Finding(
        code=code,
        level=Level.WARNING,
        database=case.name,
        headline=f"outgrows {what}",
        fact=f"By the drill of {at(report.started)}, {what} is reached when {case.name} has"
        f" {size(limit.database_bytes)}. It has {size(newest.database_bytes)}, and gets there"
        f" {days or 'now'}.",
        limit=f"{size(limit.database_bytes)} ({setting})",
        since=newest.shows,
        basis=newest.shows,
        safe="Backups are not affected, only how they are restored.",
        advice=(_CURES[limit.what],),
    )
