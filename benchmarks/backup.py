"""Takes one backup as the function does, in this process: `python -m benchmarks.backup`.

Its environment names the database (DATABASE_SECRET, a secret's text; PGSSLROOTCERT, the file with
its CA if it has one), the bucket (BUCKET, and what boto3 reads) and the programs. It prints the
manifest.
"""

import os
import sys
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path

# The handler with all that it brings: the memory that is measured is to be the function's.
import lifeboat.backup.handler  # noqa: F401
from lifeboat.backup.run import BackupRun
from lifeboat.backup.take_backup import take_backup
from lifeboat.model.keys import BackupLocation
from lifeboat.model.tiers import Tier
from lifeboat.postgres.endpoint import parse_secret
from lifeboat.postgres.login import Login
from lifeboat.postgres.pooler import check_endpoint
from lifeboat.postgres.programs import Programs
from lifeboat.s3.bucket import BackupBucket, s3_client
from lifeboat.settings import Settings

LOCATION = BackupLocation(Tier.DAILY, "app", datetime(2026, 11, 24, 2, 0, tzinfo=UTC))
SECONDS = 900.0
SECRET = "arn:aws:secretsmanager:us-east-1:000000000000:secret:app-AbCdEf"  # noqa: S105


def main() -> None:
    """Take it and print its manifest."""
    deadline = time.monotonic() + SECONDS
    endpoint, notes = check_endpoint(parse_secret(os.environ["DATABASE_SECRET"]))
    ca_file = os.environ.get("PGSSLROOTCERT")
    settings = Settings.model_validate(
        {
            "databases": [{"name": LOCATION.database, "secret_arn": SECRET}],
            "object_lock": "off",  # the bench's S3 server has none
        }
    )
    run = BackupRun(
        location=LOCATION,
        label=None,
        folder=Path(tempfile.gettempdir()),
        run_id="bench",
        started=datetime.now(UTC),
        settings=settings,
        bucket=BackupBucket(s3_client(), os.environ["BUCKET"]),
        programs=Programs.of_environment(),
        read_login=lambda *_: Login(endpoint, ca_file, notes),
        remaining=lambda: deadline - time.monotonic(),
    )
    outcome = take_backup(run)
    sys.stdout.write(outcome.manifest.to_json().decode())


if __name__ == "__main__":
    main()
