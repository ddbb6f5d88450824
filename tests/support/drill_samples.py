"""One plain drill report and the strategy that makes any other."""

from datetime import UTC, datetime

from hypothesis import strategies as st

from lifeboat.model.drill_report import Check, DrillReport, Limit, Outcome, TableResult, Verdict
from lifeboat.model.engine import Engine
from tests.support.samples import COUNT, DATABASES, MOMENTS, SLOTS, TEXT

CHECKS = (
    "checksum",
    "decode",
    "restore",
    "rows",
    "content",
    "sequences",
    "extensions",
    "definitions",
)

REPORT = DrillReport(
    database="app",
    started=datetime(2026, 11, 23, 5, 0, 3, tzinfo=UTC),
    finished=datetime(2026, 11, 23, 5, 0, 44, 500_000, tzinfo=UTC),
    run_id="8e5f-2",
    lifeboat_version="0.1.0",
    backup="weekly/app/2026-11-22T020000Z",
    snapshot_time=datetime(2026, 11, 22, 2, 0, 5, tzinfo=UTC),
    target="embedded",
    server_version="17.6",
    verdict=Verdict.PROVEN,
    checks=tuple(Check(name=name, outcome=Outcome.PASSED) for name in CHECKS),
    tables=(
        TableResult(
            schema="public",
            name="users",
            expected=1_250_331,
            restored=1_250_331,
            content=True,
            outcome=Outcome.PASSED,
        ),
    ),
    seconds={
        "find": 0.5,
        "fetch": 6.0,
        "decode": 5.0,
        "start": 1.5,
        "roles": 0.1,
        "restore": 21.4,
        "compare": 6.0,
        "validate": 0.0,
        "stop": 1.0,
    },
    total_seconds=41.5,
    rto_seconds=3600,
    limits=(Limit(what="disk", database_bytes=3_420_000_000),),
    archive_bytes=212_000_000,
    database_bytes=1_260_000_000,
    rows=1_250_331,
    memory_mb=3008,
    ephemeral_mb=4096,
    disk_bytes=1_610_000_000,
)

SECONDS = st.floats(0, 1e6)
OUTCOMES = st.sampled_from(Outcome)
REPORTS = st.builds(
    DrillReport,
    database=DATABASES,
    started=SLOTS,
    finished=MOMENTS,
    run_id=TEXT,
    lifeboat_version=TEXT,
    backup=st.none() | TEXT,
    snapshot_time=st.none() | MOMENTS,
    target=TEXT,
    server_version=st.none() | TEXT,
    verdict=st.sampled_from(Verdict),
    reasons=st.lists(TEXT, max_size=3).map(tuple),
    advice=st.none() | TEXT,
    checks=st.lists(
        st.builds(
            Check, name=TEXT, outcome=OUTCOMES, details=st.lists(TEXT, max_size=2).map(tuple)
        ),
        max_size=3,
    ).map(tuple),
    tables=st.lists(
        st.builds(
            TableResult,
            schema=TEXT,
            name=TEXT,
            expected=st.none() | COUNT,
            restored=st.none() | COUNT,
            content=st.none() | st.booleans(),
            outcome=OUTCOMES,
        ),
        max_size=4,
    ).map(tuple),
    seconds=st.dictionaries(TEXT, SECONDS, max_size=12),
    total_seconds=SECONDS,
    rto_seconds=st.integers(1, 10**6),
    limits=st.lists(
        st.builds(Limit, what=st.sampled_from(["rto", "time", "disk"]), database_bytes=COUNT),
        max_size=3,
    ).map(tuple),
    job_limits=st.lists(
        st.builds(Limit, what=st.sampled_from(["time", "disk"]), database_bytes=COUNT), max_size=2
    ).map(tuple),
    waited_seconds=st.none() | SECONDS,
    engine=st.sampled_from(Engine),
    jobs=st.none() | COUNT,
    archive_bytes=st.none() | COUNT,
    database_bytes=st.none() | COUNT,
    rows=COUNT,
    memory_mb=st.integers(0, 10_240),
    ephemeral_mb=st.integers(0, 10_240),
    disk_bytes=st.none() | COUNT,
)
