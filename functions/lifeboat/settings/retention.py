"""How long backups are kept, tier by tier."""

from collections.abc import Mapping
from typing import Annotated, get_args

from pydantic import Field, ValidationInfo, field_validator, model_validator

from lifeboat.model.aws import INFREQUENT, MIN_INFREQUENT_DAYS, StorageClass
from lifeboat.model.tiers import Tier
from lifeboat.settings.fields import (
    MAX_DAYS,
    Days,
    Frozen,
    may_be,
    refusal,
    whole_number,
)

LOCK_DAYS_OF_FOREVER = 365
"""How long a backup is locked by default that is kept until somebody deletes it."""


class TierRetention(Frozen):
    """How long the backups of one tier are kept, and where they lie."""

    days: Days
    """Days until S3 deletes a backup; None means never (written as "forever")."""

    storage_class: Annotated[
        StorageClass, may_be(f"one of {', '.join(get_args(StorageClass.__value__))}")
    ]
    """Where a backup lies once its hot days are over. STANDARD: it stays where it is."""

    hot_days: Annotated[int, *whole_number(0, MAX_DAYS, "days")]
    """Days in S3 Standard, where a restore can start at once; at most `days`."""

    stated_lock_days: Annotated[int, *whole_number(1, MAX_DAYS, "days")] | None = Field(
        None, alias="lock_days"
    )
    """Days of Object Lock as stated in the settings; None leaves it to `lock_days`."""

    @property
    def lock_days(self) -> int:
        """Days for which Object Lock, where it is on, keeps a backup from being deleted.

        The whole retention, unless stated otherwise. A backup that is kept forever is locked for a
        year: its owner has to be able to delete it one day without breaking a lock.
        """
        return self.stated_lock_days or self.days or LOCK_DAYS_OF_FOREVER

    @field_validator("hot_days")
    @classmethod
    def _fits_the_transition(cls, hot_days: int, info: ValidationInfo) -> int:
        days, storage_class = info.data.get("days"), info.data.get("storage_class")
        if storage_class in INFREQUENT and hot_days < MIN_INFREQUENT_DAYS:
            raise refusal(
                f"{MIN_INFREQUENT_DAYS} or more, as S3 moves nothing earlier to its class"
            )
        if days is None or storage_class is None:
            return hot_days
        # S3 wants the expiration to come later than the transition, not on the same day.
        most = days if storage_class == "STANDARD" else days - 1
        if hot_days > most:
            raise refusal(f"at most {most}, as backups are kept for {days} days")
        return hot_days

    @field_validator("stated_lock_days")
    @classmethod
    def _ends_with_the_tier(cls, lock_days: int | None, info: ValidationInfo) -> int | None:
        days = info.data.get("days")
        if lock_days and days and lock_days > days:
            raise refusal(f"at most {days}, the days for which backups are kept")
        return lock_days


_TIER = may_be("an object with days, hot_days, storage_class and optionally lock_days")


class Retention(Frozen):
    """The retention of the four tiers. A tier may be given in part; the rest is its default."""

    daily: Annotated[TierRetention, _TIER] = TierRetention(
        days=30, hot_days=30, storage_class="STANDARD"
    )
    """The run of any day that is neither the 1st nor a Sunday."""

    weekly: Annotated[TierRetention, _TIER] = TierRetention(
        days=90, hot_days=30, storage_class="GLACIER"
    )
    """The run of a Sunday that is not the 1st."""

    monthly: Annotated[TierRetention, _TIER] = TierRetention(
        days=365, hot_days=30, storage_class="DEEP_ARCHIVE"
    )
    """The run of the 1st."""

    manual: Annotated[TierRetention, _TIER] = TierRetention(
        days="forever", hot_days=30, storage_class="DEEP_ARCHIVE"
    )
    """Backups taken by hand."""

    def of(self, tier: Tier) -> TierRetention:
        """The retention of one tier."""
        found: TierRetention = getattr(self, tier)
        return found

    @model_validator(mode="before")
    @classmethod
    def _complete_the_tiers(cls, given: object) -> object:
        if not isinstance(given, Mapping):
            return given
        return {key: cls._completed(key, value) for key, value in given.items()}

    @classmethod
    def _completed(cls, tier: str, given: object) -> object:
        if tier not in Tier or not isinstance(given, Mapping):
            return given
        default: TierRetention = cls.model_fields[tier].default
        whole = {**default.model_dump(), **given}
        # What never leaves Standard is hot for as long as it is kept; nobody should have to say so.
        if whole["storage_class"] == "STANDARD" and type(whole["days"]) is int:
            whole["hot_days"] = given.get("hot_days", whole["days"])
        return whole
