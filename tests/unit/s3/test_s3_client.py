"""What the bucket's requests look like on their way to S3."""

import base64
import hashlib
import json
import threading
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from botocore.awsrequest import AWSResponse
from botocore.exceptions import ClientError
from botocore.session import get_session

from lifeboat.errors import StorageError
from lifeboat.s3.bucket import BackupBucket, s3_client
from lifeboat.s3.read import newest_version
from tests.support.s3_faults import answer, planned, without_a_body

BODY = b"a part of an archive"
SHA256 = base64.b64encode(hashlib.sha256(BODY).digest()).decode()


def test_the_signature_covers_our_checksum_of_a_part_instead_of_one_more_of_its_own() -> None:
    sent: list[Any] = []

    def refused(request: Any) -> AWSResponse | None:
        sent.append(request)
        return answer(403, "AccessDenied")(request)

    client = s3_client(
        region_name="eu-central-1", aws_access_key_id="id", aws_secret_access_key="secret"
    )
    with planned(client, "UploadPart", refused), pytest.raises(ClientError):
        client.upload_part(
            Bucket="bucket", Key="k", UploadId="u", PartNumber=1, Body=BODY, ChecksumSHA256=SHA256
        )

    (request,) = sent
    headers = {name.lower(): value for name, value in request.headers.items()}
    assert request.url.startswith("https://")
    assert headers["x-amz-content-sha256"] == b"UNSIGNED-PAYLOAD"
    assert headers["x-amz-checksum-sha256"] == SHA256.encode()
    signed = headers["authorization"].partition(b"SignedHeaders=")[2].partition(b",")[0]
    assert {b"host", b"x-amz-checksum-sha256", b"x-amz-content-sha256"} <= {*signed.split(b";")}


REGIONS = [
    region
    for partition in ("aws", "aws-cn", "aws-us-gov")
    for region in get_session().get_available_regions("s3", partition_name=partition)
]


@pytest.mark.parametrize("region", REGIONS)
def test_a_link_for_people_is_signed_by_v4_for_the_host_of_the_region(
    region: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """S3 answers the older signature, and the global host in newer regions, with an error."""
    for name in ("AWS_ENDPOINT_URL", "AWS_ENDPOINT_URL_S3"):
        monkeypatch.delenv(name, raising=False)
    client = s3_client(region_name=region, aws_access_key_id="id", aws_secret_access_key="secret")

    link = client.generate_presigned_url(
        "get_object", Params={"Bucket": "bucket", "Key": "exports/app/file.gz"}, ExpiresIn=60
    )

    parts = urlsplit(link)
    query = parse_qs(parts.query)
    suffix = "amazonaws.com.cn" if region.startswith("cn-") else "amazonaws.com"
    # The global host is the one of us-east-1.
    host = f"bucket.s3.{region}.{suffix}" if region != "us-east-1" else "bucket.s3.amazonaws.com"
    assert parts.hostname == host
    assert query["X-Amz-Algorithm"] == ["AWS4-HMAC-SHA256"]
    assert query["X-Amz-Credential"][0].split("/")[2:] == [region, "s3", "aws4_request"]
    assert not {"AWSAccessKeyId", "Signature"} & {*query}


@pytest.mark.parametrize("name", ["AWS_ENDPOINT_URL", "AWS_ENDPOINT_URL_S3"])
def test_another_s3_than_amazons_gets_the_bucket_in_the_path(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(name, "https://localhost:1234")
    client = s3_client(region_name="us-east-1", aws_access_key_id="i", aws_secret_access_key="s")

    link = client.generate_presigned_url("get_object", Params={"Bucket": "bucket", "Key": "k"})

    assert link.startswith("https://localhost:1234/bucket/k?X-Amz-Algorithm=AWS4-HMAC-SHA256")


def test_a_refused_head_gets_the_advice_about_rights_though_its_answer_names_no_code() -> None:
    client = s3_client(region_name="eu-central-1", aws_access_key_id="i", aws_secret_access_key="s")
    with (
        planned(client, "HeadObject", without_a_body(403)),
        pytest.raises(StorageError) as caught,
    ):
        newest_version(BackupBucket(client, "bucket"), "k")

    assert "role" in caught.value.todo
    assert "policy" in caught.value.todo


class _Keys(BaseHTTPRequestHandler):
    """Gives a container other keys at each request, as AWS does; these expire soon."""

    given = 0

    def do_GET(self) -> None:
        _Keys.given += 1
        keys = {
            "AccessKeyId": f"id-{_Keys.given}",
            "SecretAccessKey": "secret",
            "Token": "token",
            "Expiration": f"{datetime.now(UTC) + timedelta(minutes=5):%Y-%m-%dT%H:%M:%SZ}",
        }
        self.send_response(200)
        self.end_headers()
        self.wfile.write(json.dumps(keys).encode())

    def log_message(self, *_: object) -> None:
        """Nobody needs a log."""


def test_a_client_of_a_job_that_lasts_hours_gets_new_keys_before_the_old_ones_expire(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    server = HTTPServer(("127.0.0.1", 0), _Keys)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "AWS_PROFILE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", "/nonexistent")
    monkeypatch.setenv("AWS_CONFIG_FILE", "/nonexistent")
    uri = f"http://127.0.0.1:{server.server_port}/keys"
    monkeypatch.setenv("AWS_CONTAINER_CREDENTIALS_FULL_URI", uri)
    monkeypatch.setattr("boto3.DEFAULT_SESSION", None)
    used: list[str] = []

    def refused(request: Any) -> AWSResponse | None:
        used.append(str(request.headers["Authorization"]).partition("Credential=")[2][:4])
        return answer(403, "AccessDenied")(request)

    client = s3_client(region_name="eu-central-1")
    with planned(client, "ListObjectsV2", refused):
        for _ in range(2):
            with pytest.raises(ClientError):
                client.list_objects_v2(Bucket="bucket")
    server.shutdown()
    server.server_close()
    assert len(set(used)) == 2, used
