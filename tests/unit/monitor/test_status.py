import json
from dataclasses import replace

from lifeboat.alerts.policy.findings import Health, Level
from lifeboat.model.drill_report import Verdict
from lifeboat.monitor.policy.evaluate import evaluate
from lifeboat.monitor.policy.status import DatabaseStatus, Status, status_of
from lifeboat.settings import WatchedDatabase
from tests.support.seen_bucket import (
    DAY,
    HOUR,
    NEWEST,
    NOW,
    UNKNOWN,
    SeenBucket,
    backup,
    drill,
    empty,
    healthy,
)


def status(bucket: SeenBucket) -> Status:
    facts = bucket.facts()
    return status_of(
        facts, bucket.settings, evaluate(facts, bucket.settings, bucket.now), bucket.now
    )


def table(bucket: SeenBucket) -> list[list[str]]:
    """The cells of the table's rows, headings first; columns stand two spaces apart."""
    block = status(bucket).as_text().split("\n\n")[1].splitlines()
    return [[cell.strip() for cell in row.split("  ") if cell] for row in block]


def test_a_healthy_database_in_a_row() -> None:
    headings, row, details = table(healthy())
    assert dict(zip(headings, row, strict=False)) == {
        "DATABASE": "app",
        "HEALTH": "healthy",
        "BACKUP": "9 h",
        "SIZE": "50 MB",
        "ROWS": "6,000",
        "DRILL": "proven",
        "DRILLED": "55 h",
    }
    assert details == [
        "daily backup, restored in 2.0 of 60 min, reads 4.5 GB a month, $0.01 a month"
    ]
    assert "Nothing is wrong." in status(healthy()).as_text()


def test_the_same_as_json() -> None:
    found = status(healthy()).as_json()
    assert json.loads(json.dumps(found)) == found
    assert found["health"] == "healthy"
    assert found["checked_at"] == "2026-11-25T12:00:00Z"
    assert found["findings"] == []
    (database,) = found["databases"]  # type: ignore[misc]
    assert database == {  # type: ignore[has-type]
        "name": "app",
        "health": "healthy",
        "critical_findings": 0,
        "warnings": 0,
        "checked": True,
        "backups": 10,
        "newest_backup": {
            "backup": "daily/app/2026-11-25T020000Z",
            "tier": "daily",
            "data_as_of": "2026-11-25T02:00:01Z",
            "age_hours": 9.9997,
            "archive_bytes": 50_000_000,
            "rows": 6000,
            "seconds": 60.0,
            "engine": "function",
        },
        "newest_drill": {
            "verdict": "proven",
            "backup": "daily/app/2026-11-25T020000Z",
            "started_at": "2026-11-23T05:00:00Z",
            "age_days": 2.2917,
            "seconds": 120.0,
            "rto_seconds": 3600,
            "rto_margin_seconds": 3480.0,
            "target": "embedded",
        },
        "monthly_cost": 0.0112,
        "transfer": {
            "backup_bytes": 150_000_000,
            "estimated": True,
            "bytes_per_month": 4_500_000_000,
            "bytes_this_month": 1_500_000_000,
            "counted_bytes": None,
            "counted_until": None,
            "allowance_bytes": None,
            "allowance": None,
            "monthly_cost": 0.0,
        },
        "provider": None,
        "worst_finding": None,
        "jobs": [],
    }


def test_findings_come_with_their_advice() -> None:
    bucket = healthy()
    bucket.drills.append(drill(NEWEST + HOUR, Verdict.FAILED))
    found = status(bucket)
    assert found.health is Health.CRITICAL
    (database,) = found.databases
    assert (database.critical_findings, database.warnings) == (1, 0)
    assert database.worst_finding == "failed its drill"
    text = found.as_text()
    assert "CRITICAL: app failed its drill\n  What: The drill of" in text
    assert "\n  Safe: The drill changed nothing." in text
    assert "\n  1. Look at the log.\n" in text
    (finding,) = found.as_json()["findings"]  # type: ignore[misc]
    assert finding["code"] == "drill-failed"  # type: ignore[has-type]
    assert finding["since"] == "2026-11-25T03:00:00Z"  # type: ignore[has-type]


def test_a_database_without_backups_or_drills_has_a_row_too() -> None:
    bucket = empty(scheduled_since=NOW - 9 * DAY)
    (_, row, worst, cost) = table(bucket)
    assert row == ["app", "critical", "none", "-", "-", "never", "-"]
    assert (worst, cost) == (["was never backed up"], ["$0.00 a month"])


def test_a_database_that_could_not_be_seen_is_unknown_and_not_empty() -> None:
    bucket = healthy()
    bucket.objects = UNKNOWN
    (_, row, worst) = table(bucket)
    assert row == ["app", "critical", *"?????"]
    assert worst == ["could not be checked"]
    (database,) = status(bucket).databases
    assert not database.checked
    assert database.monthly_cost is None


def test_databases_stand_in_the_settings_order_each_with_its_own_findings() -> None:
    bucket = healthy()
    names = ("zoo", "app")
    databases = tuple(WatchedDatabase(name=name) for name in names)
    bucket.settings = bucket.settings.model_copy(update={"databases": databases})
    found = status(bucket)
    assert [each.name for each in found.databases] == ["zoo", "app"]
    assert [each.health for each in found.databases] == [Health.CRITICAL, Health.HEALTHY]


def test_columns_stand_under_their_headings() -> None:
    rows = status(healthy()).as_text().split("\n\n")[1].splitlines()
    assert rows[1].index("proven") == rows[0].index("DRILL ")
    assert rows[1].index("55 h") == rows[0].index("DRILLED")


def test_a_backup_a_moment_ahead_of_the_clock_is_no_hours_old() -> None:
    bucket = healthy()
    bucket.now = NEWEST
    (database,) = status(bucket).databases
    assert database.newest_backup is not None
    assert database.newest_backup.age_hours == 0


def test_warnings_are_counted_apart_from_what_is_critical() -> None:
    bucket = healthy()
    bucket.drills.append(drill(NEWEST + HOUR, Verdict.FAILED))
    bucket.now += 36 * DAY
    (database,) = status(bucket).databases
    assert (database.critical_findings, database.warnings) == (2, 1)  # too old and failed; stale


def health(bucket: SeenBucket) -> Health:
    """Of the one database, which is then that of all."""
    found = status(bucket)
    (database,) = found.databases
    assert found.health is database.health
    return found.health


def test_a_database_that_waits_for_its_first_backup_is_not_healthy() -> None:
    bucket = empty(scheduled_since=NOW - HOUR)
    assert health(bucket) is Health.NO_BACKUP_YET
    text = status(bucket).as_text()
    assert text.startswith("Lifeboat: NO BACKUP YET   2026-11-25 12:00 UTC\n")
    assert "\napp       no backup yet  none " in text


def test_a_database_that_waits_for_its_first_drill_is_not_healthy_and_no_alarm() -> None:
    bucket = empty(scheduled_since=NEWEST).add(backup(NEWEST))
    assert health(bucket) is Health.NOT_DRILLED_YET
    assert {each.level for each in bucket.findings()} == {Level.INFO}
    bucket.now = NEWEST + 6 * DAY
    bucket.add(*(backup(NEWEST + day * DAY) for day in range(1, 7)))
    assert health(bucket) is Health.WARNING


def test_without_drills_a_database_is_healthy_only_while_one_by_hand_is_young() -> None:
    bucket = healthy()
    drills = bucket.settings.drill.model_copy(update={"enabled": False})
    bucket.settings = bucket.settings.model_copy(update={"drill": drills})
    assert health(bucket) is Health.HEALTHY
    bucket.drills.clear()
    assert health(bucket) is Health.DRILLS_DISABLED
    bucket.drills.append(drill(NOW - 36 * DAY))
    assert health(bucket) is Health.DRILLS_DISABLED


def test_what_is_wrong_goes_before_what_is_waited_for() -> None:
    bucket = empty(scheduled_since=NOW - 9 * DAY)
    assert health(bucket) is Health.CRITICAL
    waiting = empty(scheduled_since=NOW - HOUR)
    waiting.configuration = replace(waiting.configuration, versioning=False)
    assert status(waiting).health is Health.CRITICAL
    assert status(waiting).databases[0].health is Health.NO_BACKUP_YET


def test_the_table_begins_with_the_worst_database_and_fits_a_terminal() -> None:
    def row(name: str, health: Health, **changed: object) -> DatabaseStatus:
        return newest.model_copy(update={"name": name, "health": health, **changed})

    found = status(healthy())
    (newest,) = found.databases
    assert newest.newest_backup is not None
    huge = {"archive_bytes": 999_000_000_000, "rows": 1_999_999_999}
    big = newest.newest_backup.model_copy(update=huge)
    rows = (
        row("app", Health.HEALTHY),
        row("billing", Health.NOT_DRILLED_YET, newest_backup=big),
        row("crm", Health.WARNING),
        row("shop", Health.CRITICAL, critical_findings=1, worst_finding="lost rows\nof \u202ea"),
        row("production", Health.CRITICAL, critical_findings=2, worst_finding="has no backup left"),
    )
    text = found.model_copy(update={"databases": rows}).as_text().split("\n\n")[1].splitlines()
    names = [each.split()[0] for each in text if not each.startswith("  ")]
    assert names == ["DATABASE", "production", "shop", "crm", "billing", "app"]
    assert max(map(len, text)) <= 80
    assert "  lost rows\\nof \\u202ea" in text


def test_the_status_says_whose_it_is() -> None:
    (_, whose) = status(healthy()).as_text().splitlines()[:2]
    assert whose == "Account 123456789012, region us-east-1, stack Lifeboat. Bucket: s3://bucket-1"
    found = status(healthy()).as_json()
    assert (found["account"], found["stack"]) == ("123456789012", "Lifeboat")
