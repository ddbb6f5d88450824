"""The report of what a database's provider says: facts, a problem, or both with their times."""

import json
from datetime import UTC, datetime, timedelta

import pytest
from pydantic import ValidationError

from lifeboat.errors import ProviderReportError
from lifeboat.model.provider import (
    BranchFacts,
    ProblemKind,
    ProviderFacts,
    ProviderProblem,
    ProviderReport,
    ScheduleFacts,
    SnapshotFacts,
)

NOW = datetime(2026, 11, 30, 2, 10, tzinfo=UTC)
FACTS = ProviderFacts(
    project_id="shiny-wind-028834",
    plan="launch_v3",
    region="aws-eu-central-1",
    history_seconds=604_800,
    transfer_bytes=12_000_000_000,
    period_start=datetime(2026, 11, 1, tzinfo=UTC),
    period_end=datetime(2026, 12, 1, tzinfo=UTC),
    branch=BranchFacts(
        id="br-small-term-683261",
        name="main",
        default=True,
        protected=False,
        root=True,
        databases=("app", 'über"'),
    ),
    schedule=(ScheduleFacts(frequency="daily", hour=2, retention_seconds=86_400),),
    snapshots=SnapshotFacts(count=3, newest=NOW - timedelta(hours=1)),
)
PROBLEM = ProviderProblem(kind=ProblemKind.DOWN, what="No answer.", next_step="Wait.")


@pytest.mark.parametrize(
    "report",
    [
        ProviderReport(database="app", checked=NOW, facts=FACTS, facts_of=NOW),
        ProviderReport(database="app", checked=NOW, problem=PROBLEM),
        ProviderReport(
            database="app",
            checked=NOW,
            facts=FACTS,
            facts_of=NOW - timedelta(hours=2),
            problem=PROBLEM,
        ),
    ],
    ids=["facts", "problem", "problem and older facts"],
)
def test_a_report_is_read_as_it_was_written(report: ProviderReport) -> None:
    assert report.key == "providers/app.json"
    assert ProviderReport.from_json(report.to_json(), key=report.key) == report


@pytest.mark.parametrize(
    ("fields", "why"),
    [
        ({}, "without a problem"),
        ({"facts": FACTS}, "belong together"),
        ({"facts_of": NOW, "problem": PROBLEM}, "belong together"),
        ({"facts": FACTS, "facts_of": NOW - timedelta(hours=1)}, "without a problem"),
    ],
)
def test_a_report_that_says_nothing_or_hides_its_age_cannot_be_made(
    fields: dict[str, object], why: str
) -> None:
    with pytest.raises(ValidationError, match=why):
        ProviderReport.model_validate({"database": "app", "checked": NOW, **fields})


@pytest.mark.parametrize(
    ("changed", "why"),
    [
        ({"schema_version": 2}, "newer Lifeboat"),
        ({"database": "shop"}, "claims to be providers/shop.json"),
        ({"problem": {"kind": "mood"}}, "problem.kind"),
    ],
)
def test_a_report_that_is_damaged_newer_or_anothers_is_refused(
    changed: dict[str, object], why: str
) -> None:
    report = ProviderReport(database="app", checked=NOW, problem=PROBLEM)
    stored = json.dumps(json.loads(report.to_json()) | changed).encode()
    with pytest.raises(ProviderReportError, match=why):
        ProviderReport.from_json(stored, key=report.key)
