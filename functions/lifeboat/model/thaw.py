"""Thawing (retrieving) archived objects: how long it takes, and what it costs.

https://docs.aws.amazon.com/AmazonS3/latest/userguide/restoring-objects-retrieval-options.html and
https://aws.amazon.com/s3/pricing/ (us-east-1, 2026; prices of other regions are similar). A GB is
2^30 bytes: S3 bills retrieval in the same unit as storage.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from email.utils import parsedate_to_datetime

from lifeboat.model.aws import COLD, GIB, MONTH, ThawTier
from lifeboat.model.prices import US_EAST_1
from lifeboat.model.text import format_time

_EXPIRY = re.compile(r'expiry-date="([^"]+)"')


@dataclass(frozen=True)
class Speed:
    """One retrieval tier of S3.

    Attributes:
        takes: time until the archive can be read, in words.
        hours: the longest time that it takes.
        per_gb: US dollars for each GB.
        per_request: US dollars for each object.
    """

    takes: str
    hours: float
    per_gb: float
    per_request: float


SPEEDS: Mapping[str, Mapping[ThawTier, Speed]] = {
    "GLACIER": {
        "Expedited": Speed("1 to 5 minutes", 0.1, 0.03, 0.01),
        "Standard": Speed("3 to 5 hours", 5, 0.01, 0.00005),
        "Bulk": Speed("5 to 12 hours", 12, 0.0, 0.0),
    },
    "DEEP_ARCHIVE": {
        "Standard": Speed("up to 12 hours", 12, 0.02, 0.0001),
        "Bulk": Speed("up to 48 hours", 48, 0.0025, 0.000025),
    },
}
"""By storage class, for each class in `COLD`; the fastest first."""


@dataclass(frozen=True)
class StorageState:
    """The storage state of an archive, as S3 reports it.

    Attributes:
        storage_class: S3's name of the class; S3 omits STANDARD, this does not.
        thawing: S3 is retrieving it.
        readable_until: it was thawed, and can be read until then.
    """

    storage_class: str
    thawing: bool = False
    readable_until: datetime | None = None

    @property
    def is_readable(self) -> bool:
        """Whether it can be read at once."""
        return self.storage_class not in COLD or self.readable_until is not None

    @property
    def description(self) -> str:
        """In words, when it can be read."""
        if self.storage_class not in COLD:
            return f"readable now ({self.storage_class})"
        if self.readable_until:
            return f"thawed until {format_time(self.readable_until)} ({self.storage_class})"
        if self.thawing:
            return f"being thawed ({self.storage_class})"
        takes = SPEEDS[self.storage_class]["Standard"].takes
        return f"{takes} after a thaw ({self.storage_class})"


def storage_state(storage_class: str | None, header: str | None) -> StorageState:
    """The state of an archive from the `StorageClass` and `Restore` that HeadObject returns.

    The header is `ongoing-request="true"`, or `ongoing-request="false", expiry-date="..."`.
    https://docs.aws.amazon.com/AmazonS3/latest/API/API_HeadObject.html
    """
    text = header or ""
    expiry = _EXPIRY.search(text)
    return StorageState(
        storage_class or "STANDARD",
        thawing='ongoing-request="true"' in text,
        readable_until=parsedate_to_datetime(expiry[1]) if expiry else None,
    )


def speed_of(storage_class: str, wanted: ThawTier) -> tuple[ThawTier, Speed]:
    """The wanted retrieval tier and its speed, or Standard if the class does not have it.

    Raises:
        KeyError: objects of that class need no thaw.
    """
    speeds = SPEEDS[storage_class]
    tier: ThawTier = wanted if wanted in speeds else "Standard"
    return tier, speeds[tier]


def price(size: int, speed: Speed, *, objects: int, days: int) -> float:
    """US dollars for thawing `size` bytes and keeping the readable copy for `days` days."""
    gigabytes = size / GIB
    kept = gigabytes * US_EAST_1.storage["STANDARD"] * days / MONTH.days
    return gigabytes * speed.per_gb + objects * speed.per_request + kept
