"""How long the backups of each tier are kept."""

from collections.abc import Mapping
from typing import Annotated, get_args

from pydantic import Field, ValidationInfo, field_validator, model_validator

from lifeboat.model.aws import INFREQUENT, MIN_INFREQUENT_DAYS, StorageClass
from lifeboat.model.tiers import Tier
from lifeboat.settings.fields import (
    MAX_DAYS,
    Days,
    SettingsModel,
    expected_error,
    expects,
    int_range,
)

DEFAULT_LOCK_DAYS = 365
"""Days for which a backup that is kept forever is locked by default."""


class TierRetention(SettingsModel):
    """How long the backups of one tier are kept, and in which storage class."""

    days: Days
    """Days until S3 deletes a backup; None means never ("forever" in the settings)."""

    storage_class: Annotated[
        StorageClass, expects(f"one of {', '.join(get_args(StorageClass.__value__))}")
    ]
    """A backup's storage class after its hot days. STANDARD: it is not moved."""

    hot_days: Annotated[int, *int_range(0, MAX_DAYS, "days")]
    """Days in S3 Standard, where a restore can start at once; at most `days`."""

    stated_lock_days: Annotated[int, *int_range(1, MAX_DAYS, "days")] | None = Field(
        None, alias="lock_days"
    )
    """Days of Object Lock as in the settings; None: `lock_days` decides."""

    @property
    def lock_days(self) -> int:
        """Days for which Object Lock, if it is on, protects a backup.

        By default the whole retention. A backup that is kept forever is locked for a year, so that
        its owner can delete it later.
        """
        return self.stated_lock_days or self.days or DEFAULT_LOCK_DAYS

    @field_validator("hot_days")
    @classmethod
    def _fits_the_transition(cls, hot_days: int, info: ValidationInfo) -> int:
        days, storage_class = info.data.get("days"), info.data.get("storage_class")
        if storage_class in INFREQUENT and hot_days < MIN_INFREQUENT_DAYS:
            raise expected_error(
                f"{MIN_INFREQUENT_DAYS} or more, as S3 moves nothing earlier to its class"
            )
        if days is None or storage_class is None:
            return hot_days
        # S3 requires the expiration to be later than the transition, not on the same day.
        most = days if storage_class == "STANDARD" else days - 1
        if hot_days > most:
            raise expected_error(f"at most {most}, as backups are kept for {days} days")
        return hot_days

    @field_validator("stated_lock_days")
    @classmethod
    def _ends_with_the_tier(cls, lock_days: int | None, info: ValidationInfo) -> int | None:
        days = info.data.get("days")
        if lock_days and days and lock_days > days:
            raise expected_error(f"at most {days}, the days for which backups are kept")
        return lock_days


_TIER = expects("an object with days, hot_days, storage_class and optionally lock_days")


class Retention(SettingsModel):
    """The retention of the four tiers. Keys that a tier leaves out have their defaults."""

    daily: Annotated[TierRetention, _TIER] = TierRetention(
        days=30, hot_days=30, storage_class="STANDARD"
    )
    """Runs on days that are neither the 1st nor a Sunday."""

    weekly: Annotated[TierRetention, _TIER] = TierRetention(
        days=90, hot_days=30, storage_class="GLACIER"
    )
    """Runs on a Sunday that is not the 1st."""

    monthly: Annotated[TierRetention, _TIER] = TierRetention(
        days=365, hot_days=30, storage_class="DEEP_ARCHIVE"
    )
    """Runs on the 1st."""

    manual: Annotated[TierRetention, _TIER] = TierRetention(
        days="forever", hot_days=30, storage_class="DEEP_ARCHIVE"
    )
    """Manual backups."""

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
        # Objects that stay in STANDARD are hot while they are kept, so that is the default.
        if whole["storage_class"] == "STANDARD" and type(whole["days"]) is int:
            whole["hot_days"] = given.get("hot_days", whole["days"])
        return whole
