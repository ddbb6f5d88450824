"""The deployed function, invoked as AWS would, under the role that the stack gives it."""

import json
import subprocess
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from botocore.exceptions import ClientError

from lifeboat.model.keys import parse_id, time_id
from lifeboat.model.metrics import EACH_BACKUP
from lifeboat.model.tiers import tier_of
from tests.deployed.conftest import PASSWORD, Installation, parameter_key
from tests.support.backup_harness import Database, eventually

#: An interpreter that has boto3 and none of our code.
STRANGER = str(Path(__file__).parents[2] / ".venv-localaws" / "bin" / "python")


def test_a_backup_by_hand_is_complete_locked_and_described(installation: Installation) -> None:
    answer = installation.invoke({"database": "app", "label": "before-migration-42"})
    assert not answer.failed, answer.payload
    summary = answer.payload
    location = parse_id(summary["backup"])
    assert location is not None
    assert (summary["tier"], summary["label"], summary["created"]) == (
        "manual",
        "before-migration-42",
        True,
    )
    manifest = installation.manifest(summary["backup"])
    rows = {table.name: table.rows for table in manifest.inventory.tables}
    for name in ("users", "projects", "auth_sessions"):
        assert rows[name] == installation.database.value(f"SELECT count(*) FROM {name}") > 0
    for key in (location.archive_key, location.globals_key, location.manifest_key):
        head = installation.bucket.client.head_object(Bucket=installation.bucket.name, Key=key)
        assert head["ObjectLockMode"] == "GOVERNANCE"
        assert head["ObjectLockRetainUntilDate"] == manifest.retention.locked_until
        assert head["ServerSideEncryption"] == "AES256"
    whole = manifest.started.replace(microsecond=0)  # S3 keeps no fractions
    assert head["ObjectLockRetainUntilDate"] - whole == timedelta(days=365)


def test_the_layers_own_pg_dump_is_what_runs(installation: Installation) -> None:
    answer = installation.invoke({"database": "app"})
    manifest = installation.manifest(answer.payload["backup"])
    assert manifest.archive.pg_dump.split(".")[0] == str(manifest.source.major) == "18"
    configuration = installation.aws.client("lambda").get_function(
        FunctionName=installation.function()
    )["Configuration"]
    assert "LIFEBOAT_POSTGRES_ROOT" not in configuration["Environment"]["Variables"]
    assert len(configuration["Layers"]) == 2


def test_the_answer_says_what_is_read_and_warns_of_an_allowance_that_is_too_small(
    installation: Installation,
) -> None:
    answer = installation.invoke({"database": "app"}).payload
    assert answer["bytes_read"] == installation.manifest(answer["backup"]).bytes_read
    assert answer["bytes_read_per_month"] == 30 * answer["bytes_read"]  # one run a day
    assert answer["warnings"] == []

    client, name = installation.aws.client("lambda"), installation.function()
    variables = client.get_function_configuration(FunctionName=name)["Environment"]["Variables"]
    settings = json.loads(variables["LIFEBOAT_SETTINGS"])
    settings["databases"][0]["transfer"] = {"allowance_gb": 0.001, "suspends": True}
    small = {**variables, "LIFEBOAT_SETTINGS": json.dumps(settings)}
    try:
        client.update_function_configuration(FunctionName=name, Environment={"Variables": small})
        answer = installation.invoke({"database": "app"}).payload
    finally:
        client.update_function_configuration(
            FunctionName=name, Environment={"Variables": variables}
        )
    assert answer["created"]
    (warning,) = answer["warnings"]
    assert "Allowed: 1.0 MB a month (databases[].transfer)." in warning
    assert "stops or restricts the database" in warning


def test_a_schedule_starts_a_backup_of_its_slot(installation: Installation) -> None:
    scheduler = installation.aws.client("scheduler")
    name = installation.function()
    known = scheduler.get_schedule(Name=name)
    assert known["ScheduleExpression"] == "cron(0 2 * * ? *)"
    at = (datetime.now(UTC) + timedelta(seconds=2)).replace(microsecond=0)
    now = {key: known[key] for key in ("Name", "Target", "FlexibleTimeWindow")} | {
        "ScheduleExpression": f"at({at:%Y-%m-%dT%H:%M:%S})",
        "ScheduleExpressionTimezone": "UTC",
    }
    scheduler.update_schedule(**now)
    try:
        tier = tier_of(at, ZoneInfo("UTC"))
        key = f"{tier}/app/{time_id(at)}/manifest.json"
        eventually(lambda: key in installation.bucket.holds(), within=90)
    finally:
        scheduler.update_schedule(**now | {"ScheduleExpression": known["ScheduleExpression"]})
    manifest = installation.manifest(key.removesuffix("/manifest.json"))
    assert (manifest.scheduled_at, manifest.tier) == (at, tier)


def test_a_second_delivery_of_a_slot_changes_nothing(installation: Installation) -> None:
    event = {"database": "app", "scheduled": "2026-03-01T02:00:00Z"}
    first, second = installation.invoke(event), installation.invoke(event)
    assert not first.failed, first.payload
    assert not second.failed, second.payload
    assert first.payload["backup"] == second.payload["backup"] == "monthly/app/2026-03-01T020000Z"
    assert (first.payload["created"], second.payload["created"]) == (True, False)
    versions = installation.bucket.client.list_object_versions(
        Bucket=installation.bucket.name, Prefix=first.payload["backup"]
    )["Versions"]
    assert len(versions) == 3


def test_the_function_can_add_backups_and_nothing_else(installation: Installation) -> None:
    summary = installation.invoke({"database": "app"}).payload
    installation.invoke({"database": "other"}, database="other")
    bucket, backup = installation.bucket.name, summary["backup"]
    s3 = installation.aws.client("s3", role_arn=installation.role())
    secrets = installation.aws.client("secretsmanager", role_arn=installation.role())
    parameters = installation.aws.client("ssm", role_arn=installation.role())

    s3.put_object(Bucket=bucket, Key="daily/app/2026-01-01T020000Z/globals.sql", Body=b"x")
    s3.get_object(Bucket=bucket, Key=f"{backup}/manifest.json")
    s3.list_objects_v2(Bucket=bucket, Prefix=f"{backup}/")
    secrets.get_secret_value(SecretId=installation.secrets["app"])

    def denied(call: Callable[[], object]) -> None:
        with pytest.raises(ClientError) as caught:
            call()
        code = caught.value.response["Error"]["Code"]
        assert code in {"AccessDenied", "AccessDeniedException"}, code

    archive = {"Bucket": bucket, "Key": f"{backup}/archive.dump"}
    version = s3.put_object(
        Bucket=bucket, Key="daily/app/2026-01-01T020000Z/globals.sql", Body=b"x"
    )["VersionId"]
    manifest = {"Bucket": bucket, "Key": f"{backup}/manifest.json"}
    denied(lambda: s3.put_object(**manifest, Body=b"{}"))
    denied(lambda: s3.copy_object(**manifest, CopySource=manifest))
    denied(lambda: s3.get_object(**archive))
    denied(lambda: s3.get_object(Bucket=bucket, Key=f"{backup}/globals.sql"))
    denied(lambda: s3.delete_object(**archive))
    denied(lambda: s3.delete_object(**archive, VersionId=version))
    denied(lambda: s3.put_object_legal_hold(**archive, LegalHold={"Status": "OFF"}))
    denied(lambda: s3.delete_bucket(Bucket=bucket))
    denied(
        lambda: s3.put_bucket_lifecycle_configuration(
            Bucket=bucket, LifecycleConfiguration={"Rules": []}
        )
    )
    denied(lambda: s3.list_objects_v2(Bucket=bucket))
    denied(lambda: s3.list_objects_v2(Bucket=bucket, Prefix="manual/other/"))
    denied(lambda: s3.put_object(Bucket=bucket, Key="manual/other/x/manifest.json", Body=b"x"))
    denied(lambda: s3.put_object(Bucket=bucket, Key="drills/app/x.json", Body=b"x"))
    denied(lambda: secrets.get_secret_value(SecretId=installation.secrets["quiet"]))
    denied(lambda: parameters.get_parameter(Name=installation.secrets["other"]))
    denied(lambda: secrets.put_secret_value(SecretId=installation.secrets["app"], SecretString="x"))


def test_a_backup_is_restored_with_lifeboat_absent(
    installation: Installation, new_database: Callable[..., Database], tmp_path: Path
) -> None:
    """Only boto3 and stock pg_restore: `-I` and an empty directory keep our code away."""
    summary = installation.invoke({"database": "app"}).payload
    copy = new_database()
    copy.run("DROP ROLE IF EXISTS nobody_knows_me")
    script = """
import importlib.util, json, subprocess, sys
import boto3
assert not importlib.util.find_spec("lifeboat") and not importlib.util.find_spec("local")
bucket, prefix, pg_restore, target = sys.argv[1:]
s3 = boto3.client("s3")
s3.download_file(bucket, prefix + "/archive.dump", "archive.dump")
s3.download_file(bucket, prefix + "/manifest.json", "manifest.json")
subprocess.run([pg_restore, "--dbname=" + target, "archive.dump"], check=True)
"""
    done = subprocess.run(
        [
            STRANGER,
            "-I",
            "-c",
            script,
            installation.bucket.name,
            summary["backup"],
            str(copy.server.programs / "pg_restore"),
            copy.url,
        ],
        cwd=tmp_path,
        env=installation.aws.environment(),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert copy.inventory() == installation.database.inventory()


def test_nothing_that_a_failing_run_says_holds_the_password(installation: Installation) -> None:
    store = installation.aws.client("ssm")
    name = "/lifeboat/other"
    good = store.get_parameter(Name=name, WithDecryption=True)["Parameter"]["Value"]
    quoted = good.split(":", 2)[2].rsplit("@", 1)[0]
    wrong = good.replace(quoted, f"x{quoted}")
    kept = {"Type": "SecureString", "KeyId": parameter_key(installation)}
    logs = installation.aws.client("logs")
    for secret in (wrong, good.replace("/spec_drive", "/nowhere"), f"postgresql://{PASSWORD}", "{"):
        store.put_parameter(Name=name, Value=secret, Overwrite=True, **kept)
        answer = installation.invoke({"database": "other"}, database="other")
        assert answer.failed
        assert "Next: " in answer.payload["errorMessage"]
        said = json.dumps(answer.payload) + answer.log
        assert PASSWORD not in said
        assert quoted not in said
    store.put_parameter(Name=name, Value=good, Overwrite=True, **kept)
    events = logs.filter_log_events(logGroupName=f"/aws/lambda/{installation.function('other')}")
    everything = json.dumps(events["events"])
    assert "Could not connect" in everything
    assert quoted not in everything
    assert json.dumps(PASSWORD)[1:-1] not in everything
    assert not installation.invoke({"database": "other"}, database="other").failed


def test_a_failing_run_is_an_error_of_the_function_with_its_kind(
    installation: Installation,
) -> None:
    answer = installation.invoke({"database": "nobody"})
    assert answer.failed
    assert answer.payload["errorType"] == "EventError"
    assert "Use one of: app" in answer.payload["errorMessage"]


def test_a_senseless_event_is_refused_with_a_sample(installation: Installation) -> None:
    events: tuple[object, ...] = (
        [],
        {"database": "app", "scheduled": "<aws.scheduler.scheduled-time>"},
    )
    for event in events:
        answer = installation.invoke(event)
        assert answer.failed
        assert answer.payload["errorType"] == "EventError"
        assert "before-migration-42" in answer.payload["errorMessage"]


def test_figures_are_measured_per_database(installation: Installation) -> None:
    answer = installation.invoke({"database": "app"})
    documents = [json.loads(line) for line in answer.log.splitlines() if '"_aws"' in line]
    assert len(documents) == 1
    directive = documents[0]["_aws"]["CloudWatchMetrics"][0]
    assert directive["Namespace"] == "Lifeboat"
    assert directive["Dimensions"] == [["Database"]]
    assert {metric["Name"] for metric in directive["Metrics"]} == {*EACH_BACKUP}
    assert documents[0]["Rows"][0] > 0
