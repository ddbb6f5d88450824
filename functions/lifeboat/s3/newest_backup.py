"""Finds the newest backup of a database in few requests, as the writer of backups may."""

from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from functools import partial

from lifeboat.model.keys import MANIFEST, BackupLocation, database_prefix, parse_key, time_id
from lifeboat.model.manifest import Manifest
from lifeboat.model.tiers import Tier
from lifeboat.s3.bucket import BackupBucket, translated

_LOOKBACKS = (timedelta(days=8), timedelta(days=40))
"""A backup every hour for eight days still fits into one page of a listing."""


def newest_backup(bucket: BackupBucket, database: str, now: datetime) -> Manifest | None:
    """The manifest of the newest backup of the last 40 days; None if there is none.

    It takes one listing for each tier, at the same time, and one request for the manifest.

    Args:
        bucket: with the backups.
        database: its name in the settings.
        now: in UTC.

    Raises:
        StorageError: S3 refused or failed.
        ManifestError: the manifest can't be read.
    """
    for lookback in _LOOKBACKS:
        since = (now - lookback).replace(microsecond=0)
        look = partial(_published, bucket, database, since)
        with ThreadPoolExecutor(len(Tier)) as pool:
            found = [each for some in pool.map(look, Tier) for each in some]
        past = [each for each in found if each.scheduled_at <= now]
        if past:
            newest = max(past, key=lambda each: each.scheduled_at)
            return bucket.manifest(newest)
    return None


def _published(
    bucket: BackupBucket, database: str, since: datetime, tier: Tier
) -> list[BackupLocation]:
    prefix = database_prefix(tier, database)
    with translated(f"list s3://{bucket.name}/{prefix}"):
        listing = bucket.client.list_objects_v2(
            Bucket=bucket.name, Prefix=prefix, StartAfter=prefix + time_id(since)
        )
    parsed = (parse_key(entry["Key"]) for entry in listing.get("Contents", ()))
    return [each[0] for each in parsed if each and each[1] == MANIFEST]
