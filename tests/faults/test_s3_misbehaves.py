"""S3 fails, refuses, lies or is slow, at every step of a backup; by the product's own client."""

import hashlib
from collections.abc import Iterator
from contextlib import AbstractContextManager, ExitStack
from typing import Any

import pytest

from lifeboat.backup.retry_backup import take_backup_with_retry
from lifeboat.errors import AlreadyTakenError, LifeboatError, StorageError, TimeLimitError
from lifeboat.runtime.timeouts import set_testing
from lifeboat.s3.bucket import s3_client
from local.aws import LocalAws
from tests.support.backup_harness import BackupHarness, Bucket, Database
from tests.support.s3_faults import Silence, answer, but_done, changed_answer, damage, planned
from tests.support.step_faults import Clock

pytestmark = pytest.mark.fault("S3")

#: Every request that a backup makes: the operation, and how many of it come before.
STEPS = {
    "the look into the slot": ("ListObjectsV2", 0),
    "the upload's beginning": ("CreateMultipartUpload", 0),
    "a part": ("UploadPart", 0),
    "the completion": ("CompleteMultipartUpload", 0),
    "the globals": ("PutObject", 0),
    "the manifest": ("PutObject", 1),
}

LOST_RACES = [(412, "PreconditionFailed"), (409, "ConditionalRequestConflict")]


@pytest.fixture
def bucket(aws: LocalAws, bucket: Bucket) -> Bucket:
    """Seen through the client that the functions use, with its tries and their limits."""
    client = s3_client(
        endpoint_url=aws.endpoint,
        verify=str(aws.ca_file),
        region_name=aws.region,
        aws_access_key_id="test",
        aws_secret_access_key="test",
    )
    return Bucket(client, bucket.name)


@pytest.fixture(autouse=True)
def alone() -> Iterator[None]:
    """No other run is waited for."""
    with set_testing(other_run_seconds=0):
        yield


def content(database: Database) -> Any:
    return database.value("SELECT md5(string_agg(u::text, ',' ORDER BY id)) FROM users u")


def fails(
    backups: BackupHarness,
    *faults: AbstractContextManager[object],
    kind: type[LifeboatError] = StorageError,
) -> LifeboatError:
    """With these faults no backup comes of it, and the source is as it was."""
    before = content(backups.database)
    with ExitStack() as stack:
        for fault in faults:
            stack.enter_context(fault)
        with pytest.raises(kind) as caught:
            backups.take()
    backups.assert_nothing_was_published()
    assert content(backups.database) == before
    return caught.value


def one_true_backup(backups: BackupHarness) -> None:
    """The slot's only manifest names an archive that is there, and that whoever asks gets."""
    client, name = backups.bucket.client, backups.bucket.name
    versions = client.list_object_versions(Bucket=name, Prefix=backups.location.prefix)["Versions"]
    assert sum(v["Key"] == backups.location.manifest_key for v in versions) == 1
    stored = backups.manifest().archive.objects[0]
    found = client.get_object(Bucket=name, Key=stored.key)
    assert found["VersionId"] == stored.version_id
    assert hashlib.sha256(found["Body"].read()).hexdigest() == stored.sha256
    assert backups.bucket.open_uploads() == []


@pytest.mark.parametrize("step", STEPS)
def test_s3_fails_to_the_last_try(backups: BackupHarness, step: str) -> None:
    operation, after = STEPS[step]
    client = backups.bucket.client
    for status, code in ((500, "InternalError"), (503, "ServiceUnavailable")):
        error = fails(backups, planned(client, operation, answer(status, code), after=after))
        assert code in error.what
        assert "Invoke the function again" in error.todo


@pytest.mark.parametrize(
    ("step", "status", "code", "advice"),
    [
        ("a part", 400, "ExpiredToken", "new credentials"),
        ("the manifest", 400, "ExpiredToken", "new credentials"),
        ("the look into the slot", 403, "RequestTimeTooSkewed", "clock"),
        ("the completion", 403, "RequestTimeTooSkewed", "clock"),
        ("the upload's beginning", 404, "NoSuchBucket", "make deploy"),
        ("the globals", 404, "NoSuchBucket", "make deploy"),
    ],
)
def test_s3_refuses_for_a_reason_that_has_a_cure(
    backups: BackupHarness, step: str, status: int, code: str, advice: str
) -> None:
    operation, after = STEPS[step]
    client = backups.bucket.client
    error = fails(backups, planned(client, operation, answer(status, code), after=after))
    assert code in error.what
    assert advice in error.todo


def test_s3_fails_twice_at_every_step_and_recovers(backups: BackupHarness) -> None:
    client = backups.bucket.client
    with (
        planned(client, "ListObjectsV2", answer(503, "SlowDown"), times=2),
        planned(client, "CreateMultipartUpload", answer(500, "InternalError"), times=2),
        planned(client, "UploadPart", answer(503, "ServiceUnavailable"), times=2),
        planned(client, "CompleteMultipartUpload", answer(500, "InternalError"), times=2),
        planned(client, "PutObject", answer(503, "SlowDown"), times=2),
    ):
        assert backups.take().created
    one_true_backup(backups)


@pytest.mark.parametrize("step", ["a part", "the manifest"])
def test_a_body_that_is_damaged_on_its_way_is_refused(backups: BackupHarness, step: str) -> None:
    operation, after = STEPS[step]
    error = fails(backups, planned(backups.bucket.client, operation, damage, after=after))
    assert "damaged on their way" in error.todo


def test_s3_says_that_it_stored_another_archive_than_was_sent(backups: BackupHarness) -> None:
    client = backups.bucket.client
    other = {"ChecksumSHA256": "b3RoZXI=-1"}
    error = fails(backups, changed_answer(client, "CompleteMultipartUpload", other))
    assert "something else than was sent" in error.what
    assert backups.take().created
    one_true_backup(backups)


@pytest.mark.parametrize("code", ["InvalidPart", "NoSuchUpload"])
def test_s3_has_lost_what_was_uploaded(backups: BackupHarness, code: str) -> None:
    client = backups.bucket.client
    error = fails(backups, planned(client, "CompleteMultipartUpload", answer(400, code)))
    assert code in error.what
    assert "lifecycle" in error.todo
    assert backups.take().created
    one_true_backup(backups)


def test_a_completion_that_is_a_success_with_an_error_in_it(backups: BackupHarness) -> None:
    client = backups.bucket.client
    fault = planned(client, "CompleteMultipartUpload", answer(200, "InternalError"))
    error = fails(backups, fault)
    assert "InternalError" in error.what
    assert backups.take().created
    one_true_backup(backups)


def test_a_success_with_an_error_in_it_once_is_tried_again(backups: BackupHarness) -> None:
    client = backups.bucket.client
    with planned(client, "CompleteMultipartUpload", answer(200, "InternalError"), times=1):
        assert backups.take().created
    one_true_backup(backups)


@pytest.mark.parametrize(
    ("status", "code"),
    [(500, "InternalError"), (404, "NoSuchUpload"), (412, "PreconditionFailed")],
)
def test_a_completion_whose_success_is_answered_with_an_error(
    backups: BackupHarness, status: int, code: str
) -> None:
    """The archive is there, and the run can't know; what it can't vouch for is no backup."""
    client = backups.bucket.client
    lost = but_done(client, answer(500, "InternalError"))
    error = fails(
        backups,
        planned(client, "CompleteMultipartUpload", lost, times=1),
        planned(client, "CompleteMultipartUpload", answer(status, code), after=1),
        kind=LifeboatError,
    )
    assert backups.location.archive_key in backups.bucket.holds()
    assert not getattr(error, "__notes__", []), "an upload that is complete needs no removal"
    assert backups.take().created
    one_true_backup(backups)


@pytest.mark.parametrize(
    ("status", "code", "times"),
    [(500, "InternalError", 1), (500, "InternalError", None), (403, "AccessDenied", None)],
)
def test_a_manifest_whose_success_is_answered_with_an_error_is_our_own(
    backups: BackupHarness, status: int, code: str, times: int | None
) -> None:
    client = backups.bucket.client
    lost = but_done(client, answer(status, code))
    with planned(client, "PutObject", lost, times=times, after=1):
        assert backups.take().created
    one_true_backup(backups)


@pytest.mark.parametrize("operation", ["ListObjectsV2", "GetObject"])
def test_a_manifest_that_was_stored_and_can_not_be_looked_for_may_be_a_backup(
    backups: BackupHarness, operation: str
) -> None:
    """Neither that run nor its retry says that there is none; the next one finds it."""
    client = backups.bucket.client
    lost = but_done(client, answer(500, "InternalError"))
    looks_before = 1 if operation == "ListObjectsV2" else 0
    unseen = planned(client, operation, answer(503, "SlowDown"), after=looks_before)
    stored = planned(client, "PutObject", lost, after=1)
    with stored, unseen, pytest.raises(StorageError) as caught:
        take_backup_with_retry(backups.run())
    assert "not known whether this backup was published" in caught.value.safe
    assert "No backup" not in str(caught.value)
    assert caught.value.todo.startswith("Invoke the function again")
    assert not backups.take().created
    one_true_backup(backups)


def test_a_manifest_that_the_run_has_no_time_to_wait_for_may_be_a_backup(
    backups: BackupHarness, clock: Clock
) -> None:
    client = backups.bucket.client

    def late(request: Any) -> Any:
        silence(request)
        return answer(500, "InternalError")(request)

    with (
        Silence(then=clock.strike_soon) as silence,
        planned(client, "PutObject", but_done(client, late), after=1),
        pytest.raises(TimeLimitError, match="during publish") as caught,
    ):
        backups.take(remaining=clock.remaining)
    assert "not known whether this backup was published" in caught.value.safe
    assert caught.value.todo.startswith("Invoke the function again")
    assert not backups.take().created
    one_true_backup(backups)


@pytest.mark.parametrize("step", ["the completion", "the manifest"])
@pytest.mark.parametrize(("status", "code"), LOST_RACES)
def test_a_race_that_s3_says_was_lost_to_nobody(
    backups: BackupHarness, step: str, status: int, code: str
) -> None:
    operation, after = STEPS[step]
    fault = planned(backups.bucket.client, operation, answer(status, code), after=after)
    error = fails(backups, fault, kind=AlreadyTakenError)
    assert "Invoke the function again" in error.todo
    assert backups.take().created
    one_true_backup(backups)
