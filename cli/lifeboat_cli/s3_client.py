"""The client of S3 with which people read the bucket, by their own rights."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

from botocore.config import Config

from lifeboat_cli.aws_errors import explained

if TYPE_CHECKING:
    from lifeboat_cli.stack import Stack


def s3_client(stack: Stack) -> Any:  # noqa: ANN401  # boto3's types differ by service
    """A client with bounded waits: 5 tries in all, 60 s without a byte.

    It signs links by SigV4 for the region's host. By default, boto3 signs links by SigV2 in old
    regions, which S3 refuses for KMS keys and newer buckets.
    """
    elsewhere = any(map(os.environ.get, ("AWS_ENDPOINT_URL_S3", "AWS_ENDPOINT_URL")))
    config = Config(
        retries={"mode": "standard", "total_max_attempts": 5},
        connect_timeout=10,
        read_timeout=60,
        signature_version="s3v4",
        s3={"addressing_style": "path" if elsewhere else "virtual"},
    )
    with explained("credentials"):
        return stack.session.client("s3", config=config)
