"""Stores the status page in the bucket, and reads what the last check stored."""

from dataclasses import dataclass
from datetime import datetime

from botocore.exceptions import ClientError

from lifeboat.model.keys import STATUS_PAGE_KEY
from lifeboat.model.page import HTML
from lifeboat.model.utc import in_utc
from lifeboat.s3.bucket import BackupBucket, Protection, code_of, translated
from lifeboat.settings import WatchedSettings


@dataclass(frozen=True)
class StoredPage:
    """The status page in the bucket.

    Attributes:
        html: the whole page.
        written: when S3 stored it, in UTC.
    """

    html: str
    written: datetime


def save_page(bucket: BackupBucket, page: str, settings: WatchedSettings) -> None:
    """Store the page over the previous one. It has no lock, since each check writes a new one.

    Raises:
        StorageError: S3 refused or failed.
    """
    protection = Protection(kms_key=settings.kms_key)
    bucket.put(STATUS_PAGE_KEY, page.encode(), protection, content_type=HTML)


def load_page(bucket: BackupBucket) -> StoredPage | None:
    """The page; None if no check has written one yet.

    Raises:
        StorageError: S3 refused or failed.
    """
    with translated(f"read s3://{bucket.name}/{STATUS_PAGE_KEY}"):
        try:
            answer = bucket.client.get_object(Bucket=bucket.name, Key=STATUS_PAGE_KEY)
        except ClientError as error:
            if code_of(error) != "NoSuchKey":
                raise
            return None
        return StoredPage(answer["Body"].read().decode(), in_utc(answer["LastModified"]))
