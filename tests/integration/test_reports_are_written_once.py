"""A report is evidence: whoever may add reports can't put another one in its place."""

import pytest

from lifeboat.errors import StorageError
from lifeboat.recovery.publish_report import publish_report
from lifeboat.s3.bucket import BackupBucket, Protection
from tests.support.backup_harness import Bucket
from tests.support.drill_harness import DrillHarness
from tests.support.s3_faults import answer, but_done, planned

KEY = "drills/app/2026-11-24T050100Z.json"


def publish(bucket: Bucket, body: bytes) -> None:
    published = BackupBucket(bucket.client, bucket.name)
    publish_report(published, KEY, body, Protection(), content_type="application/json")


def test_a_report_is_never_replaced(bucket: Bucket) -> None:
    publish(bucket, b'{"verdict": "failed"}')
    with pytest.raises(StorageError, match="another report has this key") as caught:
        publish(bucket, b'{"verdict": "proven"}')
    assert "untouched" in caught.value.safe
    assert bucket.read(KEY) == b'{"verdict": "failed"}'


def test_a_report_whose_first_answer_was_lost_is_stored(bucket: Bucket) -> None:
    lost = but_done(bucket.client, answer(500, "InternalError"))
    with planned(bucket.client, "PutObject", lost, times=1):
        publish(bucket, b'{"verdict": "proven"}')
    assert bucket.read(KEY) == b'{"verdict": "proven"}'


def test_a_drill_whose_report_is_there_already_is_no_success(drills: DrillHarness) -> None:
    drills.backups.take()
    publish(drills.backups.bucket, b'{"verdict": "proven"}')
    with pytest.raises(StorageError, match="another report has this key"):
        drills.hold()
    assert drills.backups.bucket.read(KEY) == b'{"verdict": "proven"}'
