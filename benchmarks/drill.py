"""Holds one drill as the function does, in this process: `python -m benchmarks.drill`.

Its environment names the bucket (BUCKET, and what boto3 reads) and the programs. It prints the
drill's report.
"""

import os
import sys
import time
from datetime import UTC, datetime
from typing import Never

# The handler with all that it brings: the memory that is measured is to be the function's.
import lifeboat.drill.handler  # noqa: F401
from benchmarks.backup import LOCATION, SECONDS, SECRET
from lifeboat.drill.drill import drill
from lifeboat.drill.policy.event import parse_drill_event
from lifeboat.drill.run import DrillRun
from lifeboat.errors import LifeboatError
from lifeboat.model.drill_report import Verdict
from lifeboat.model.hand_over import HandOver
from lifeboat.postgres.programs import Programs
from lifeboat.runtime.branch_broker import branch_broker
from lifeboat.runtime.invocation import secret_store
from lifeboat.s3.bucket import BackupBucket, s3_client
from lifeboat.settings import Settings

MEMORY_MB = 3008


def main() -> None:
    """Hold it and print its report.

    Raises:
        LifeboatError: the backup is not proven.
    """
    deadline = time.monotonic() + SECONDS
    settings = {
        "databases": [{"name": LOCATION.database, "secret_arn": SECRET}],
        "object_lock": "off",  # the bench's S3 server has none
        "drill": {"ephemeral_mb": 10_240},
    }
    run = DrillRun(
        event=parse_drill_event({"database": LOCATION.database}),
        run_id="bench",
        started=datetime.now(UTC).replace(microsecond=0),
        settings=Settings.model_validate(settings),
        bucket=BackupBucket(s3_client(), os.environ["BUCKET"]),
        programs=Programs.of_environment(),
        read_login=lambda arn, _: _no_secrets(arn),
        remaining=lambda: deadline - time.monotonic(),
        memory_mb=MEMORY_MB,
        branches=branch_broker(secret_store()),
    )
    report = drill(run)
    if isinstance(report, HandOver):
        raise LifeboatError("The bench has no jobs.", todo="Report it.")
    sys.stdout.write(report.to_json().decode())
    if report.verdict is not Verdict.PROVEN:
        raise LifeboatError("; ".join(report.reasons), todo="Report it.")


def _no_secrets(arn: str) -> Never:
    raise LifeboatError(f"The bench has no secret {arn}.", todo="Drill in the embedded server.")


if __name__ == "__main__":
    main()
