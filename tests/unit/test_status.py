import json

from lifeboat.policy.drill_report import Verdict
from lifeboat.policy.findings import Health
from lifeboat.policy.health import judge
from lifeboat.policy.status import Status, status_of
from lifeboat.settings import WatchedDatabase
from tests.unit.vaults import DAY, HOUR, NEWEST, NOW, UNKNOWN, Vault, drill, empty, healthy


def status(vault: Vault) -> Status:
    facts = vault.facts()
    return status_of(facts, vault.settings, judge(facts, vault.settings, vault.now), vault.now)


def table(vault: Vault) -> list[list[str]]:
    """The cells of the table's rows, headings first; columns stand two spaces apart."""
    block = status(vault).as_text().split("\n\n")[1].splitlines()
    return [[cell.strip() for cell in row.split("  ") if cell] for row in block]


def test_a_healthy_database_in_a_row() -> None:
    headings, row = table(healthy())
    assert dict(zip(headings, row, strict=False)) == {
        "DATABASE": "app",
        "HEALTH": "healthy",
        "AGE": "9 h",
        "TIER": "daily",
        "SIZE": "50 MB",
        "ROWS": "6,000",
        "DRILL": "proven",
        "DRILLED": "55 h",
        "RESTORE": "2.0 of 60 min",
        "READ/MONTH": "4.5 GB",
        "$/MONTH": "$0.01",
    }
    assert "Nothing is wrong." in status(healthy()).as_text()


def test_the_same_as_json() -> None:
    found = status(healthy()).as_json()
    assert json.loads(json.dumps(found)) == found
    assert found["health"] == "healthy"
    assert found["checked"] == "2026-11-25T12:00:00Z"
    assert found["findings"] == []
    (database,) = found["databases"]  # type: ignore[misc]
    assert database == {  # type: ignore[has-type]
        "name": "app",
        "health": "healthy",
        "critical": 0,
        "warning": 0,
        "seen": True,
        "backups": 10,
        "backup": {
            "id": "daily/app/2026-11-25T020000Z",
            "tier": "daily",
            "shows": "2026-11-25T02:00:01Z",
            "age_hours": 9.9997,
            "bytes": 50_000_000,
            "rows": 6000,
            "seconds": 60.0,
        },
        "drill": {
            "verdict": "proven",
            "backup": "daily/app/2026-11-25T020000Z",
            "started": "2026-11-23T05:00:00Z",
            "age_days": 2.2917,
            "seconds": 120.0,
            "rto_seconds": 3600,
            "margin_seconds": 3480.0,
        },
        "monthly_cost": 0.0112,
        "transfer": {
            "backup_bytes": 150_000_000,
            "estimated": True,
            "month_bytes": 4_500_000_000,
            "used_bytes": 1_500_000_000,
            "allowance_bytes": None,
            "allowance": None,
            "monthly_cost": 0.0,
        },
        "worst": None,
    }


def test_findings_come_with_their_advice() -> None:
    vault = healthy()
    vault.drills.append(drill(NEWEST + HOUR, Verdict.FAILED))
    found = status(vault)
    assert found.health is Health.CRITICAL
    (database,) = found.databases
    assert (database.critical, database.warning) == (1, 0)
    assert database.worst == "failed its drill"
    text = found.as_text()
    assert "CRITICAL: app failed its drill\n  What: The drill of" in text
    assert "\n  Safe: The drill changed nothing." in text
    assert "\n  1. Look at the log.\n" in text
    (finding,) = found.as_json()["findings"]  # type: ignore[misc]
    assert finding["code"] == "drill-failed"  # type: ignore[has-type]
    assert finding["since"] == "2026-11-25T03:00:00Z"  # type: ignore[has-type]


def test_a_database_without_backups_or_drills_has_a_row_too() -> None:
    vault = empty(scheduled_since=NOW - 9 * DAY)
    (_, row) = table(vault)
    assert row == [
        "app",
        "critical",
        "none",
        "-",
        "-",
        "-",
        "never",
        "-",
        "-",
        "-",
        "$0.00",
        "was never backed up",
    ]


def test_a_database_that_could_not_be_seen_is_unknown_and_not_empty() -> None:
    vault = healthy()
    vault.objects = UNKNOWN
    (_, row) = table(vault)
    assert row == ["app", "critical", *"?????????", "could not be looked at"]
    (database,) = status(vault).databases
    assert not database.seen
    assert database.monthly_cost is None


def test_databases_stand_in_the_settings_order_each_with_its_own_findings() -> None:
    vault = healthy()
    names = ("zoo", "app")
    databases = tuple(WatchedDatabase(name=name) for name in names)
    vault.settings = vault.settings.model_copy(update={"databases": databases})
    found = status(vault)
    assert [each.name for each in found.databases] == ["zoo", "app"]
    assert [each.health for each in found.databases] == [Health.CRITICAL, Health.HEALTHY]


def test_columns_stand_under_their_headings() -> None:
    rows = status(healthy()).as_text().split("\n\n")[1].splitlines()
    assert rows[1].index("proven") == rows[0].index("DRILL ")
    assert rows[1].index("$0.01") == rows[0].index("$/MONTH")


def test_a_backup_a_moment_ahead_of_the_clock_is_no_hours_old() -> None:
    vault = healthy()
    vault.now = NEWEST
    (database,) = status(vault).databases
    assert database.backup is not None
    assert database.backup.age_hours == 0


def test_warnings_are_counted_apart_from_what_is_critical() -> None:
    vault = healthy()
    vault.drills.append(drill(NEWEST + HOUR, Verdict.FAILED))
    vault.now += 36 * DAY
    (database,) = status(vault).databases
    assert (database.critical, database.warning) == (2, 1)  # too old and failed; stale
