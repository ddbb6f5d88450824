import base64
import datetime as dt
import hashlib
import json
import os
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError

from local.aws import LocalAws
from tests.support.aws_helpers import allow, make_role
from tests.support.backup_harness import eventually

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client
    from mypy_boto3_s3.type_defs import ObjectLockRuleTypeDef

MEBI = 1 << 20
UNTIL = dt.datetime(2099, 1, 1, tzinfo=dt.UTC)


@pytest.fixture(scope="module")
def s3(aws: LocalAws) -> "S3Client":
    client: S3Client = aws.client("s3")
    return client


@pytest.fixture(scope="module")
def bucket(s3: "S3Client") -> str:
    name = f"bucket-{uuid4().hex[:8]}"
    s3.create_bucket(Bucket=name, ObjectLockEnabledForBucket=True)
    return name


@pytest.fixture(scope="module")
def writer(aws: LocalAws, bucket: str) -> "S3Client":
    """An S3 client whose role may do what the backup function may."""
    client: S3Client = aws.client("s3", role_arn=make_role(aws, *_writer_policy(bucket)))
    return client


def upload(
    s3: Any,
    bucket: str,
    key: str,
    parts: list[bytes],
    begin: Mapping[str, object] | None = None,
    *,
    once: bool = True,
) -> dict[str, Any]:
    begun = s3.create_multipart_upload(
        Bucket=bucket, Key=key, ChecksumAlgorithm="SHA256", **(begin or {})
    )
    done = [
        _part(s3, bucket, key, begun["UploadId"], number, body)
        for number, body in enumerate(parts, 1)
    ]
    result: dict[str, Any] = s3.complete_multipart_upload(
        Bucket=bucket,
        Key=key,
        UploadId=begun["UploadId"],
        MultipartUpload={"Parts": done},
        **({"IfNoneMatch": "*"} if once else {}),
    )
    return result


def test_a_multipart_upload_keeps_its_retention_its_tags_and_its_checksum(
    s3: "S3Client", bucket: str
) -> None:
    lock = {"ObjectLockMode": "GOVERNANCE", "ObjectLockRetainUntilDate": UNTIL}
    parts = [os.urandom(5 * MEBI), b"the end"]
    upload(s3, bucket, "locked", parts, {"Tagging": "tier=daily", **lock})
    head = s3.head_object(Bucket=bucket, Key="locked", ChecksumMode="ENABLED")
    assert (head["ObjectLockMode"], head["ObjectLockRetainUntilDate"]) == ("GOVERNANCE", UNTIL)
    assert s3.get_object_tagging(Bucket=bucket, Key="locked")["TagSet"] == [
        {"Key": "tier", "Value": "daily"}
    ]
    digests = b"".join(hashlib.sha256(part).digest() for part in parts)
    of_digests = base64.b64encode(hashlib.sha256(digests).digest()).decode()
    assert head["ChecksumSHA256"] == f"{of_digests}-2"


def test_a_locked_version_cannot_be_deleted(s3: "S3Client", bucket: str) -> None:
    lock = {"ObjectLockMode": "COMPLIANCE", "ObjectLockRetainUntilDate": UNTIL}
    done = upload(s3, bucket, "sealed", [b"x"], lock)
    with pytest.raises(ClientError, match="AccessDenied"):
        s3.delete_object(Bucket=bucket, Key="sealed", VersionId=done["VersionId"])


def test_the_buckets_default_retention_holds_for_multipart_uploads(s3: "S3Client") -> None:
    name = f"default-{uuid4().hex[:8]}"
    s3.create_bucket(Bucket=name, ObjectLockEnabledForBucket=True)
    rule: ObjectLockRuleTypeDef = {"DefaultRetention": {"Mode": "GOVERNANCE", "Days": 30}}
    s3.put_object_lock_configuration(
        Bucket=name, ObjectLockConfiguration={"ObjectLockEnabled": "Enabled", "Rule": rule}
    )
    upload(s3, name, "key", [b"x"])
    until = s3.head_object(Bucket=name, Key="key")["ObjectLockRetainUntilDate"]
    assert 29 <= (until - dt.datetime.now(dt.UTC)).days <= 30


def test_a_small_part_in_the_middle_is_refused_and_a_small_last_part_is_not(
    s3: "S3Client", bucket: str
) -> None:
    with pytest.raises(ClientError, match="EntityTooSmall"):
        upload(s3, bucket, "too-small", [bytes(5 * MEBI - 1), b"x"])
    upload(s3, bucket, "small-end", [bytes(5 * MEBI), b"x"])


def test_an_object_is_written_once_by_put_and_by_multipart(s3: "S3Client", bucket: str) -> None:
    s3.put_object(Bucket=bucket, Key="once", Body=b"1", IfNoneMatch="*")
    with pytest.raises(ClientError) as put:
        s3.put_object(Bucket=bucket, Key="once", Body=b"2", IfNoneMatch="*")
    with pytest.raises(ClientError) as complete:
        upload(s3, bucket, "once", [b"3"])
    for refused in (put, complete):
        assert refused.value.response["ResponseMetadata"]["HTTPStatusCode"] == 412
        assert refused.value.response["Error"]["Code"] == "PreconditionFailed"


def test_a_part_with_a_wrong_checksum_is_refused(
    aws: LocalAws, s3: "S3Client", bucket: str
) -> None:
    begun = s3.create_multipart_upload(Bucket=bucket, Key="bad", ChecksumAlgorithm="SHA256")
    wrong = base64.b64encode(hashlib.sha256(b"other").digest()).decode()
    once = aws.client("s3", config=Config(retries={"total_max_attempts": 1}))
    with pytest.raises(ClientError, match="BadDigest"):
        once.upload_part(
            Bucket=bucket,
            Key="bad",
            UploadId=begun["UploadId"],
            PartNumber=1,
            Body=b"body",
            ChecksumSHA256=wrong,
        )


def test_a_range_of_a_version_is_that_range(s3: "S3Client", bucket: str) -> None:
    version = s3.put_object(Bucket=bucket, Key="ranged", Body=b"0123456789")["VersionId"]
    part = s3.get_object(Bucket=bucket, Key="ranged", VersionId=version, Range="bytes=2-4")
    assert (part["Body"].read(), part["ContentRange"]) == (b"234", "bytes 2-4/10")
    with pytest.raises(ClientError, match="InvalidRange"):
        s3.get_object(Bucket=bucket, Key="ranged", VersionId=version, Range="bytes=10-")


def test_a_role_may_write_under_its_prefix_and_nowhere_else(
    writer: "S3Client", bucket: str
) -> None:
    lock = {"ObjectLockMode": "GOVERNANCE", "ObjectLockRetainUntilDate": UNTIL}
    upload(writer, bucket, "daily/app/1/archive.dump", [b"x"], lock)
    begun = writer.create_multipart_upload(Bucket=bucket, Key="daily/app/2/archive.dump")
    writer.abort_multipart_upload(
        Bucket=bucket, Key="daily/app/2/archive.dump", UploadId=begun["UploadId"]
    )
    with pytest.raises(ClientError, match="AccessDenied"):
        upload(writer, bucket, "daily/other/1/archive.dump", [b"x"])


def test_a_role_may_not_delete_read_or_list_what_it_was_not_given(
    s3: "S3Client", writer: "S3Client", bucket: str
) -> None:
    key = "daily/app/3/archive.dump"
    version = s3.put_object(Bucket=bucket, Key=key, Body=b"x")["VersionId"]
    for refused in (
        lambda: writer.delete_object(Bucket=bucket, Key=key),
        lambda: writer.delete_object(Bucket=bucket, Key=key, VersionId=version),
        lambda: writer.get_object(Bucket=bucket, Key=key),
        lambda: writer.list_objects_v2(Bucket=bucket, Prefix="daily/other/"),
        lambda: writer.list_objects_v2(Bucket=bucket),
        lambda: writer.delete_objects(Bucket=bucket, Delete={"Objects": [{"Key": key}]}),
    ):
        with pytest.raises(ClientError, match="AccessDenied"):
            refused()
    assert writer.list_objects_v2(Bucket=bucket, Prefix="daily/app/3/")["KeyCount"] == 1


def test_locking_takes_a_permission_of_its_own(aws: LocalAws, bucket: str) -> None:
    put_only = aws.client(
        "s3", role_arn=make_role(aws, allow("s3:PutObject", f"arn:aws:s3:::{bucket}/*"))
    )
    put_only.put_object(Bucket=bucket, Key="plain", Body=b"x")
    lock = {"ObjectLockMode": "GOVERNANCE", "ObjectLockRetainUntilDate": UNTIL}
    with pytest.raises(ClientError, match="PutObjectRetention"):
        put_only.put_object(Bucket=bucket, Key="kept", Body=b"x", **lock)
    with pytest.raises(ClientError, match="PutObjectRetention"):
        put_only.create_multipart_upload(Bucket=bucket, Key="kept", **lock)


def test_a_policy_may_look_at_the_locks_mode_and_length(aws: LocalAws, bucket: str) -> None:
    objects = f"arn:aws:s3:::{bucket}/*"
    limits = {
        "StringEquals": {"s3:object-lock-mode": "GOVERNANCE"},
        "NumericLessThanEquals": {"s3:object-lock-remaining-retention-days": "30"},
    }
    role = make_role(
        aws, allow("s3:PutObject", objects), allow("s3:PutObjectRetention", objects, limits)
    )
    writer, now = aws.client("s3", role_arn=role), dt.datetime.now(dt.UTC)

    def lock(mode: str, days: int) -> dict[str, Any]:
        until = now + dt.timedelta(days=days)
        return {"ObjectLockMode": mode, "ObjectLockRetainUntilDate": until}

    writer.put_object(Bucket=bucket, Key="kept", Body=b"x", **lock("GOVERNANCE", 30))
    writer.create_multipart_upload(Bucket=bucket, Key="kept", **lock("GOVERNANCE", 30))
    for more in (lock("COMPLIANCE", 1), lock("GOVERNANCE", 32)):
        with pytest.raises(ClientError, match="PutObjectRetention"):
            writer.put_object(Bucket=bucket, Key="kept", Body=b"x", **more)
        with pytest.raises(ClientError, match="PutObjectRetention"):
            writer.create_multipart_upload(Bucket=bucket, Key="kept", **more)


def test_a_policy_can_demand_that_writes_are_conditional(aws: LocalAws, s3: "S3Client") -> None:
    bucket = f"once-{uuid4().hex[:8]}"
    s3.create_bucket(Bucket=bucket)
    s3.put_bucket_policy(Bucket=bucket, Policy=_once(bucket))
    putter = aws.client(
        "s3",
        role_arn=make_role(
            aws, allow(["s3:PutObject", "s3:GetObject"], f"arn:aws:s3:::{bucket}/*")
        ),
    )
    putter.put_object(Bucket=bucket, Key="a/manifest.json", Body=b"1", IfNoneMatch="*")
    upload(putter, bucket, "b/manifest.json", [b"1"])
    for refused in (
        lambda: putter.put_object(Bucket=bucket, Key="a/manifest.json", Body=b"2"),
        lambda: putter.put_object(Bucket=bucket, Key="new/manifest.json", Body=b"2"),
        lambda: putter.copy_object(
            Bucket=bucket, Key="a/manifest.json", CopySource=f"{bucket}/b/manifest.json"
        ),
        lambda: upload(putter, bucket, "a/manifest.json", [b"2"], once=False),
    ):
        with pytest.raises(ClientError, match="AccessDenied"):
            refused()
    with pytest.raises(ClientError, match="PreconditionFailed"):
        putter.put_object(Bucket=bucket, Key="a/manifest.json", Body=b"2", IfNoneMatch="*")
    assert s3.get_object(Bucket=bucket, Key="a/manifest.json")["Body"].read() == b"1"
    putter.put_object(Bucket=bucket, Key="a/archive.dump", Body=b"2")


def test_a_missing_key_is_denied_to_who_may_list_only_a_prefix(
    s3: "S3Client", writer: "S3Client", bucket: str
) -> None:
    key = "daily/app/none/manifest.json"
    with pytest.raises(ClientError, match="NoSuchKey"):
        s3.get_object(Bucket=bucket, Key=key)
    with pytest.raises(ClientError, match="AccessDenied"):
        writer.get_object(Bucket=bucket, Key=key)
    with pytest.raises(ClientError, match="403"):
        writer.head_object(Bucket=bucket, Key=key)


def test_a_thaw_is_reported_of_the_version_that_was_thawed(aws: LocalAws) -> None:
    s3, bucket, key = aws.client("s3"), "thaws-of-versions", "archive.dump"
    s3.create_bucket(Bucket=bucket, ObjectLockEnabledForBucket=True)
    older, newer = (
        s3.put_object(Bucket=bucket, Key=key, Body=body, StorageClass="GLACIER")["VersionId"]
        for body in (b"older", b"newer")
    )

    def told(version: str) -> str | None:
        thaw: str | None = s3.head_object(Bucket=bucket, Key=key, VersionId=version).get("Restore")
        return thaw

    assert told(newer) is None
    s3.restore_object(Bucket=bucket, Key=key, VersionId=newer, RestoreRequest={"Days": 1})
    assert told(newer) == 'ongoing-request="true"'
    assert told(older) is None
    eventually(lambda: str(told(newer)).startswith('ongoing-request="false", expiry-date='))


def test_keys_that_nobody_gave_out_are_refused(aws: LocalAws) -> None:
    stranger = boto3.client(
        "s3",
        aws_access_key_id="AKIAIOSFODNN7EXAMPLE",
        aws_secret_access_key="x" * 40,
        region_name=aws.region,
        endpoint_url=aws.endpoint,
        verify=str(aws.ca_bundle),
    )
    with pytest.raises(ClientError, match="InvalidAccessKeyId"):
        stranger.list_buckets()


def _part(
    s3: "S3Client", bucket: str, key: str, upload_id: str, number: int, body: bytes
) -> dict[str, Any]:
    digest = base64.b64encode(hashlib.sha256(body).digest()).decode()
    done = s3.upload_part(
        Bucket=bucket,
        Key=key,
        UploadId=upload_id,
        PartNumber=number,
        Body=body,
        ChecksumSHA256=digest,
    )
    return {"PartNumber": number, "ETag": done["ETag"], "ChecksumSHA256": digest}


def _once(bucket: str) -> str:
    """A policy as the stack's bucket has it."""
    statement = {
        "Effect": "Deny",
        "Principal": {"AWS": "*"},
        "Action": "s3:PutObject",
        "Resource": f"arn:aws:s3:::{bucket}/*/manifest.json",
        "Condition": {
            "Null": {"s3:if-none-match": "true"},
            "Bool": {"s3:ObjectCreationOperation": "true"},
        },
    }
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


def _writer_policy(bucket: str) -> list[dict[str, Any]]:
    arn = f"arn:aws:s3:::{bucket}"
    writes = ["s3:PutObject", "s3:AbortMultipartUpload", "s3:PutObjectRetention"]
    return [
        allow(writes, f"{arn}/daily/app/*"),
        allow("s3:GetObject", f"{arn}/daily/app/*/manifest.json"),
        allow("s3:ListBucket", arn, {"StringLike": {"s3:prefix": ["daily/app/*"]}}),
    ]
