"""What the vault's requests look like on their way to S3."""

import base64
import hashlib
from typing import Any

import pytest
from botocore.awsrequest import AWSResponse
from botocore.exceptions import ClientError

from lifeboat.vault.bucket import s3_client
from tests.s3_faults import answer, planned

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
            Bucket="vault", Key="k", UploadId="u", PartNumber=1, Body=BODY, ChecksumSHA256=SHA256
        )

    (request,) = sent
    headers = {name.lower(): value for name, value in request.headers.items()}
    assert request.url.startswith("https://")
    assert headers["x-amz-content-sha256"] == b"UNSIGNED-PAYLOAD"
    assert headers["x-amz-checksum-sha256"] == SHA256.encode()
    signed = headers["authorization"].partition(b"SignedHeaders=")[2].partition(b",")[0]
    assert {b"host", b"x-amz-checksum-sha256", b"x-amz-content-sha256"} <= {*signed.split(b";")}
