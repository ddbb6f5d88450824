"""The links of `lifeboat open`."""

from typing import Any

import boto3
import pytest

from lifeboat_cli.commands.open import _link
from lifeboat_cli.context import Context, Options
from lifeboat_cli.stack import Stack


def listed(**_: object) -> Any:  # what botocore takes as an answer
    """What S3 would answer, without a network: the page is there."""
    response = type("Response", (), {"status_code": 200, "headers": {}})
    return response, {"Contents": [{"Key": "status.html"}]}


@pytest.mark.parametrize("region", ["eu-central-1", "eu-south-1"])
def test_a_link_is_for_the_host_of_its_region(region: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The global host redirects elsewhere while a bucket is new, and breaks the link."""
    for name in ("AWS_ENDPOINT_URL", "AWS_ENDPOINT_URL_S3"):
        monkeypatch.delenv(name, raising=False)
    session = boto3.Session("AKIAEXAMPLE", "secret", region_name=region)
    session.events.register("before-call.s3.ListObjectsV2", listed)
    context = Context(Options())
    context.stack = Stack("Boat", session)
    context.stack.outputs = {"BackupBucketName": "boat-bucket"}
    link = _link(context, "status.html")
    assert link.startswith(f"https://boat-bucket.s3.{region}.amazonaws.com/status.html?")
    assert "X-Amz-Expires=600" in link
