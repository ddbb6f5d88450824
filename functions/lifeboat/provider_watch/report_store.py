"""Stores the reports in the bucket, and reads what the last look stored."""

from dataclasses import dataclass

from lifeboat.model.keys import provider_key
from lifeboat.model.provider import ProviderReport
from lifeboat.s3.bucket import BackupBucket, Protection, translated


@dataclass(frozen=True)
class ReportStore:
    """The reports in the bucket.

    Attributes:
        bucket: with the backups.
        kms_key: the ARN of the key that encrypts them; None for keys that S3 manages.
    """

    bucket: BackupBucket
    kms_key: str | None

    def save(self, report: ProviderReport) -> None:
        """Store a report over the previous one. It has no lock, since each look writes a new one.

        Raises:
            StorageError: S3 refused or failed.
        """
        self.bucket.put(report.key, report.to_json(), Protection(kms_key=self.kms_key))

    def load(self, database: str) -> ProviderReport | None:
        """The previous report; None if there is none.

        Raises:
            StorageError: S3 refused or failed.
            ProviderReportError: it is damaged, or newer than this Lifeboat.
        """
        key, bucket = provider_key(database), self.bucket.name
        # Without the right to list, S3 would not tell a missing object from a forbidden one.
        with translated(f"list s3://{bucket}/{key}"):
            listed = self.bucket.client.list_objects_v2(Bucket=bucket, Prefix=key)
        if key not in {each["Key"] for each in listed.get("Contents", ())}:
            return None
        with translated(f"read s3://{bucket}/{key}"):
            document = self.bucket.client.get_object(Bucket=bucket, Key=key)["Body"].read()
        return ProviderReport.from_json(document, key=key)
