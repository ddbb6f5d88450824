"""What Neon says about a database, and buckets whose database is in Neon."""

from datetime import UTC, datetime, timedelta

from lifeboat.model.provider import (
    BranchFacts,
    ProblemKind,
    ProviderFacts,
    ProviderProblem,
    ProviderReport,
    ScheduleFacts,
    SnapshotFacts,
)
from lifeboat.settings import WatchedNeon
from tests.support.seen_bucket import DAY, NOW, SeenBucket, healthy

PROJECT = "shiny-wind-028834"
NEON = WatchedNeon(project_id=PROJECT)
ASKED = NOW - timedelta(minutes=5)
GB = 1_000_000_000

BRANCH = BranchFacts(
    id="br-small-term-683261",
    name="production",
    default=True,
    protected=True,
    root=True,
    databases=("app",),
)
FACTS = ProviderFacts(
    project_id=PROJECT,
    plan="launch_v3",
    region="aws-eu-central-1",
    history_seconds=7 * 86400,
    transfer_bytes=GB,
    period_start=datetime(2026, 11, 1, tzinfo=UTC),
    period_end=datetime(2026, 12, 1, tzinfo=UTC),
    branch=BRANCH,
    schedule=(ScheduleFacts(frequency="daily", hour=3, retention_seconds=14 * 86400),),
    snapshots=SnapshotFacts(
        count=14,
        newest=datetime(2026, 11, 25, 3, tzinfo=UTC),
        newest_scheduled=datetime(2026, 11, 25, 3, tzinfo=UTC),
    ),
)


def said(at: datetime = ASKED, **changed: object) -> ProviderReport:
    """A report whose facts differ so from a database in order; names of the branch's facts too."""
    branch = {key: changed.pop(key) for key in BranchFacts.model_fields if key in changed}
    facts = FACTS.model_copy(update={**changed, "branch": BRANCH.model_copy(update=branch)})
    return ProviderReport(database="app", checked=at, facts=facts, facts_of=at)


def failed(
    kind: ProblemKind, at: datetime = ASKED, before: timedelta | None = DAY
) -> ProviderReport:
    """A report of a look that failed, so long after one that did not; None: after no other."""
    problem = ProviderProblem(kind=kind, what="Neon refused.", next_step="Look at it.")
    known = {} if before is None else {"facts": FACTS, "facts_of": at - before}
    return ProviderReport(database="app", checked=at, problem=problem, **known)


def in_neon(
    report: ProviderReport | None, neon: WatchedNeon = NEON, **changed: object
) -> SeenBucket:
    """A healthy bucket whose database is in Neon, with other settings of the database."""
    bucket = healthy()
    bucket.provider, bucket.asked_since = report, NOW - 30 * DAY
    (app,) = bucket.settings.databases
    database = app.model_copy(update={"neon": neon, **changed})
    bucket.settings = bucket.settings.model_copy(update={"databases": (database,)})
    return bucket
