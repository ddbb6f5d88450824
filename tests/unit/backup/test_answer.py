"""What the backup function answers."""

import json

from lifeboat.backup.policy.answer import answer_of
from lifeboat.model.manifest import LargeObjectReads
from lifeboat.settings import Settings
from lifeboat.settings.allowance import TransferForecast
from tests.support.samples import MANIFEST, PREFIX

ARN = "arn:aws:secretsmanager:us-east-1:000000000000:secret:app-AbCdEf"
SETTINGS = Settings.model_validate({"databases": [{"name": "app", "secret_arn": ARN}]})


def test_the_answer_is_what_a_person_wants_to_know_first() -> None:
    transfer = TransferForecast(bytes_read=9, bytes_read_per_month=270, warnings=("Too much.",))
    answer = answer_of(
        MANIFEST, "bucket-1", created=True, transfer=transfer, settings=SETTINGS
    ).as_json()
    assert json.loads(json.dumps(answer)) == {
        "backup": "weekly/app/2026-11-22T020000Z",
        "database": "app",
        "tier": "weekly",
        "scheduled_at": "2026-11-22T02:00:00Z",
        "label": None,
        "created": True,
        "tables": 3,
        "rows": 7,
        "archive_bytes": 123_456,
        "sha256": {PREFIX + "archive.dump": "ab" * 32},
        "seconds": 70.25,
        "notes": ["Sunday's run stands for its week"],
        "warnings": ["Too much."],
        "bytes_read": 9,
        "bytes_read_per_month": 270,
        "s3_uri": f"s3://bucket-1/{PREFIX}",
        "next_command": f"aws s3 cp --recursive --force-glacier-transfer s3://bucket-1/{PREFIX} ."
        " && pg_restore --list archive.dump",
    }


def test_the_answer_warns_of_large_objects_that_soon_take_too_long() -> None:
    reads = LargeObjectReads(objects=30_000, bytes=0, round_trip_seconds=0.005, seconds_left=900)
    manifest = MANIFEST.model_copy(update={"large_object_reads": reads})
    transfer = TransferForecast(warnings=("Too much.",))
    first, second = answer_of(
        manifest, "bucket-1", created=True, transfer=transfer, settings=SETTINGS
    ).warnings
    assert first == "Too much."
    assert "30,000 large objects" in second


def test_the_answer_warns_of_a_row_that_functions_have_little_memory_for() -> None:
    row = {"largest_row_bytes": 800_000_000, "largest_row_table": "public.t"}
    archive = MANIFEST.archive.model_copy(update=row)
    manifest = MANIFEST.model_copy(update={"archive": archive})
    answer = answer_of(
        manifest, "bucket-1", created=True, transfer=TransferForecast(), settings=SETTINGS
    )
    backup, drill = answer.warnings
    assert "public.t, has 800 MB as text. A backup needs" in backup
    assert "A drill needs" in drill
