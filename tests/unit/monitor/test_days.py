from datetime import UTC, date, datetime, timedelta

from lifeboat.model.drill_report import Verdict
from lifeboat.model.tiers import Tier
from lifeboat.monitor.policy.days import DAYS, Day, days_of
from lifeboat.monitor.policy.evaluate import view_of
from lifeboat.monitor.policy.facts import Unreadable
from tests.support.seen_bucket import (
    DAY,
    HOUR,
    NEWEST,
    NOW,
    SeenBucket,
    backup,
    drill,
    empty,
    healthy,
    version,
)

LONG_AGO = NOW - 100 * DAY


def days(bucket: SeenBucket) -> dict[date, Day]:
    view = view_of(bucket.settings.databases[0], bucket.facts(), bucket.settings, bucket.now)
    assert view
    found = {each.date: each for each in days_of(view)}
    assert list(found) == sorted(found), "the oldest first"
    assert len(found) == DAYS
    return found


def missed(bucket: SeenBucket) -> list[int]:
    """The days, counted back from today, on which runs were missed."""
    return sorted((NOW.date() - each.date).days for each in days(bucket).values() if each.missed)


def test_the_strip_ends_today_and_has_a_day_for_each_backup_and_drill() -> None:
    bucket = healthy(scheduled_since=NEWEST - 9 * DAY)
    assert isinstance(bucket.objects, list)
    bucket.objects += [version(each.key, NOW) for each in bucket.drills]
    found = days(bucket)
    assert max(found) == NOW.date()
    assert [each.backups for each in found.values()] == [0] * 20 + [1] * 10
    assert [each.missed for each in found.values()] == [0] * 30
    drilled = {each.date: each.drills for each in found.values() if each.drills}
    assert drilled == {date(2026, 11, 23): (Verdict.PROVEN,)}


def test_a_due_run_without_a_backup_is_missed_once_its_grace_is_over() -> None:
    bucket = empty(scheduled_since=LONG_AGO)
    bucket.add(*(backup(NEWEST - day * DAY) for day in (1, 2, 4)))
    bucket.now = NEWEST + HOUR - timedelta(seconds=1)
    assert 0 not in missed(bucket)
    bucket.now = NEWEST + HOUR
    assert missed(bucket)[:3] == [0, 3, 5]


def test_nothing_is_missed_before_backups_were_expected_or_where_that_is_not_known() -> None:
    assert missed(empty(scheduled_since=NEWEST - 2 * DAY)) == [0, 1, 2]
    assert missed(empty()) == []


def test_what_has_expired_since_is_not_missed() -> None:
    bucket = healthy(days=3, scheduled_since=LONG_AGO)
    kept = bucket.settings.retention.daily.model_copy(update={"days": 3})
    retention = bucket.settings.retention.model_copy(update={"daily": kept})
    bucket.settings = bucket.settings.model_copy(update={"retention": retention})
    # Of the older days, only Sundays and the 1st have backups that are kept longer.
    gone = [NOW.date() - timedelta(days=number) for number in missed(bucket)]
    assert gone
    assert all(day.isoweekday() == 7 or day.day == 1 for day in gone)


def test_a_manual_backup_counts_and_does_not_hide_the_run_that_was_missed() -> None:
    bucket = healthy(days=1, scheduled_since=NEWEST - DAY)
    bucket.add(backup(NEWEST - DAY + 5 * HOUR, tier=Tier.MANUAL))
    yesterday = days(bucket)[(NEWEST - DAY).date()]
    assert (yesterday.backups, yesterday.missed) == (1, 1)


def test_a_backup_that_cannot_be_relied_on_is_no_backup() -> None:
    bucket = healthy(days=3, scheduled_since=NEWEST - 2 * DAY)
    assert isinstance(bucket.objects, list)
    archive = backup(NEWEST - DAY).location.archive_key
    bucket.objects = [each for each in bucket.objects if each.key != archive]
    assert missed(bucket) == [1]
    broken = backup(NEWEST - 2 * DAY).key
    bucket.manifests = [each for each in bucket.manifests if getattr(each, "key", "") != broken]
    bucket.manifests.append(Unreadable(key=broken, why="It is cut.", safe="-", todo="-"))
    assert missed(bucket) == [1, 2]


def test_each_run_of_a_day_counts() -> None:
    bucket = healthy(days=0, scheduled_since=LONG_AGO).schedule("0 0/6 * * ? *")
    bucket.add(*(backup(datetime(2026, 11, 24, hour, tzinfo=UTC)) for hour in (0, 12)))
    found = days(bucket)[date(2026, 11, 24)]
    assert (found.backups, found.missed) == (2, 2)


def test_days_are_those_of_utc_whatever_the_zone_of_the_schedule() -> None:
    bucket = empty(scheduled_since=LONG_AGO).schedule("30 20 * * ? *", "America/New_York")
    bucket.add(backup(datetime(2026, 11, 24, 1, 30, tzinfo=UTC)))
    found = days(bucket)[date(2026, 11, 24)]
    assert (found.backups, found.missed) == (1, 0)


def test_a_drill_whose_report_was_not_read_is_there_without_a_verdict() -> None:
    bucket = healthy()
    assert isinstance(bucket.objects, list)
    for report in (drill(NOW - 4 * DAY), drill(NOW - 5 * DAY, Verdict.FAILED)):
        bucket.objects.append(version(report.key, report.finished))
    bucket.drills.append(drill(NOW - 5 * DAY, Verdict.FAILED))
    found = days(bucket)
    assert found[(NOW - 4 * DAY).date()].drills == (None,)
    assert found[(NOW - 5 * DAY).date()].drills == (Verdict.FAILED,)
