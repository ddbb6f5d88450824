"""The links of `lifeboat open`."""

from typing import Any

import boto3
import pytest

from lifeboat_cli.commands.open import _link
from lifeboat_cli.context import Context, Options
from lifeboat_cli.errors import CommandError
from lifeboat_cli.stack import Stack


def answers(status: int, **answer: object) -> Any:  # what botocore calls
    """What S3 would answer, without a network."""
    response = type("Response", (), {"status_code": status, "headers": {}})
    return lambda **_: (response, answer)


def here(region: str, monkeypatch: pytest.MonkeyPatch, *, may_read: bool = True) -> Context:
    """A stack whose bucket has the page."""
    for name in ("AWS_ENDPOINT_URL", "AWS_ENDPOINT_URL_S3"):
        monkeypatch.delenv(name, raising=False)
    session = boto3.Session("AKIAEXAMPLE", "secret", region_name=region)
    listed = answers(200, Contents=[{"Key": "status.html"}])
    session.events.register("before-call.s3.ListObjectsV2", listed)
    read = answers(200) if may_read else answers(403, Error={"Code": "403", "Message": "Forbidden"})
    session.events.register("before-call.s3.HeadObject", read)
    context = Context(Options())
    context.stack = Stack("Boat", session)
    context.stack.outputs = {"BackupBucketName": "boat-bucket"}
    return context


@pytest.mark.parametrize("region", ["eu-central-1", "eu-south-1"])
def test_a_link_is_for_the_host_of_its_region(region: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The global host redirects elsewhere while a bucket is new, and breaks the link."""
    link = _link(here(region, monkeypatch), "status.html")
    assert link.startswith(f"https://boat-bucket.s3.{region}.amazonaws.com/status.html?")
    assert "X-Amz-Expires=600" in link


def test_whoever_may_not_read_the_page_gets_no_link(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(CommandError, match="403") as refused:
        _link(here("eu-central-1", monkeypatch, may_read=False), "status.html")
    assert "s3:GetObject on boat-bucket/status.html" in refused.value.next_step
