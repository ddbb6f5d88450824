"""What it takes to read an archive that S3 keeps cold: how long, and at which price.

https://docs.aws.amazon.com/AmazonS3/latest/userguide/restoring-objects-retrieval-options.html and
https://aws.amazon.com/s3/pricing/ (us-east-1, 2026; other regions differ by some tenths). A GB is
the binary one here, too: S3 bills a thaw in the unit in which it bills a month of storage.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from email.utils import parsedate_to_datetime

from lifeboat.model.aws import COLD, GIB, MONTH, ThawTier
from lifeboat.model.prices import US_EAST_1
from lifeboat.model.text import at

_EXPIRY = re.compile(r'expiry-date="([^"]+)"')


@dataclass(frozen=True)
class Speed:
    """One way to thaw.

    Attributes:
        takes: until the archive is readable, in words.
        hours: the most that it takes.
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
"""By storage class, all of `COLD`; the fastest first."""


@dataclass(frozen=True)
class Lying:
    """How an archive lies, as S3 tells it.

    Attributes:
        storage_class: S3's name for it; STANDARD has none in a listing, but one here.
        thawing: S3 is at it.
        readable_until: it has been thawed, and stays so until then.
    """

    storage_class: str
    thawing: bool = False
    readable_until: datetime | None = None

    @property
    def is_readable(self) -> bool:
        """Whether it can be read at once."""
        return self.storage_class not in COLD or self.readable_until is not None

    @property
    def told(self) -> str:
        """In words, how long until it can be read."""
        if self.storage_class not in COLD:
            return f"readable now ({self.storage_class})"
        if self.readable_until:
            return f"thawed until {at(self.readable_until)} ({self.storage_class})"
        if self.thawing:
            return f"being thawed ({self.storage_class})"
        takes = SPEEDS[self.storage_class]["Standard"].takes
        return f"{takes} after a thaw ({self.storage_class})"


def parse_restore(storage_class: str | None, header: str | None) -> Lying:
    """What HeadObject says of an archive in `StorageClass` and `Restore`.

    The header is `ongoing-request="true"`, or `ongoing-request="false", expiry-date="..."`.
    https://docs.aws.amazon.com/AmazonS3/latest/API/API_HeadObject.html
    """
    text = header or ""
    expiry = _EXPIRY.search(text)
    return Lying(
        storage_class or "STANDARD",
        thawing='ongoing-request="true"' in text,
        readable_until=parsedate_to_datetime(expiry[1]) if expiry else None,
    )


def speed_of(storage_class: str, wanted: ThawTier) -> tuple[ThawTier, Speed]:
    """The wanted way to thaw and its name, or Standard where that class doesn't have it.

    Raises:
        KeyError: nothing has to be thawed in that class.
    """
    speeds = SPEEDS[storage_class]
    tier: ThawTier = wanted if wanted in speeds else "Standard"
    return tier, speeds[tier]


def price(size: int, speed: Speed, *, objects: int, days: int) -> float:
    """US dollars for thawing `size` bytes and keeping the readable copy for some days."""
    gigabytes = size / GIB
    kept = gigabytes * US_EAST_1.storage["STANDARD"] * days / MONTH.days
    return gigabytes * speed.per_gb + objects * speed.per_request + kept
