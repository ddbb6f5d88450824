"""What is found by what Neon says: tables of cases, each a bucket in order but for one thing."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lifeboat.alerts.policy.findings import Code, Level
from lifeboat.model.manifest import Manifest
from lifeboat.model.provider import (
    ProblemKind,
    ProviderKeyFacts,
    ProviderReport,
    ScheduleFacts,
    SnapshotFacts,
)
from lifeboat.model.text import line
from lifeboat.monitor.policy.digest import digest_message
from lifeboat.monitor.policy.evaluate import evaluate
from lifeboat.monitor.policy.evidence_page import evidence_page
from lifeboat.monitor.policy.evidence_update import updated
from lifeboat.monitor.policy.status import Status, status_of
from lifeboat.monitor.policy.status_page import status_page
from lifeboat.settings import TransferSettings, WatchedNeon
from tests.support.monitor_harness import Monitor
from tests.support.neon_reports import ASKED, FACTS, GB, NEON, failed, in_neon, said
from tests.support.seen_bucket import DAY, HOUR, INSTALLATION, NOW, SeenBucket, backup, healthy

DAILY = ScheduleFacts(frequency="daily", hour=3)
HOURLY = ScheduleFacts(frequency="hourly")
PAID = TransferSettings(allowance_gb=100, price_per_gb=0.1)
MB = 1_000_000


def taken(ago: timedelta) -> SnapshotFacts:
    return SnapshotFacts(count=1, newest=ASKED - ago, newest_scheduled=ASKED - ago)


def found(bucket: SeenBucket) -> dict[str, Level]:
    """The findings about Neon, by their codes."""
    return {each.code: each.level for each in bucket.findings() if each.code.startswith("neon-")}


WARNING, INFO, CRITICAL = Level.WARNING, Level.INFO, Level.CRITICAL
CASES: dict[str, tuple[ProviderReport | None, dict[str, Level]]] = {
    "in order": (said(), {}),
    "a window as long as the gap": (said(history_seconds=86400), {}),
    "a window that is shorter": (
        said(history_seconds=86399),
        {"neon-history-short": WARNING},
    ),
    "no history": (said(history_seconds=0), {"neon-history-short": WARNING}),
    "a free plan has no more than six hours": (
        said(plan="free_v3", history_seconds=21600, schedule=(), protected=False),
        {"neon-history-short": INFO},
    ),
    "a free plan with less": (
        said(plan="free_v3", history_seconds=3600, schedule=None),
        {"neon-history-short": WARNING},
    ),
    "a branch with a parent has no history of use": (
        said(root=False, schedule=None),
        {"neon-history-short": INFO},
    ),
    "no schedule": (said(schedule=()), {"neon-no-schedule": INFO}),
    "a plan without schedules": (said(schedule=None, snapshots=None), {}),
    "a daily snapshot is 30 h old": (said(snapshots=taken(30 * HOUR)), {}),
    "a daily snapshot is older": (
        said(snapshots=taken(30 * HOUR + HOUR / 60)),
        {"neon-snapshot-overdue": WARNING},
    ),
    "the most frequent schedule counts": (
        said(schedule=(DAILY, HOURLY), snapshots=taken(4 * HOUR)),
        {"neon-snapshot-overdue": WARNING},
    ),
    "an hourly snapshot may be two hours late": (
        said(schedule=(HOURLY,), snapshots=taken(3 * HOUR)),
        {},
    ),
    "a snapshot that is kept too short may be gone": (
        said(
            schedule=(ScheduleFacts(frequency="daily", retention_seconds=86400),),
            snapshots=taken(9 * DAY),
        ),
        {},
    ),
    "a schedule that is unknown here": (
        said(schedule=(ScheduleFacts(frequency="now and then"),), snapshots=taken(9 * DAY)),
        {},
    ),
    "a new schedule has no snapshot yet": (
        said(snapshots=SnapshotFacts(count=1, newest=ASKED)),
        {},
    ),
    "a default branch that is not protected": (
        said(protected=False),
        {"neon-unprotected": WARNING},
    ),
    "on Scale too": (
        said(plan="scale_v3", protected=False),
        {"neon-unprotected": WARNING},
    ),
    "another branch need not be": (said(protected=False, default=False), {}),
    "a plan that is unknown here need not be": (said(plan="odd_v9", protected=False), {}),
    "a key that ends in 14 days": (
        said(key=ProviderKeyFacts(expires=NOW + 14 * DAY)),
        {"neon-key": WARNING},
    ),
    "a key that ends later": (said(key=ProviderKeyFacts(expires=NOW + 15 * DAY)), {}),
    "a wrong key": (failed(ProblemKind.KEY), {"neon-key": WARNING}),
    "a key without rights": (failed(ProblemKind.RIGHTS), {"neon-key": WARNING}),
    "a wrong key from the start": (failed(ProblemKind.KEY, before=None), {"neon-key": WARNING}),
    "a project that is gone": (failed(ProblemKind.MISSING), {"neon-gone": WARNING}),
    "Neon is down for three hours": (failed(ProblemKind.DOWN, before=3 * HOUR - HOUR / 12), {}),
    "Neon is down for longer": (
        failed(ProblemKind.DOWN, before=3 * HOUR),
        {"neon-watch-stale": WARNING},
    ),
    "a limit of the plan": (failed(ProblemKind.LIMITS), {"neon-watch-stale": WARNING}),
    "a contract that has changed": (
        failed(ProblemKind.CONTRACT, before=None),
        {"neon-watch-stale": WARNING},
    ),
    "a setting that can't be": (failed(ProblemKind.SETTINGS), {"neon-watch-stale": WARNING}),
    "nobody has asked for three hours": (said(NOW - 3 * HOUR), {}),
    "nobody has asked for longer": (
        said(NOW - 3 * HOUR - HOUR / 60),
        {"neon-watch-stale": WARNING},
    ),
    "nobody has ever asked": (None, {"neon-watch-stale": WARNING}),
    "a report from the future": (said(NOW + DAY), {"neon-watch-stale": WARNING}),
    "a report about another project": (
        said(project_id="other-wind-1"),
        {"neon-watch-stale": WARNING},
    ),
    "facts beside a problem of the same look": (
        failed(ProblemKind.RIGHTS, before=0 * HOUR),
        {"neon-key": WARNING},
    ),
}


@pytest.mark.parametrize(("report", "expected"), CASES.values(), ids=CASES)
def test_each_is_found(report: ProviderReport | None, expected: dict[str, Level]) -> None:
    bucket = in_neon(report)
    assert found(bucket) == expected
    for each in bucket.findings():
        assert "Backups" in each.safe
        assert each.advice


@pytest.mark.parametrize(("report", "expected"), CASES.values(), ids=CASES)
def test_without_the_setting_nothing_is_found(
    report: ProviderReport | None, expected: dict[str, Level]
) -> None:
    bucket = in_neon(report)
    bucket.settings = healthy().settings
    assert found(bucket) == {}
    assert status(bucket).databases[0].provider is None
    assert expected is not None


def test_a_branch_of_the_settings_is_the_one_that_counts() -> None:
    other = WatchedNeon(project_id=NEON.project_id, branch_id="br-other-1")
    assert found(in_neon(said(), neon=other)) == {"neon-watch-stale": WARNING}
    same = WatchedNeon(project_id=NEON.project_id, branch_id=FACTS.branch.id)
    assert found(in_neon(said(), neon=same)) == {}


def test_a_stack_that_is_new_has_three_hours_for_its_first_answer() -> None:
    bucket = in_neon(None)
    bucket.asked_since = NOW - 3 * HOUR
    assert found(bucket) == {}
    bucket.asked_since = NOW - 3 * HOUR - HOUR / 60
    assert found(bucket) == {"neon-watch-stale": WARNING}


def test_the_monitor_remembers_since_when_it_waits_for_an_answer() -> None:
    bucket = in_neon(None)
    bucket.asked_since = None
    monitor = Monitor(bucket.settings)
    assert Code.NEON_WATCH_STALE not in codes_of(monitor.look(bucket.facts(), NOW))
    later = NOW + 4 * HOUR
    assert Code.NEON_WATCH_STALE in codes_of(monitor.look(bucket.facts(), later))
    lost = replace(monitor, lost=True).look(bucket.facts(), NOW)
    assert Code.NEON_WATCH_STALE in codes_of(lost), "a state that is lost excuses nobody"


def codes_of(monitor: Monitor) -> set[Code]:
    return {each.code for each in monitor.findings}


# Transfer: the newest backup of 200 MB is estimated to read 150 MB; six runs until 1 December
# at 00:00, 31 in December, whose period ends 30 days later.


def free(at: datetime = ASKED, **changed: object) -> ProviderReport:
    """Of a project on Free, whose history is long enough to be no finding."""
    return said(at, plan="free_v3", schedule=None, history_seconds=86400, **changed)


READS = 150 * MB


@pytest.mark.parametrize(
    ("report", "transfer", "expected"),
    [
        (free(transfer_bytes=5 * GB - 5 * READS), None, None),
        (free(transfer_bytes=5 * GB - 5 * READS + 1), None, CRITICAL),
        (free(transfer_bytes=6 * GB), None, CRITICAL),
        (free(transfer_bytes=6 * GB), PAID, CRITICAL),
        (said(transfer_bytes=99 * GB), None, None),
        (said(transfer_bytes=100 * GB), None, WARNING),
        (said(transfer_bytes=100 * GB), TransferSettings(allowance_gb=200), None),
        (said(transfer_bytes=100 * GB), TransferSettings(allowance_gb=None), None),
        (said(transfer_bytes=200 * GB, plan="odd_v9"), PAID, WARNING),
        (said(transfer_bytes=6 * GB, plan="odd_v9"), None, WARNING),
        (said(transfer_bytes=GB, transfer_quota_bytes=GB), None, CRITICAL),
        (said(transfer_bytes=GB, transfer_quota_bytes=10**30), None, None),
        (said(transfer_quota_bytes=10**30), TransferSettings(allowance_gb=None), None),
        (said(transfer_bytes=GB, transfer_quota_bytes=0), None, None),
        (said(transfer_bytes=10**30), None, WARNING),
    ],
)
def test_neons_own_figure_is_judged(
    report: ProviderReport, transfer: TransferSettings | None, expected: Level | None
) -> None:
    bucket = in_neon(report, transfer=transfer)
    assert found(bucket).get("neon-transfer") is expected
    assert Code.TRANSFER_ALLOWANCE not in bucket.codes()


def test_the_finding_has_neons_figures_and_the_run_that_is_too_many() -> None:
    bucket = in_neon(free(transfer_bytes=4_500 * MB))
    finding = bucket.only(Code.NEON_TRANSFER)
    assert finding.headline == "will use up its transfer allowance at Neon"
    assert finding.fact == (
        "By 2026-11-25 11:55 UTC, Neon had counted 4.5 GB for project shiny-wind-028834 in the"
        " billing period that ends at 2026-12-01 00:00 UTC. Until then, 5 backups of app will read"
        " 750 MB; 4.5 GB in the period after it. The run of 2026-11-29 02:00 UTC will use up the"
        " allowance. The provider stops or restricts the database then, until the next billing"
        " period. What the application will still read comes on top."
    )
    assert finding.limit == "5.0 GB a month (Neon's Free plan, as Neon says)"


def test_drills_on_a_branch_read_as_much_as_backups_and_are_counted_too() -> None:
    """One on Monday the 30th, which is the run that is too many."""
    enough = free(transfer_bytes=5 * GB - 5 * READS)
    assert "neon-transfer" not in found(in_neon(enough))
    finding = in_neon(enough, drill_target="neon-branch").only(Code.NEON_TRANSFER)
    assert "Until then, 6 runs of app will read 900 MB" in finding.fact


def test_the_next_period_is_judged_too() -> None:
    small = in_neon(free(transfer_bytes=0), cron="0 0/4 * * ? *")
    finding = small.only(Code.NEON_TRANSFER)
    assert finding.level is WARNING
    assert "in the period after it" in finding.fact


def test_old_figures_and_those_of_another_period_are_not_used() -> None:
    expected = {Code.TRANSFER_ALLOWANCE}
    for report in (
        said(NOW - 4 * HOUR, transfer_bytes=0),
        said(transfer_bytes=0, period_end=NOW),
        said(transfer_bytes=0, period_start=NOW + HOUR),
        said(transfer_bytes=0, period_end=datetime(9999, 12, 31, tzinfo=UTC)),
    ):
        bucket = from_neon(in_neon(report, transfer=TransferSettings(allowance_gb=1)))
        assert bucket.codes() & {Code.TRANSFER_ALLOWANCE, Code.NEON_TRANSFER} == expected


def from_neon(bucket: SeenBucket) -> SeenBucket:
    """The same, of a server whose manifests say that it is Neon's."""
    for number, manifest in enumerate(bucket.manifests):
        assert isinstance(manifest, Manifest)
        source = manifest.source.model_copy(update={"provider": "neon"})
        bucket.manifests[number] = manifest.model_copy(update={"source": source})
    return bucket


def test_backups_of_all_databases_of_a_project_are_added_up() -> None:
    bucket = from_neon(in_neon(free(transfer_bytes=5 * GB - 6 * READS)))
    (app,) = bucket.settings.databases
    both = (app, app.model_copy(update={"name": "shop"}))
    settings = bucket.settings.model_copy(update={"databases": both})
    facts = bucket.facts()
    (seen,) = facts.databases
    two = replace(facts, databases=(seen, replace(seen, name="shop")))
    codes = {(each.database, each.code) for each in evaluate(two, settings, NOW)}
    assert {("app", "neon-transfer"), ("shop", "neon-transfer")} <= codes
    assert found(bucket) == {}, "alone it would fit"


def test_stated_allowances_of_a_project_are_added_up() -> None:
    half = TransferSettings(allowance_gb=50, price_per_gb=0.1)
    bucket = in_neon(said(transfer_bytes=60 * GB), transfer=half)
    assert found(bucket) == {"neon-transfer": WARNING}
    (app,) = bucket.settings.databases
    both = (app, app.model_copy(update={"name": "shop"}))
    settings = bucket.settings.model_copy(update={"databases": both})
    facts = bucket.facts()
    (seen,) = facts.databases
    two = replace(facts, databases=(seen, replace(seen, name="shop")))
    assert not [each for each in evaluate(two, settings, NOW) if each.code == "neon-transfer"]


def test_a_database_without_a_backup_is_judged_by_neons_figure_alone() -> None:
    bucket = in_neon(free(transfer_bytes=6 * GB))
    bucket.manifests, bucket.objects = [], []
    assert found(bucket) == {"neon-transfer": CRITICAL}


# What becomes of alerts.


def monitored(report: ProviderReport | None, **changed: object) -> tuple[Monitor, SeenBucket]:
    bucket = in_neon(report, **changed)  # type: ignore[arg-type]
    return Monitor(bucket.settings).look(bucket.facts(), NOW), bucket


@pytest.mark.parametrize(
    ("bad", "code"),
    [
        (said(history_seconds=0), "neon-history-short"),
        (said(protected=False), "neon-unprotected"),
        (said(snapshots=taken(9 * DAY)), "neon-snapshot-overdue"),
        (said(transfer_bytes=200 * GB), "neon-transfer"),
        (failed(ProblemKind.KEY), "neon-key"),
        (failed(ProblemKind.MISSING), "neon-gone"),
        (failed(ProblemKind.DOWN), "neon-watch-stale"),
    ],
)
def test_only_a_later_answer_of_neon_resolves(bad: ProviderReport, code: str) -> None:
    later = NOW + HOUR
    monitor, bucket = monitored(bad)
    assert monitor.level(code)
    for nothing in (None, said(NOW - 9 * HOUR), failed(ProblemKind.DOWN, later, before=9 * HOUR)):
        bucket.provider = nothing
        assert code not in monitor.copy(lost=False).look(bucket.facts(), later).recoveries
    bucket.provider = said(later)
    cured = monitor.copy(lost=False).look(bucket.facts(), later)
    assert cured.recoveries == [code]
    unasked = replace(monitor.copy(lost=False), settings=healthy().settings)
    assert unasked.look(bucket.facts(), later).recoveries == []
    assert unasked.state
    assert code not in {each.code for each in unasked.state.notified}, "it is forgotten"


def test_what_was_left_out_of_an_answer_resolves_nothing() -> None:
    later = NOW + HOUR
    monitor, bucket = monitored(said(snapshots=taken(9 * DAY)))
    problem = failed(ProblemKind.RIGHTS, later, before=0 * HOUR)
    assert problem.facts
    part = problem.facts.model_copy(update={"snapshots": None, "schedule": None})
    bucket.provider = problem.model_copy(update={"facts": part})
    assert "neon-snapshot-overdue" not in monitor.look(bucket.facts(), later).recoveries


def test_a_figure_of_neon_takes_the_place_of_a_guess_without_a_recovery() -> None:
    bucket = from_neon(in_neon(said(NOW - 9 * HOUR), transfer=TransferSettings(allowance_gb=1)))
    monitor = Monitor(bucket.settings).look(bucket.facts(), NOW)
    assert monitor.level("transfer-allowance")
    later = NOW + HOUR
    bucket.provider = said(later, transfer_bytes=2 * GB)
    monitor.look(bucket.facts(), later)
    assert monitor.level("neon-transfer")
    assert monitor.level("transfer-allowance") is None
    assert "transfer-allowance" not in monitor.recoveries


# What people read.


def status(bucket: SeenBucket) -> Status:
    facts = bucket.facts()
    return status_of(
        facts, bucket.settings, evaluate(facts, bucket.settings, bucket.now), bucket.now
    )


SEVEN_DAYS = (
    "Neon can give back any moment of the last 7 days (since 2026-11-18 12:00 UTC); before that:"
    " Lifeboat."
)


@pytest.mark.parametrize(
    ("report", "says"),
    [
        (said(snapshots=None), SEVEN_DAYS),
        (said(), f"{SEVEN_DAYS} Its newest snapshot is of 2026-11-25 03:00 UTC."),
        (
            said(databases=("app", "shop", "old"), snapshots=None),
            f"{SEVEN_DAYS} All 3 databases of the branch go back together.",
        ),
        (
            said(NOW - 4 * HOUR, snapshots=None),
            f"{SEVEN_DAYS} Neon said so at 2026-11-25 08:00 UTC, and nothing since.",
        ),
        (
            said(history_seconds=0, snapshots=None),
            "Neon can give back no moment by itself, since it keeps no history; Lifeboat can.",
        ),
        (
            said(root=False, snapshots=None),
            "Neon can give back no moment by itself, since its branch has a parent; Lifeboat can.",
        ),
        (None, "What Neon itself can give back is not known: it was not asked yet."),
        (
            failed(ProblemKind.KEY, before=None),
            "What Neon itself can give back is not known: Neon refused.",
        ),
        (
            said(project_id="other-wind-1"),
            "What Neon itself can give back is not known: its last answer was about another project"
            " or branch.",
        ),
    ],
)
def test_the_status_says_what_neon_itself_can_give_back(
    report: ProviderReport | None, says: str
) -> None:
    found = status(in_neon(report))
    (database,) = found.databases
    assert database.provider
    assert database.provider.says == says
    assert says in " ".join(found.as_text().split())


def test_the_same_for_programs() -> None:
    (database,) = status(in_neon(said(databases=("app", "shop")))).as_json()["databases"]  # type: ignore[misc]
    assert database["provider"] == {  # type: ignore[has-type]
        "provider": "neon",
        "says": f"{SEVEN_DAYS} All 2 databases of the branch go back together. Its newest snapshot"
        " is of 2026-11-25 03:00 UTC.",
        "plan": "launch_v3",
        "read_at": "2026-11-25T11:55:00Z",
        "window_seconds": 604800,
        "since": "2026-11-18T12:00:00Z",
        "databases": 2,
        "newest_snapshot": "2026-11-25T03:00:00Z",
    }
    assert database["transfer"]["counted_bytes"] == GB  # type: ignore[has-type]
    assert database["transfer"]["counted_until"] == "2026-12-01T00:00:00Z"  # type: ignore[has-type]
    assert database["transfer"]["allowance"] == "100 GB a month (Neon's Launch plan, as Neon says)"  # type: ignore[has-type]


def test_the_page_the_digest_and_mails_say_it_too() -> None:
    bucket = in_neon(said(snapshots=None, protected=False))
    page = status_page(status(bucket), bucket.facts(), bucket.settings, NOW)
    assert f'<p class="soft">{SEVEN_DAYS}</p>' in page
    digest = digest_message(status(bucket), INSTALLATION)
    assert f"Beside the backups:\n  app: {SEVEN_DAYS}" in digest.body
    plain = digest_message(status(healthy()), INSTALLATION)
    assert "Beside the backups" not in plain.body


def test_the_bill_says_what_of_neons_is_not_in_it() -> None:
    assert any("Neon's own bill" in note for note in status(in_neon(said())).bill.notes)
    assert not any("Neon" in note for note in status(healthy()).bill.notes)


def test_the_month_records_the_shortest_window() -> None:
    bucket = in_neon(said(history_seconds=6 * 86400))
    record = updated(None, bucket.facts(), bucket.settings, (), NOW)
    bucket.provider = said(NOW + HOUR)
    record = updated(record, bucket.facts(), bucket.settings, (), NOW + HOUR)
    bucket.provider = None
    record = updated(record, bucket.facts(), bucket.settings, (), NOW + 2 * HOUR)
    (month,) = record.months
    (app,) = month.databases
    assert app.provider
    assert (app.provider.window_seconds, app.provider.read_at) == (6 * 86400, NOW + HOUR)
    page = evidence_page(month, INSTALLATION)
    assert "Neon itself could give back any moment of 6 days before, at the least" in page


HOSTILE = st.text(max_size=200)
TIMES = st.datetimes(
    datetime(1, 1, 2),  # noqa: DTZ001  # hypothesis adds the zone
    datetime(9999, 12, 30),  # noqa: DTZ001
    timezones=st.just(UTC),
).map(lambda each: each.replace(microsecond=0))


@settings(deadline=None, max_examples=40)
@given(
    texts=st.tuples(HOSTILE, HOSTILE, HOSTILE),
    amounts=st.tuples(*[st.integers(0, 10**30)] * 4),
    times=st.tuples(TIMES, TIMES, TIMES, TIMES),
    free=st.booleans(),
)
def test_whatever_neon_says_breaks_no_check_and_forges_no_line(
    texts: tuple[str, ...], amounts: tuple[int, ...], times: tuple[datetime, ...], *, free: bool
) -> None:
    facts = said(
        plan="free_v3" if free else texts[0],
        name=texts[1],
        databases=(texts[2],),
        protected=False,
        history_seconds=amounts[0],
        transfer_bytes=amounts[1],
        transfer_quota_bytes=amounts[2],
        period_start=times[0],
        period_end=times[1],
        schedule=(
            DAILY.model_copy(update={"frequency": texts[1], "retention_seconds": amounts[3]}),
            DAILY.model_copy(update={"retention_seconds": amounts[3]}),
        ),
        snapshots=SnapshotFacts(count=1, newest=times[2], newest_scheduled=times[3]),
        key=ProviderKeyFacts(expires=times[2]),
    )
    problem = failed(ProblemKind.MISSING).problem
    assert problem
    problem = problem.model_copy(update={"what": texts[0], "next_step": texts[1]})
    beside = facts.model_copy(update={"problem": problem})
    alone = beside.model_copy(update={"facts": None, "facts_of": None})
    for report in (facts, beside, alone):
        bucket = in_neon(report)
        lines = status(bucket).as_text().splitlines()
        starts = ("CRITICAL: ", "WARNING: ", "INFO: ")
        assert sum(each.startswith(starts) for each in lines) == len(bucket.findings())
        texts_of = [(each.fact, *map(str, each.advice)) for each in bucket.findings()]
        assert all(text == line(text) for each in texts_of for text in each)
        (database,) = status(bucket).databases
        assert database.provider
        assert database.provider.says == line(database.provider.says)


def test_a_backup_since_neon_counted_is_not_counted_twice_and_not_left_out() -> None:
    little = TransferSettings(allowance_gb=0.1, price_per_gb=1)
    report = said(NOW - 2 * HOUR, transfer_bytes=0)
    bucket = in_neon(report, cron="0 11 * * ? *", transfer=little).add(backup(NOW - HOUR))
    assert "6 backups of app" in bucket.only(Code.NEON_TRANSFER).fact
