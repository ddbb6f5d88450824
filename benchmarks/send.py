"""Uploads one object as `aws s3 cp` does: `python -m benchmarks.send FILE|- BUCKET KEY`.

By s3transfer, the library that does it in `aws s3 cp`, with the same defaults (parts of 8 MiB, 10
at once). The AWS CLI itself, which takes longer to start, isn't in the lock. It signs no bodies
over TLS; the bench is mostly without, so that is said here.
"""

import argparse
import sys

import boto3
from boto3.s3.transfer import TransferConfig
from botocore.config import Config


def main() -> None:
    """Upload a file, or standard input when the source is `-`."""
    options = _parser().parse_args()
    client = boto3.client("s3", config=Config(s3={"payload_signing_enabled": False}))
    parts = TransferConfig(
        multipart_threshold=options.part_mib << 20,
        multipart_chunksize=options.part_mib << 20,
        max_concurrency=options.in_flight,
        use_threads=options.in_flight > 1,
    )
    if options.source == "-":
        client.upload_fileobj(sys.stdin.buffer, options.bucket, options.key, Config=parts)
    else:
        client.upload_file(options.source, options.bucket, options.key, Config=parts)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.send", description=__doc__)
    parser.add_argument("source")
    parser.add_argument("bucket")
    parser.add_argument("key")
    parser.add_argument("--part-mib", type=int, default=8)
    parser.add_argument("--in-flight", type=int, default=10)
    return parser


if __name__ == "__main__":
    main()
