"""The report of a drill, for the picture of its page."""

from datetime import UTC, datetime, timedelta

from lifeboat.drill.policy.report_page import render_page
from lifeboat.model.drill_report import Check, DrillReport, Limit, Outcome, TableResult, Verdict

_CHECKS = (
    *("checksum", "decode", "restore", "rows", "content", "sequences", "extensions"),
    *("definitions", "validation: there are users"),
)
_ROWS = {
    "auth_sessions": 1_203_551,
    "audit_events": 2_618_204,
    "documents": 84_210,
    "document_versions": 292_118,
    "users": 3_247,
}
_STARTED = datetime(2026, 11, 23, 5, 0, 3, tzinfo=UTC)
_SECONDS = {
    "find": 0.6,
    "fetch": 4.4,
    "start": 1.5,
    "decode": 9.1,
    "restore": 96.2,
    "compare": 21.0,
    "validate": 0.3,
    "settings": 0.2,
    "stop": 1.2,
}


def drill_page() -> str:
    """The page of a drill that proved its backup."""
    total = sum(_SECONDS.values()) - _SECONDS["decode"]
    return render_page(
        DrillReport(
            database="app",
            started=_STARTED,
            finished=_STARTED + timedelta(seconds=total),
            run_id="8e5f2c1a-6b7d-4f0e-9a3c-2d1b0c9e8f7a",
            lifeboat_version="0.1.0",
            backup="weekly/app/2026-11-22T020000Z",
            snapshot_time=datetime(2026, 11, 22, 2, 0, 5, tzinfo=UTC),
            target="embedded",
            server_version="17.6",
            verdict=Verdict.PROVEN,
            checks=tuple(Check(name=name, outcome=Outcome.PASSED) for name in _CHECKS),
            tables=tuple(
                TableResult(
                    schema="public",
                    name=name,
                    expected=rows,
                    restored=rows,
                    content=True,
                    outcome=Outcome.PASSED,
                )
                for name, rows in _ROWS.items()
            ),
            seconds=_SECONDS,
            total_seconds=total,
            rto_seconds=600,
            limits=(
                Limit(what="rto", database_bytes=6_100_000_000),
                Limit(what="disk", database_bytes=7_800_000_000),
            ),
            archive_bytes=271_000_000,
            database_bytes=1_310_000_000,
            rows=sum(_ROWS.values()),
            memory_mb=3008,
            ephemeral_mb=10240,
            disk_bytes=1_760_000_000,
        )
    )
