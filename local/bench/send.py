"""Uploads one object as `aws s3 cp` does: `python -m local.bench.send FILE|- BUCKET KEY`.

By s3transfer, the library that does it in `aws s3 cp`, with the same defaults (parts of 8 MiB, 10
at once). The AWS CLI itself, which takes longer to start, isn't in the lock. It signs no bodies
over TLS; the bench's server speaks none, so that is said here.
"""

import sys

import boto3
from botocore.config import Config


def send(source: str, bucket: str, key: str) -> None:
    """Upload a file, or standard input when `source` is `-`."""
    client = boto3.client("s3", config=Config(s3={"payload_signing_enabled": False}))
    if source == "-":
        client.upload_fileobj(sys.stdin.buffer, bucket, key)
    else:
        client.upload_file(source, bucket, key)


if __name__ == "__main__":
    send(*sys.argv[1:])
