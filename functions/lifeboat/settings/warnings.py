"""Warnings about settings that are valid but probably not intended; synth shows them."""

from collections.abc import Iterator
from datetime import date, timedelta
from zoneinfo import ZoneInfo

from lifeboat.model.aws import COLD, MIN_BILLED_DAYS
from lifeboat.model.schedule import (
    first_runs,
    is_skipped,
    longest_interval,
    runs_per_day,
    tier_of_day,
)
from lifeboat.model.tiers import Tier
from lifeboat.settings import AlertSettings, DatabaseSettings, Settings, TierRetention
from lifeboat.settings.job_warnings import about_jobs

DAYS_AHEAD = 366
"""Days of schedules that are checked: each day of the calendar at least once."""


def warnings(settings: Settings, *, today: date) -> list[str]:
    """What a person should know before a deployment, a sentence or two each."""
    found: list[str] = []
    for index, database in enumerate(settings.databases):
        key = f"lifeboat.databases.{index}"
        found += _about_the_schedule(key, database, today)
        found += _about_its_age(key, database, settings.monitor.max_age_hours, today)
    for tier in Tier:
        found += _about_the_tier(f"lifeboat.retention.{tier}", settings.retention.of(tier))
        if settings.object_lock == "off" and settings.retention.of(tier).stated_lock_days:
            found.append(
                f"lifeboat.retention.{tier}.lock_days has no effect: lifeboat.object_lock is 'off'."
            )
        found += _about_recovery(f"lifeboat.retention.{tier}", settings, tier)
    found += _about_restores(settings)
    found += _about_keys(settings)
    found += _about_drills(settings, today)
    found += _about_alerts(settings.alerts)
    found += about_jobs(settings)
    return found


def _about_the_schedule(key: str, database: DatabaseSettings, today: date) -> Iterator[str]:
    runs = list(first_runs(database.cron, today, DAYS_AHEAD))
    cron = f"{key}.cron '{database.cron}' ({database.name})"
    if not runs:
        yield f"{cron} does not fire within the next {DAYS_AHEAD} days."
        return
    often = runs_per_day(database.cron)
    if often > 1:
        yield (
            f"{cron} fires {often} times a day. All runs of a 1st are monthly backups and all of "
            f"a Sunday weekly ones, so these tiers keep {often} of each."
        )
    if len(runs) < DAYS_AHEAD:
        never = {Tier.DAILY, Tier.WEEKLY, Tier.MONTHLY} - {tier_of_day(run) for run in runs}
        tiers = f" The tiers without any run: {', '.join(sorted(never))}." if never else ""
        yield f"{cron} fires on {len(runs)} of the next {DAYS_AHEAD} days only.{tiers}"
    skipped = [run for run in runs if is_skipped(run, ZoneInfo(database.timezone))]
    if often == 1 and skipped:
        yield (
            f"{cron} has no run on {skipped[0].date()}: clocks in {database.timezone} are put "
            "forward over it, and EventBridge Scheduler then skips the run. Choose another hour."
        )


def _about_its_age(key: str, database: DatabaseSettings, hours: int, today: date) -> Iterator[str]:
    gap = longest_interval(database.cron, today, DAYS_AHEAD)
    if gap and timedelta(hours=hours) <= gap:
        yield (
            f"{key}.cron '{database.cron}' ({database.name}) leaves {_hours(gap)} hours between "
            f"two backups, but lifeboat.monitor.max_age_hours is {hours}: it will notify although "
            "every backup is taken."
        )


def _about_drills(settings: Settings, today: date) -> Iterator[str]:
    drill, days = settings.drill, settings.monitor.max_drill_age_days
    if not drill.enabled:
        yield (
            "lifeboat.drill.enabled is false: nothing will ever show that a backup can be restored."
        )
        return
    gap = longest_interval(drill.cron, today, DAYS_AHEAD)
    if gap is None:
        yield f"lifeboat.drill.cron '{drill.cron}' fires less than twice in {DAYS_AHEAD} days."
    elif gap > timedelta(days=days):
        yield (
            f"lifeboat.drill.cron '{drill.cron}' leaves {gap.days} days between two drills, but "
            f"lifeboat.monitor.max_drill_age_days is {days}: it will notify although every "
            "drill runs."
        )
    if drill.target_secret_key_arns and not drill.target_secret_arns:
        yield (
            "lifeboat.drill.target_secret_key_arns has no effect: there are no target_secret_arns."
        )


def _about_restores(settings: Settings) -> Iterator[str]:
    if settings.restore.enabled and not settings.restore.target_secret_arns:
        yield (
            "lifeboat.restore.target_secret_arns is empty: the role that takes backups only reads, "
            "so nothing can restore into a server. Add the secret of a role that may create "
            "databases now; in an emergency it would take a deployment first."
        )


def _about_keys(settings: Settings) -> Iterator[str]:
    if settings.encryption in settings.former_encryption_keys:
        yield (
            "lifeboat.former_encryption_keys holds the key of lifeboat.encryption, which has no "
            "effect: it names the keys that were used before."
        )
    if settings.kms_key:
        yield (
            "lifeboat.encryption names a KMS key: whoever deletes or disables it makes every "
            "backup unreadable. Before you change the setting, add this key to "
            "lifeboat.former_encryption_keys (docs/changing-settings.md)."
        )


def _about_alerts(alerts: AlertSettings) -> Iterator[str]:
    # With `slack` somebody connects Amazon Q Developer to the topic, outside of this stack.
    if not (alerts.emails or alerts.webhook_url_secret_arn or alerts.slack):
        yield (
            "lifeboat.alerts names nobody: alarms will reach nobody. Set lifeboat.alerts.emails, "
            "or subscribe somebody to the topic that the deployment prints as TopicArn."
        )
    for whose in ("webhook", "heartbeat"):
        key, secret = f"{whose}_url_secret_key_arn", f"{whose}_url_secret_arn"
        if getattr(alerts, key) and not getattr(alerts, secret):
            yield f"lifeboat.alerts.{key} has no effect: there is no {secret}."


def _about_recovery(key: str, settings: Settings, tier: Tier) -> Iterator[str]:
    """If all backups of a tier are archived at once, none can be restored in time."""
    kept = settings.retention.of(tier)
    if kept.hot_days == 0 and kept.storage_class in COLD:
        yield (
            f"{key} moves backups to {kept.storage_class} at once: a thaw takes hours, so that "
            f"none of them can be drilled, or restored within lifeboat.drill.rto_minutes "
            f"({settings.drill.rto_minutes})."
        )


def _hours(time: timedelta) -> str:
    return f"{time / timedelta(hours=1):g}"


def _about_the_tier(key: str, kept: TierRetention) -> Iterator[str]:
    least = MIN_BILLED_DAYS.get(kept.storage_class, 0)
    if kept.days is not None and kept.days < least:
        yield (
            f"{key} keeps backups for {kept.days} days, but S3 bills at least {least} days of "
            f"{kept.storage_class}."
        )
    if kept.storage_class == "ONEZONE_IA":
        yield (
            f"{key} moves backups to ONEZONE_IA, a single availability zone: they are lost with it."
        )
