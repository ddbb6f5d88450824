"""What backups read from a server a month, what is allowed, and when that is told."""

import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lifeboat.alerts.policy.findings import Code, Level
from lifeboat.alerts.policy.state import SentAlert
from lifeboat.errors import SettingsError
from lifeboat.model.manifest import Manifest
from lifeboat.model.schedule import runs
from lifeboat.monitor.policy.evaluate import evaluate
from lifeboat.monitor.policy.resolution import Resolution, resolution_of
from lifeboat.monitor.policy.scheduled_times import scheduled_times
from lifeboat.monitor.policy.status import status_of
from lifeboat.settings import TransferSettings, WatchedDatabase, parse
from lifeboat.settings.allowance import TransferForecast, exhausted_at, forecast
from lifeboat.settings.providers import provider_of
from tests.support.bad_settings import with_database
from tests.support.seen_bucket import DAY, NEWEST, NOW, SeenBucket, backup, drill, empty, healthy

GB = 1_000_000_000
CODE = Code.TRANSFER_ALLOWANCE
FREE = TransferSettings(allowance_gb=5, suspends=True)
LAUNCH = TransferSettings(allowance_gb=100, price_per_gb=0.1)
NO_LIMIT = TransferSettings(allowance_gb=None)


def read(
    slot: datetime, much: int | None, provider: str | None = "neon", endpoint: str | None = None
) -> Manifest:
    """A backup that read so much from that provider's server."""
    made = backup(slot, database_bytes=400_000_000)
    source = made.source.model_copy(update={"provider": provider, "endpoint": endpoint})
    return made.model_copy(update={"source": source, "bytes_read": much})


def reading(
    much: int | None,
    *,
    provider: str | None = "neon",
    stated: TransferSettings | None = None,
    now: datetime = NOW,
    days: int = 10,
) -> SeenBucket:
    """A healthy bucket, ten days old, whose backups read so much each."""
    bucket = empty(drills=healthy().drills)
    bucket.add(*(read(NEWEST - day * DAY, much, provider) for day in range(days)))
    database = WatchedDatabase(name="app", transfer=stated)
    bucket.settings = bucket.settings.model_copy(update={"databases": (database,)})
    bucket.now = now
    return bucket


def transfer(bucket: SeenBucket) -> dict[str, Any]:
    found = status_of(bucket.facts(), bucket.settings, bucket.findings(), bucket.now).as_json()
    (database,) = found["databases"]  # type: ignore[misc]
    return database["transfer"]  # type: ignore[has-type, no-any-return]


def test_the_month_ahead_is_the_schedule_times_the_newest_backup() -> None:
    bucket = reading(2 * GB)
    bucket.add(read(NEWEST + timedelta(hours=1), GB))
    found = transfer(bucket)
    assert (found["backup_bytes"], found["bytes_per_month"]) == (GB, 30 * GB)
    assert found["bytes_this_month"] == 21 * GB  # what each one said of itself
    assert not found["estimated"]


def test_backups_of_last_month_are_not_this_months() -> None:
    bucket = reading(GB)
    bucket.add(*(read(NEWEST - day * DAY, GB) for day in range(10, 40)))
    assert transfer(bucket)["bytes_this_month"] == 25 * GB


def test_backups_whose_manifests_are_not_read_count_like_the_newest() -> None:
    bucket = reading(GB, days=25).change("monitor", history=5)
    bucket.manifests = bucket.manifests[:5]
    assert transfer(bucket)["bytes_this_month"] == 25 * GB


def test_what_nobody_counted_is_estimated_from_the_size_and_said_to_be() -> None:
    found = transfer(reading(None))
    assert (found["backup_bytes"], found["estimated"]) == (300_000_000, True)
    assert "reads 300 MB (estimated from its size)" in reading(None).only(CODE).fact


@pytest.mark.parametrize(
    ("stated", "dollars"),
    [
        (None, 50.0),  # as of the plan that costs money: 600 GB, 100 included
        (LAUNCH, 50.0),
        (FREE, 0.0),
        (NO_LIMIT, 0.0),
        (TransferSettings(allowance_gb=0, price_per_gb=0.01), 6.0),
    ],
)
def test_the_cost_is_what_is_beyond_the_allowance(
    stated: TransferSettings | None, dollars: float
) -> None:
    bucket = reading(20 * GB, stated=stated)
    assert transfer(bucket)["monthly_cost"] == pytest.approx(dollars)
    facts = bucket.facts()
    status = status_of(facts, bucket.settings, (), bucket.now)
    (row,) = status.databases
    assert row.monthly_cost is not None
    assert row.monthly_cost >= dollars
    line = [each.dollars for each in status.bill.lines if "provider" in each.name]
    assert line == ([pytest.approx(dollars)] if dollars else [])


def test_a_provider_without_an_allowance_costs_nothing_and_is_no_finding() -> None:
    bucket = reading(900 * GB, provider=None)
    assert CODE not in bucket.codes()
    assert transfer(bucket)["monthly_cost"] == 0.0
    assert CODE not in reading(900 * GB, provider="one-of-tomorrow").codes()


@pytest.mark.parametrize(
    ("provider", "stated", "much", "level"),
    [
        ("neon", None, 160_000_000, None),  # 31 of them in December stay below 5 GB
        ("neon", None, 162_000_000, Level.WARNING),  # only December would not be enough for it
        ("neon", None, 400_000_000, Level.WARNING),
        ("neon", FREE, 162_000_000, Level.WARNING),  # it is told a month before it happens
        ("neon", FREE, 400_000_000, Level.CRITICAL),  # 4.0 GB so far, 6.0 at the end of November
        ("neon", FREE, 600_000_000, Level.CRITICAL),  # 6.0 GB so far
        ("neon", LAUNCH, 3 * GB, None),
        ("neon", LAUNCH, 4 * GB, Level.WARNING),
        ("neon", NO_LIMIT, 900 * GB, None),
        ("supabase", None, 400_000_000, Level.WARNING),
        ("supabase", FREE, 400_000_000, Level.CRITICAL),
        (None, FREE, 400_000_000, Level.CRITICAL),  # a setting needs no provider that we know
    ],
)
def test_it_is_reported_before_the_allowance_ends_and_critical_where_the_plan_stops_the_database(
    provider: str | None, stated: TransferSettings | None, much: int, level: Level | None
) -> None:
    found = reading(much, provider=provider, stated=stated).found(CODE)
    assert [each.level for each in found] == ([level] if level else [])


def test_the_finding_has_figures_the_day_and_what_to_do() -> None:
    finding = reading(400_000_000, stated=FREE).only(CODE)
    assert finding.headline == "will use up its transfer allowance"
    assert finding.fact == (
        "A backup of app reads 400 MB. Backups have read 4.0 GB this month; 6.0 GB are expected at"
        " its end, and 12 GB in the next one. The run of 2026-11-28 02:00 UTC will use up the"
        " allowance. The provider stops or restricts the database then,"
        " until the next billing period. The application's own traffic counts too; Lifeboat can't"
        " see it."
    )
    assert finding.limit == "5.0 GB a month (databases[].transfer)"
    assert "databases[].cron" in finding.advice[0].text
    assert "exclude_table_data" in finding.advice[0].text


def test_an_unknown_plan_is_reported_with_how_to_state_it() -> None:
    finding = reading(400_000_000).only(CODE)
    assert finding.limit == "5.0 GB a month (Neon's Free plan; databases[].transfer states yours)"
    assert "On that plan Neon stops the database then; on a larger one" in finding.fact
    assert finding.advice[0].text == (
        "State the plan in lifeboat.toml, at databases[].transfer: for Launch"
        " transfer = { allowance_gb = 100.0, price_per_gb = 0.1 }; for Free"
        " transfer = { allowance_gb = 5.0, suspends = true }."
    )


def test_what_is_used_up_already_is_said_so() -> None:
    finding = reading(600_000_000, stated=FREE).only(CODE)
    assert finding.headline == "has used up its transfer allowance"
    assert "ends with" not in finding.fact


def test_a_paid_plan_is_reported_with_what_it_costs() -> None:
    assert "That costs about $2.40 a month." in reading(4 * GB, stated=LAUNCH).only(CODE).fact


def test_databases_on_one_server_share_its_allowance() -> None:
    def bucket(endpoints: tuple[str | None, str | None]) -> SeenBucket:
        made = reading(100_000_000)
        made.manifests.clear()
        made.objects.clear()  # type: ignore[union-attr]
        return made.add(
            *(read(NEWEST - n * DAY, 100_000_000, "neon", endpoints[0]) for n in range(10))
        )

    def codes(*endpoints: str | None) -> list[str]:
        made = bucket((endpoints[0], None))
        facts = made.facts()
        (app,) = facts.databases
        shop = replace(
            app,
            name="shop",
            manifests=tuple(replace(each, endpoint=endpoints[1]) for each in app.manifests),  # type: ignore[arg-type]
        )
        names = (WatchedDatabase(name="app"), WatchedDatabase(name="shop"))
        settings = made.settings.model_copy(update={"databases": names})
        found = evaluate(replace(facts, databases=(app, shop)), settings, made.now)
        told = [each for each in found if each.code is CODE]
        assert all("app, shop, which share a server," in each.fact for each in told)
        return [str(each.database) for each in told]

    assert codes("one", "one") == ["app", "shop"]
    assert codes("one", "another") == []
    assert codes(None, None) == []


def test_it_is_resolved_when_less_is_read_and_open_while_nobody_knows() -> None:
    bucket = reading(400_000_000, stated=FREE)
    finding = bucket.only(CODE)
    told = SentAlert(
        code=CODE.value,
        database="app",
        subject="",
        level=finding.level,
        headline=finding.headline,
        first_notified=NEWEST,
        last_notified=NOW,
        basis=finding.basis,
    )
    calm = reading(1000, stated=FREE)
    assert _ending(calm, told) is Resolution.RESOLVED
    assert _ending(empty(), told) is Resolution.OPEN


def _ending(bucket: SeenBucket, told: SentAlert) -> Resolution:
    return resolution_of(told, bucket.findings(), bucket.facts(), bucket.settings, bucket.now)


@pytest.mark.parametrize(
    ("host", "provider"),
    [
        ("ep-cool-1.eu-central-1.aws.neon.tech", "neon"),
        ("EP-COOL-1.neon.tech.", "neon"),
        ("db.abcdef.supabase.co", "supabase"),
        ("aws-0-eu-central-1.pooler.supabase.com", "supabase"),
        ("app.abc.eu-central-1.rds.amazonaws.com", None),
        ("neon.tech.example.com", None),
        ("notneon.tech", None),
        ("/var/run/postgresql", None),
    ],
)
def test_a_provider_is_known_by_its_hosts(host: str, provider: str | None) -> None:
    assert provider_of(host) == provider


@pytest.mark.parametrize("much", [160_000_000, 170_000_000])
def test_a_backup_announces_a_month_that_is_more_than_allowed(much: int) -> None:
    said = forecast(read(NEWEST, much), WatchedDatabase(name="app"), NEWEST)
    assert said.bytes_read == much
    assert said.bytes_read_per_month == 30 * much
    if much == 160_000_000:
        assert said.warnings == ()
        return
    (warning,) = said.warnings
    assert "will read 5.1 GB a month" in warning
    assert "5.0 GB a month (Neon's Free plan" in warning
    assert "databases[].transfer" in warning


def test_a_backup_that_was_there_before_bytes_were_counted_announces_nothing() -> None:
    said = forecast(read(NEWEST, None), WatchedDatabase(name="app"), NEWEST)
    assert said == TransferForecast()


CRONS = ("0 2 * * ? *", "0/20 1-3 ? * MON *", "30 2 L * ? *", "15 0,12 1,15 * ? *")


@given(
    cron=st.sampled_from(CRONS),
    zone=st.sampled_from(("UTC", "Europe/Berlin", "America/St_Johns", "Pacific/Apia")),
    since=st.datetimes(
        datetime(2026, 1, 1),  # noqa: DTZ001
        datetime(2030, 1, 1),  # noqa: DTZ001
        timezones=st.just(UTC),
    ),
    days=st.integers(0, 70),
)
def test_runs_are_the_slots_of_the_schedule(
    cron: str, zone: str, since: datetime, days: int
) -> None:
    until = since + timedelta(days=days)
    expected = [each for each in scheduled_times(cron, zone, since, until) if each > since]
    assert runs(cron, zone, since, until) == sorted(set(expected))


@given(
    used=st.integers(0, 100),
    reads=st.lists(st.integers(0, 50), max_size=20),
    allowed=st.integers(0, 300),
)
def test_the_allowance_ends_with_the_first_run_that_does_not_fit(
    used: int, reads: list[int], allowed: int
) -> None:
    coming = [(NOW + n * DAY, much) for n, much in enumerate(reads)]
    ends, moment = exhausted_at(used, coming, allowed)
    assert ends is (used + sum(reads) > allowed)
    if moment is not None:
        before = sum(much for at, much in coming if at < moment)
        upto = sum(much for at, much in coming if at <= moment)
        assert used + before <= allowed < used + upto


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ({}, "transfer.allowance_gb"),
        ({"allowance_gb": -1}, "a number of gigabytes a month, or 'unlimited'"),
        ({"allowance_gb": "100"}, "a number of gigabytes a month"),
        ({"allowance_gb": 1, "price_per_gb": -0.1}, "US dollars for a gigabyte"),
        ({"allowance_gb": 1, "suspends": 1}, "true or false"),
        ({"allowance_gb": 1, "plan": "free"}, "plan"),
        (5, "null, or an object with allowance_gb, price_per_gb and suspends"),
    ],
)
def test_a_plan_that_makes_no_sense_is_refused(given: object, told: str) -> None:
    with pytest.raises(SettingsError, match=re.escape(told)):
        parse({"lifeboat": with_database(transfer=given)})


@pytest.mark.parametrize("no_limit", ["unlimited", None])
def test_a_plan_without_a_limit_says_so(no_limit: str | None) -> None:
    settings = parse({"lifeboat": with_database(transfer={"allowance_gb": no_limit})})
    assert settings.databases[0].transfer == TransferSettings(allowance_gb=None)
    again = type(settings).model_validate_json(settings.model_dump_json(exclude_defaults=True))
    assert again == settings


def test_a_plan_is_what_the_monitor_judges_by() -> None:
    plan = {"allowance_gb": 100, "price_per_gb": 0.1}
    settings = parse({"lifeboat": with_database(transfer=plan)})
    assert settings.watched().databases[0].transfer == LAUNCH


def test_drills_on_a_branch_read_as_much_as_the_newest_backup() -> None:
    bucket = reading(GB)
    (database,) = bucket.settings.databases
    update = {"databases": (database.model_copy(update={"drill_target": "neon-branch"}),)}
    bucket.settings = bucket.settings.model_copy(update=update)
    without = transfer(reading(GB))
    bucket.drills = [drill(bucket.now - DAY).model_copy(update={"target": "neon-branch"})]
    bucket.drills += [drill(bucket.now - 2 * DAY)]
    found = transfer(bucket)
    assert found["bytes_this_month"] == without["bytes_this_month"] + GB
    assert found["bytes_per_month"] - without["bytes_per_month"] in {4 * GB, 5 * GB}
