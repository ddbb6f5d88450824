"""What AWS offers to choose from, and what S3 itself lays down about how things are stored.

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
"""Bytes of what S3 calls a GB, whether it is stored for a month or thawed.

https://aws.amazon.com/s3/faqs/, "How will I be charged and billed for my use of Amazon S3?"
"""

MONTH = timedelta(days=30)
"""The month that bills are estimated for."""

COLD = frozenset[str]({"GLACIER", "DEEP_ARCHIVE"})
"""Storage classes out of which nothing can be read before it has been thawed, which takes hours."""

INFREQUENT = frozenset[str]({"STANDARD_IA", "ONEZONE_IA"})
"""Storage classes to which lifecycle rules move nothing before day `MIN_INFREQUENT_DAYS`."""

MIN_INFREQUENT_DAYS = 30
"""Days that an object has to be in S3 Standard before it may move to a class of `INFREQUENT`.

https://docs.aws.amazon.com/AmazonS3/latest/userguide/lifecycle-transition-general-considerations.html
"""

MIN_BILLED_DAYS: Mapping[str, int] = {
    "STANDARD_IA": 30,
    "ONEZONE_IA": 30,
    "GLACIER_IR": 90,
    "GLACIER": 90,
    "DEEP_ARCHIVE": 180,
}
"""Days of storage that S3 bills at least, by class, also for what is deleted earlier."""

MIN_BILLED_BYTES: Mapping[str, int] = {
    "STANDARD_IA": 128 * 1024,
    "ONEZONE_IA": 128 * 1024,
    "GLACIER_IR": 128 * 1024,
}
"""Bytes that S3 bills at least for each object, by class."""

COLD_INDEX_BYTES = 32 * 1024
"""Bytes that S3 adds to each object in a class of `COLD`, at the price of that class."""

COLD_NAME_BYTES = 8 * 1024
"""Bytes that it adds besides for the object's name, at the price of S3 Standard.

https://docs.aws.amazon.com/AmazonS3/latest/userguide/lifecycle-transition-general-considerations.html
"""
