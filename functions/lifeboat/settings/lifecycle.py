"""The bucket's lifecycle rules. Nothing else moves or deletes its objects."""

from collections.abc import Iterator

from lifeboat.model.keys import DRILLS, EVIDENCE, EXPORTS, NOTIFIED, RESTORES
from lifeboat.model.lifecycle import LifecycleRule
from lifeboat.model.tiers import Tier
from lifeboat.settings.model import WatchedSettings
from lifeboat.settings.retention import TierRetention

REPORT_DAYS = 400
"""Reports of drills and restores are kept longer than monthly backups, which are kept a year."""

EVIDENCE_DAYS = 800
"""Evidence is kept for two years and a bit: an audit looks back at a year that is over."""

CLAIM_DAYS = 1
"""A claim is for one hour; S3 counts in days."""

MAX_HOT_BYTES = 4 * 1024 * 1024
"""Smaller objects stay in S3 Standard, where they can be read at once. S3's own limit is 128 KB;
the manifest of a database with thousands of tables is larger, and lists and checks of backups must
never need a thaw. Small archives stay too, which costs less than to move them."""

NONCURRENT_DAYS_LOCKED = 1
"""With Object Lock, the locks protect what must stay, so the rest need not wait."""

NONCURRENT_DAYS_UNLOCKED = 7
"""Without Object Lock, a deletion or an overwrite can be undone only within this week."""

ABORT_DAYS = 2
"""A job lasts 36 hours at most, so an upload that is two days old is abandoned."""


def lifecycle_rules(settings: WatchedSettings) -> tuple[LifecycleRule, ...]:
    """All rules that the bucket must have: the stack creates them, the monitor checks them.

    Args:
        settings: those of the monitor, so that it checks exactly what the stack created.
    """
    return (
        *(rule for tier in Tier for rule in _of_a_tier(tier, settings.retention.of(tier))),
        *_of_the_rest(settings.export_days),
        _sweep(locked=settings.object_lock != "off"),
    )


def _of_a_tier(tier: Tier, kept: TierRetention) -> Iterator[LifecycleRule]:
    """A rule that moves the tier's archives, and one that deletes its backups, if they expire."""
    prefix = f"{tier}/"
    if kept.storage_class != "STANDARD":
        yield LifecycleRule(
            id=f"{tier}-archives",
            prefix=prefix,
            larger_than=MAX_HOT_BYTES,
            transitions=((kept.hot_days, kept.storage_class),),
        )
    if kept.days is not None:
        yield LifecycleRule(id=tier.value, prefix=prefix, expire_days=kept.days)


def _of_the_rest(export_days: int) -> Iterator[LifecycleRule]:
    """Reports are kept long; an export contains the database's data, so it is deleted soon."""
    for root, days in (
        (DRILLS, REPORT_DAYS),
        (RESTORES, REPORT_DAYS),
        (EVIDENCE, EVIDENCE_DAYS),
        (EXPORTS, export_days),
        (NOTIFIED, CLAIM_DAYS),
    ):
        yield LifecycleRule(id=root, prefix=f"{root}/", expire_days=days)


def _sweep(*, locked: bool) -> LifecycleRule:
    """Deletes old versions, delete markers and unfinished uploads, under every prefix."""
    return LifecycleRule(
        id="sweep",
        noncurrent_days=NONCURRENT_DAYS_LOCKED if locked else NONCURRENT_DAYS_UNLOCKED,
        expire_markers=True,
        abort_days=ABORT_DAYS,
    )
