"""What is allowed in the settings but probably not meant; shown at synth, never an error."""

from collections.abc import Iterator
from datetime import date
from zoneinfo import ZoneInfo

from lifeboat.policy.schedule import first_runs, is_skipped, runs_per_day, tier_of_day
from lifeboat.policy.tiers import Tier
from lifeboat.settings import DatabaseSettings, Settings, TierRetention

LEAST_DAYS_BILLED = {"GLACIER_IR": 90, "GLACIER": 90, "DEEP_ARCHIVE": 180}
"""Minimum storage durations: whatever is deleted earlier is billed until then.

The infrequent-access classes have one of 30 days, which no retention can undercut: S3 takes
objects there from day 30 on only.
https://docs.aws.amazon.com/AmazonS3/latest/userguide/storage-class-intro.html
"""

YEAR = 366
"""Days looked ahead: each day of the calendar at least once."""


def warnings(settings: Settings, *, today: date) -> list[str]:
    """What somebody should know before deploying these settings, a sentence or two each."""
    found: list[str] = []
    for index, database in enumerate(settings.databases):
        found += _about_the_schedule(f"lifeboat.databases.{index}", database, today)
    for tier in Tier:
        found += _about_the_tier(f"lifeboat.retention.{tier}", settings.retention.of(tier))
        if settings.object_lock == "off" and settings.retention.of(tier).stated_lock_days:
            found.append(
                f"lifeboat.retention.{tier}.lock_days has no effect: lifeboat.object_lock is 'off'."
            )
    return found


def _about_the_schedule(key: str, database: DatabaseSettings, today: date) -> Iterator[str]:
    runs = list(first_runs(database.cron, today, YEAR))
    cron = f"{key}.cron '{database.cron}' ({database.name})"
    if not runs:
        yield f"{cron} does not fire within the next {YEAR} days."
        return
    often = runs_per_day(database.cron)
    if often > 1:
        yield (
            f"{cron} fires {often} times a day. All runs of a 1st are monthly backups and all of "
            f"a Sunday weekly ones, so these tiers keep {often} of each."
        )
    if len(runs) < YEAR:
        never = {Tier.DAILY, Tier.WEEKLY, Tier.MONTHLY} - {tier_of_day(run) for run in runs}
        tiers = f" The tiers without any run: {', '.join(sorted(never))}." if never else ""
        yield f"{cron} fires on {len(runs)} of the next {YEAR} days only.{tiers}"
    skipped = [run for run in runs if is_skipped(run, ZoneInfo(database.timezone))]
    if often == 1 and skipped:
        yield (
            f"{cron} has no run on {skipped[0].date()}: clocks in {database.timezone} are put "
            "forward over it, and EventBridge Scheduler then skips the run. Choose another hour."
        )


def _about_the_tier(key: str, kept: TierRetention) -> Iterator[str]:
    least = LEAST_DAYS_BILLED.get(kept.storage_class, 0)
    if kept.days is not None and kept.days < least:
        yield (
            f"{key} keeps backups for {kept.days} days, but S3 bills at least {least} days of "
            f"{kept.storage_class}."
        )
    if kept.storage_class == "ONEZONE_IA":
        yield (
            f"{key} moves backups to ONEZONE_IA, a single availability zone: they are lost with it."
        )
