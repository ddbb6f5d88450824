"""AWS's own choices and rules: storage classes, minimum billing, retrieval tiers.

https://docs.aws.amazon.com/AmazonS3/latest/userguide/storage-class-intro.html
"""

from collections.abc import Mapping
from datetime import timedelta
from typing import Literal

type Architecture = Literal["arm64", "x86_64"]
type ObjectLock = Literal["governance", "compliance", "off"]
type StorageClass = Literal[
    "STANDARD", "STANDARD_IA", "ONEZONE_IA", "GLACIER_IR", "GLACIER", "DEEP_ARCHIVE"
]
type ThawTier = Literal["Expedited", "Standard", "Bulk"]

GIB = 1 << 30
"""Bytes in what S3's prices call a GB, for storage and for retrieval.

https://aws.amazon.com/s3/faqs/, "How will I be charged and billed for my use of Amazon S3?"
"""

MONTH = timedelta(days=30)
"""The length of a month in estimates of cost."""

COLD = frozenset[str]({"GLACIER", "DEEP_ARCHIVE"})
"""Storage classes whose objects must be thawed (retrieved) before a read, which takes hours."""

INFREQUENT = frozenset[str]({"STANDARD_IA", "ONEZONE_IA"})
"""Storage classes to which lifecycle rules move objects on day `MIN_INFREQUENT_DAYS` or later."""

MIN_INFREQUENT_DAYS = 30
"""Days that an object must stay in S3 Standard before it can move to a class in `INFREQUENT`.

https://docs.aws.amazon.com/AmazonS3/latest/userguide/lifecycle-transition-general-considerations.html
"""

MIN_BILLED_DAYS: Mapping[str, int] = {
    "STANDARD_IA": 30,
    "ONEZONE_IA": 30,
    "GLACIER_IR": 90,
    "GLACIER": 90,
    "DEEP_ARCHIVE": 180,
}
"""The minimum days of storage that S3 bills, by class, even if the object is deleted earlier."""

MIN_BILLED_BYTES: Mapping[str, int] = {
    "STANDARD_IA": 128 * 1024,
    "ONEZONE_IA": 128 * 1024,
    "GLACIER_IR": 128 * 1024,
}
"""The minimum bytes that S3 bills for each object, by class."""

COLD_INDEX_BYTES = 32 * 1024
"""Bytes that S3 adds to each object in a class in `COLD`, at the price of that class."""

COLD_NAME_BYTES = 8 * 1024
"""Bytes that S3 also adds for the object's name, at the price of S3 Standard.

https://docs.aws.amazon.com/AmazonS3/latest/userguide/lifecycle-transition-general-considerations.html
"""
