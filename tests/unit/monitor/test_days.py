from datetime import UTC, date, datetime, timedelta

from lifeboat.model.drill_report import Verdict
from lifeboat.model.tiers import Tier
from lifeboat.monitor.policy.days import DAYS, Day, days_of
from lifeboat.monitor.policy.evaluate import view_of
from lifeboat.monitor.policy.facts import Unreadable
from tests.support.vaults import (
    DAY,
    HOUR,
    NEWEST,
    NOW,
    Vault,
    backup,
    drill,
    empty,
    healthy,
    version,
)

LONG_AGO = NOW - 100 * DAY


def days(vault: Vault) -> dict[date, Day]:
    view = view_of(vault.settings.databases[0], vault.facts(), vault.settings, vault.now)
    assert view
    found = {each.date: each for each in days_of(view)}
    assert list(found) == sorted(found), "the oldest first"
    assert len(found) == DAYS
    return found


def missed(vault: Vault) -> list[int]:
    """The days, counted back from today, on which runs were missed."""
    return sorted((NOW.date() - each.date).days for each in days(vault).values() if each.missed)


def test_the_strip_ends_today_and_has_a_day_for_each_backup_and_drill() -> None:
    vault = healthy(scheduled_since=NEWEST - 9 * DAY)
    assert isinstance(vault.objects, list)
    vault.objects += [version(each.key, NOW) for each in vault.drills]
    found = days(vault)
    assert max(found) == NOW.date()
    assert [each.backups for each in found.values()] == [0] * 20 + [1] * 10
    assert [each.missed for each in found.values()] == [0] * 30
    drilled = {each.date: each.drills for each in found.values() if each.drills}
    assert drilled == {date(2026, 11, 23): (Verdict.PROVEN,)}


def test_a_due_run_without_a_backup_is_missed_once_its_grace_is_over() -> None:
    vault = empty(scheduled_since=LONG_AGO)
    vault.add(*(backup(NEWEST - day * DAY) for day in (1, 2, 4)))
    vault.now = NEWEST + HOUR - timedelta(seconds=1)
    assert 0 not in missed(vault)
    vault.now = NEWEST + HOUR
    assert missed(vault)[:3] == [0, 3, 5]


def test_nothing_is_missed_before_backups_were_expected_or_where_that_is_not_known() -> None:
    assert missed(empty(scheduled_since=NEWEST - 2 * DAY)) == [0, 1, 2]
    assert missed(empty()) == []


def test_what_has_expired_since_is_not_missed() -> None:
    vault = healthy(days=3, scheduled_since=LONG_AGO)
    kept = vault.settings.retention.daily.model_copy(update={"days": 3})
    retention = vault.settings.retention.model_copy(update={"daily": kept})
    vault.settings = vault.settings.model_copy(update={"retention": retention})
    # Of the older days, only Sundays and the 1st have backups that are kept longer.
    gone = [NOW.date() - timedelta(days=number) for number in missed(vault)]
    assert gone
    assert all(day.isoweekday() == 7 or day.day == 1 for day in gone)


def test_a_manual_backup_counts_and_does_not_hide_the_run_that_was_missed() -> None:
    vault = healthy(days=1, scheduled_since=NEWEST - DAY)
    vault.add(backup(NEWEST - DAY + 5 * HOUR, tier=Tier.MANUAL))
    yesterday = days(vault)[(NEWEST - DAY).date()]
    assert (yesterday.backups, yesterday.missed) == (1, 1)


def test_a_backup_that_cannot_be_relied_on_is_no_backup() -> None:
    vault = healthy(days=3, scheduled_since=NEWEST - 2 * DAY)
    assert isinstance(vault.objects, list)
    archive = backup(NEWEST - DAY).location.archive_key
    vault.objects = [each for each in vault.objects if each.key != archive]
    assert missed(vault) == [1]
    broken = backup(NEWEST - 2 * DAY).key
    vault.manifests = [each for each in vault.manifests if getattr(each, "key", "") != broken]
    vault.manifests.append(Unreadable(key=broken, why="It is cut.", safe="-", todo="-"))
    assert missed(vault) == [1, 2]


def test_each_run_of_a_day_counts() -> None:
    vault = healthy(days=0, scheduled_since=LONG_AGO).schedule("0 0/6 * * ? *")
    vault.add(*(backup(datetime(2026, 11, 24, hour, tzinfo=UTC)) for hour in (0, 12)))
    found = days(vault)[date(2026, 11, 24)]
    assert (found.backups, found.missed) == (2, 2)


def test_days_are_those_of_utc_whatever_the_zone_of_the_schedule() -> None:
    vault = empty(scheduled_since=LONG_AGO).schedule("30 20 * * ? *", "America/New_York")
    vault.add(backup(datetime(2026, 11, 24, 1, 30, tzinfo=UTC)))
    found = days(vault)[date(2026, 11, 24)]
    assert (found.backups, found.missed) == (1, 0)


def test_a_drill_whose_report_was_not_read_is_there_without_a_verdict() -> None:
    vault = healthy()
    assert isinstance(vault.objects, list)
    for report in (drill(NOW - 4 * DAY), drill(NOW - 5 * DAY, Verdict.FAILED)):
        vault.objects.append(version(report.key, report.finished))
    vault.drills.append(drill(NOW - 5 * DAY, Verdict.FAILED))
    found = days(vault)
    assert found[(NOW - 4 * DAY).date()].drills == (None,)
    assert found[(NOW - 5 * DAY).date()].drills == (Verdict.FAILED,)
