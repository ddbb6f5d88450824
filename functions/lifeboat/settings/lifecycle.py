"""The bucket's lifecycle rules, which alone move and delete what lies in it."""

from collections.abc import Iterator

from lifeboat.model.keys import DRILLS, EXPORTS, NOTIFIED, RESTORES
from lifeboat.model.lifecycle import LifecycleRule
from lifeboat.model.tiers import Tier
from lifeboat.settings.model import WatchedSettings
from lifeboat.settings.retention import TierRetention

REPORT_DAYS = 400
"""A report of a drill or a restore outlives the year for which monthly backups are kept."""

CLAIM_DAYS = 1
"""A claim is for one hour; S3 counts in days."""

MAX_HOT_BYTES = 4 * 1024 * 1024
"""What is no larger stays where a restore can read it at once. S3's own limit is 128 KB; the
manifest of a database with thousands of tables is larger, and listing and judging backups must
never need a thaw. Small archives stay as well, for less than a move would cost."""

NONCURRENT_DAYS_LOCKED = 1
"""With Object Lock, what must live is held by its lock, so nothing else has to wait."""

NONCURRENT_DAYS_UNLOCKED = 7
"""Without Object Lock this is the only time left to undo a deletion or an overwrite: a week."""

ABORT_DAYS = 1
"""A run lasts 15 minutes at most, so an upload that is a day old has lost its process."""


def lifecycle_rules(settings: WatchedSettings) -> tuple[LifecycleRule, ...]:
    """All rules that the bucket has to have: the stack writes them, the monitor judges by them.

    Args:
        settings: those of the monitor, so that it can't judge by anything else than was written.
    """
    return (
        *(rule for tier in Tier for rule in _of_a_tier(tier, settings.retention.of(tier))),
        *_of_the_rest(settings.export_days),
        _sweep(locked=settings.object_lock != "off"),
    )


def _of_a_tier(tier: Tier, kept: TierRetention) -> Iterator[LifecycleRule]:
    """A rule that moves the tier's archives and one that ends everything in it, where it ends."""
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
    """Reports stay as long as anybody asks; an export is data of the database, so it goes soon."""
    for root, days in (
        (DRILLS, REPORT_DAYS),
        (RESTORES, REPORT_DAYS),
        (EXPORTS, export_days),
        (NOTIFIED, CLAIM_DAYS),
    ):
        yield LifecycleRule(id=root, prefix=f"{root}/", expire_days=days)


def _sweep(*, locked: bool) -> LifecycleRule:
    """What S3 keeps of things that are no longer there: for every prefix, known or not."""
    return LifecycleRule(
        id="sweep",
        noncurrent_days=NONCURRENT_DAYS_LOCKED if locked else NONCURRENT_DAYS_UNLOCKED,
        expire_markers=True,
        abort_days=ABORT_DAYS,
    )
