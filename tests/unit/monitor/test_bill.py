"""The whole bill, reckoned by hand beside what the code says."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from lifeboat.model.aws import GIB
from lifeboat.model.engine import Engine, EngineChoice
from lifeboat.monitor.policy.bill import (
    Bill,
    BilledInstallation,
    DatabaseUsage,
    Line,
    metric_hours,
    monthly_bill,
    secrets_of,
)
from lifeboat.monitor.policy.cost import monthly_cost
from lifeboat.monitor.policy.run_cost import next_engine
from lifeboat.settings import (
    BackupSettings,
    DrillSettings,
    JobSettings,
    MonitorSettings,
    NeonSettings,
    WatchedSettings,
)
from tests.support.seen_bucket import (
    APP,
    DAY,
    NEWEST,
    NOW,
    SETTINGS,
    UNKNOWN,
    backup,
    drill,
    empty,
    healthy,
    version,
)
from tests.unit.monitor.test_status import status

README = Path(__file__).parents[3] / "README.md"
HOURS = 720


def there(
    settings: WatchedSettings = SETTINGS, *usages: DatabaseUsage, secrets: int = 1
) -> BilledInstallation:
    return BilledInstallation(
        settings=settings, usages=usages or (DatabaseUsage(database=APP),), secrets=secrets
    )


def bill(installation: BilledInstallation, now: datetime = NOW, **more: object) -> Bill:
    return monthly_bill(installation, region="us-east-1", now=now, **more)  # type: ignore[arg-type]


def dollars(found: Bill, name: str) -> float:
    (line,) = [each for each in found.lines if each.name.startswith(name)]
    return line.dollars


def changed(**changes: object) -> WatchedSettings:
    return SETTINGS.model_copy(update=changes)


def test_every_line_of_one_database_is_what_the_hand_reckons() -> None:
    found = bill(there())
    assert dollars(found, "CloudWatch, 4 alarms") == 0.40
    assert dollars(found, "CloudWatch, dashboard") == 3.00
    assert dollars(found, "Secrets Manager, 1 secret") == 0.40
    hours = 720 + 30 * (1 + 3) + 30 * 2 + 30 / 7  # age; cost and three of the database; runs
    assert metric_hours(there(), NOW) == pytest.approx(hours)
    assert dollars(found, "CloudWatch, metrics") == pytest.approx(0.30 * hours / HOURS, abs=1e-4)
    backups = 30 * 60 * 1769 / 1024 * 0.0000133334
    drills = 30 / 7 * 60 * (3008 / 1024 * 0.0000133334 + 3.5 * 0.0000000309)
    looks = 720 * 3.3 * 0.0000133334
    starts = (30 + 30 / 7 + 720) * 0.0000002
    together = backups + drills + looks + starts
    assert dollars(found, "Lambda") == pytest.approx(together, abs=1e-4)
    looking = 720 * (9 * 0.000005 + (6 + 3 + 35) * 0.0000004)
    assert dollars(found, "S3 requests of the monitor") == pytest.approx(looking, abs=1e-4)
    assert found.total == pytest.approx(sum(each.dollars for each in found.lines), abs=1e-3)


def test_times_are_those_that_runs_took() -> None:
    slow = DatabaseUsage(database=APP, backup_seconds=[400, 800], drill_seconds=[600])
    usual, slower = (dollars(bill(each), "Lambda") for each in (there(), there(SETTINGS, slow)))
    backups = 30 * 540 * 1769 / 1024 * 0.0000133334
    drills = 30 / 7 * 540 * (3008 / 1024 * 0.0000133334 + 3.5 * 0.0000000309)
    assert slower - usual == pytest.approx(backups + drills, abs=2e-4)


def test_the_other_processor_memory_and_disk_have_their_prices() -> None:
    usual = dollars(bill(there()), "Lambda")
    assert dollars(bill(there(changed(architecture="x86_64"))), "Lambda") == pytest.approx(
        usual * 1.25, rel=0.01
    )
    larger = changed(backup=BackupSettings(memory_mb=3538, ephemeral_mb=10240))
    more = 30 * 60 * (1769 / 1024 * 0.0000133334 + 9.5 * 0.0000000309)
    assert dollars(bill(there(larger)), "Lambda") == pytest.approx(usual + more, abs=2e-4)


def test_what_is_switched_off_costs_nothing() -> None:
    bare = bill(there(changed(dashboard=False)))
    assert not [each for each in bare.lines if "dashboard" in each.name]
    assert dollars(bare, "CloudWatch, metrics") == 0.30
    undrilled = changed(drill=DrillSettings(enabled=False))
    assert metric_hours(there(undrilled), NOW) == pytest.approx(720 + 30 * 3 + 30 * 2)
    assert dollars(bill(there(undrilled)), "Lambda") < dollars(bill(there()), "Lambda")


def test_a_metric_that_is_sent_twice_in_an_hour_is_billed_once() -> None:
    often = changed(monitor=MonitorSettings(cron="0/5 * * * ? *"), dashboard=False)
    rarely = changed(monitor=MonitorSettings(cron="0 0/12 * * ? *"), dashboard=False)
    assert metric_hours(there(often), NOW) == pytest.approx(720)
    assert metric_hours(there(rarely), NOW) == pytest.approx(60)


@pytest.mark.parametrize("days", range(14))
def test_the_bill_is_the_same_on_every_day_of_the_week(days: int) -> None:
    assert bill(there(), NOW + days * DAY + timedelta(hours=7)) == bill(there())


def test_archives_and_what_others_charge_are_lines_of_it() -> None:
    lying = version("daily/app/2026-11-22T020000Z/archive.dump", NOW - 300 * DAY, GIB)
    stored = monthly_cost([lying], SETTINGS.retention, "us-east-1", NOW)
    transfer = Line(name="Neon, transfer", dollars=2.5)
    plain, whole = bill(there()), bill(there(), stored=stored, others=[transfer])
    assert dollars(whole, "S3 storage, STANDARD") == pytest.approx(0.023)
    assert dollars(whole, "Neon, transfer") == 2.5
    assert whole.total == pytest.approx(plain.total + 0.023 + 2.5, abs=1e-3)


def test_a_thousand_versions_take_one_more_request_to_list() -> None:
    many = DatabaseUsage(database=APP, versions=3000)
    more = dollars(bill(there(SETTINGS, many)), "S3 requests of") - dollars(
        bill(there()), "S3 requests of"
    )
    assert more == pytest.approx(3 * 720 * 0.000005, abs=1e-4)


def test_it_says_whose_prices_these_are_and_what_is_left_out() -> None:
    whose, excluded = bill(there()).notes
    assert whose == "Prices of us-east-1 as of 2026-10-01."
    assert "without free tiers" in excluded
    assert "KMS keys" in excluded


def test_the_status_has_the_bill_of_what_was_seen() -> None:
    found = status(healthy())
    storage = sum(each.dollars for each in found.bill.lines if "S3 storage" in each.name)
    (app,) = found.databases
    assert app.monthly_cost is not None
    assert 0 < storage <= app.monthly_cost
    assert f"COST A MONTH                ${found.bill.total:.2f}\n" in found.as_text()
    assert "CloudWatch, 4 alarms        $0.40\n" in found.as_text()
    bucket = healthy()
    bucket.objects = UNKNOWN
    assert status(bucket).bill.total > 0
    assert status(empty()).bill.total > 0


def test_a_database_whose_last_runs_were_jobs_is_billed_for_jobs() -> None:
    bucket = healthy()
    assert not [each for each in status(bucket).bill.lines if each.name == "CodeBuild, jobs"]
    report = drill(NOW - DAY).model_copy(update={"engine": Engine.JOB, "total_seconds": 90.0})
    newest = backup(NEWEST).model_copy(update={"engine": Engine.JOB})
    for engines, wanted in (
        (empty(drills=[report]), 30 / 7 * 3 * 0.015),
        (empty().add(newest, backup(NEWEST - DAY)), 30 * 2 * 0.007),
    ):
        (line,) = [each for each in status(engines).bill.lines if each.name == "CodeBuild, jobs"]
        assert line.dollars == pytest.approx(wanted, abs=1e-4)


def test_an_installation_is_as_cheap_as_it_is_meant_to_be() -> None:
    """At list prices, beside archives and the dashboard."""
    from infra.bill import bill_of, settings_of

    def beside_the_dashboard(databases: int) -> float:
        return bill_of(settings_of(databases, dashboard=True), datetime.now(UTC)).total - 3.00

    assert beside_the_dashboard(1) < 1.50
    assert beside_the_dashboard(12) < 12.00


def test_jobs_are_billed_by_the_minute_of_their_machine() -> None:
    usage = DatabaseUsage(
        database=APP,
        backup_seconds=[3540],
        drill_seconds=[3541],
        backup_engine=Engine.JOB,
        drill_engine=Engine.JOB,
    )
    found = bill(there(SETTINGS, usage))

    backups, drills = 30 * 60 * 0.007, 30 / 7 * 61 * 0.015  # 60 s to start, then whole minutes
    assert dollars(found, "CodeBuild, jobs") == pytest.approx(backups + drills, abs=1e-4)
    other = bill(there(changed(architecture="x86_64"), usage))
    backups, drills = 30 * 60 * 0.01, 30 / 7 * 61 * 0.02
    assert dollars(other, "CodeBuild, jobs") == pytest.approx(backups + drills, abs=1e-4)
    larger = changed(job=JobSettings(backup_compute="small", drill_compute="2xlarge"))
    backups, drills = 30 * 60 * 0.0034, 30 / 7 * 61 * 0.12
    assert dollars(bill(there(larger, usage)), "CodeBuild, jobs") == pytest.approx(
        backups + drills, abs=1e-4
    )


def test_a_function_that_hands_over_costs_some_seconds() -> None:
    usage = DatabaseUsage(database=APP, backup_seconds=[800], backup_engine=Engine.JOB)
    short = DatabaseUsage(database=APP, backup_seconds=[10])

    assert dollars(bill(there(SETTINGS, usage)), "Lambda") == dollars(
        bill(there(SETTINGS, short)), "Lambda"
    )
    assert not [each for each in bill(there()).lines if "CodeBuild" in each.name]


@pytest.mark.parametrize(
    ("choice", "last", "engine"),
    [
        ("auto", None, "function"),
        ("auto", "job", "job"),
        ("auto", "function", "function"),
        ("job", None, "job"),
        ("job", "function", "job"),
        ("function", "job", "function"),
    ],
)
def test_the_next_run_is_what_the_settings_say_or_else_what_the_last_one_was(
    choice: EngineChoice, last: str | None, engine: str
) -> None:
    assert next_engine(choice, Engine(last) if last else None) == engine


def test_the_page_about_large_databases_has_the_table_that_the_code_computes() -> None:
    from infra.job_bill import table

    page = README.parent / "docs" / "large-databases.md"
    assert f"\n{table()}\n" in page.read_text()


def test_readme_has_the_table_that_the_code_computes() -> None:
    from infra.bill import SIZES, table

    assert f"\n{table()}\n" in README.read_text()
    assert SIZES == (1, 3, 12, 24)


def test_a_parameter_in_place_of_a_secret_is_free() -> None:
    from infra.bill import settings_of

    settings = settings_of(2, dashboard=False)
    first, second = settings.databases
    parameter = first.model_copy(
        update={"secret_arn": "arn:aws:ssm:us-east-1:111122223333:parameter/lifeboat/app"}
    )
    mixed = settings.model_copy(update={"databases": (parameter, second)})
    assert secrets_of(settings) == 2
    assert secrets_of(mixed) == 1


def test_each_secret_that_the_stack_makes_for_a_branch_is_counted() -> None:
    from infra.bill import settings_of

    arn = "arn:aws:ssm:us-east-1:111122223333:parameter/lifeboat/neon"
    neon = NeonSettings(project_id="shiny-wind-1", api_key_secret_arn=arn)
    settings = settings_of(1, dashboard=False)
    (app,) = settings.databases
    for changed, expected in (
        ({}, 1),
        ({"source": "branch"}, 2),
        ({"drill_target": "neon-branch"}, 2),
        ({"source": "branch", "drill_target": "neon-branch"}, 3),
    ):
        database = app.model_copy(update={"neon": neon, **changed})
        assert secrets_of(settings.model_copy(update={"databases": (database,)})) == expected
