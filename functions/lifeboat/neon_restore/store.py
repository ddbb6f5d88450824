"""What a restore by Neon keeps in the bucket: its plan, and its report."""

from contextlib import suppress
from dataclasses import dataclass

from lifeboat.errors import AlreadyTakenError
from lifeboat.model.keys import BackupLocation, neon_plan_key
from lifeboat.neon_restore.policy.record import NeonPlan, NeonRestoreReport
from lifeboat.s3.bucket import BackupBucket, Protection, translated


@dataclass(frozen=True)
class Store:
    """The bucket, as a restore by Neon uses it.

    Attributes:
        bucket: with the backups.
        of_plans: how plans are encrypted; they aren't locked, as the next one overwrites them.
        of_reports: how reports are encrypted and locked.
    """

    bucket: BackupBucket
    of_plans: Protection
    of_reports: Protection

    def save(self, plan: NeonPlan) -> None:
        """Store a plan over the previous one.

        Raises:
            StorageError: S3 refused or failed.
        """
        self.bucket.put(plan.key, plan.to_json(), self.of_plans)

    def load(self, database: str) -> NeonPlan | None:
        """The newest plan for a database; None if there is none.

        Raises:
            StorageError: S3 refused or failed.
            ProviderReportError: it is damaged, or newer than this Lifeboat.
        """
        key = neon_plan_key(database)
        if not self._is_there(key):
            return None
        with translated(f"read s3://{self.bucket.name}/{key}"):
            found = self.bucket.client.get_object(Bucket=self.bucket.name, Key=key)
            document = found["Body"].read()
        return NeonPlan.from_json(document, key=key)

    def publish(self, report: NeonRestoreReport) -> str:
        """Store a report, unless the same restore has one; returns where it is.

        Raises:
            StorageError: S3 refused or failed.
        """
        # If the event comes twice, the first look at the restored branch counts.
        with suppress(AlreadyTakenError):
            self.bucket.put(
                report.key,
                report.to_json(),
                self.of_reports,
                if_absent=True,
                content_type="application/json",
            )
        return f"s3://{self.bucket.name}/{report.key}"

    def has_backup(self, location: BackupLocation) -> bool:
        """Whether a backup is complete.

        Raises:
            StorageError: S3 refused or failed.
        """
        return self._is_there(location.manifest_key)

    def _is_there(self, key: str) -> bool:
        # Without the right to list, S3 would not tell a missing object from a forbidden one.
        with translated(f"list s3://{self.bucket.name}/{key}"):
            listed = self.bucket.client.list_objects_v2(Bucket=self.bucket.name, Prefix=key)
        return key in {each["Key"] for each in listed.get("Contents", ())}
