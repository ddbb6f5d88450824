"""What `aws s3 cp s3://bucket/key file` does: `python -m benchmarks.receive BUCKET KEY FILE`.

The AWS CLI's own code for it (s3transfer) with its own defaults, without the CLI's start-up time.
"""

import sys

import boto3


def main(bucket: str, key: str, file: str) -> None:
    """Fetch it."""
    boto3.client("s3").download_file(bucket, key, file)


if __name__ == "__main__":
    main(*sys.argv[1:])
