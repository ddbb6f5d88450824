"""The deployed restore function: a person's tool, under the role that the stack gives it."""

import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from botocore.exceptions import ClientError

from local.subscriber import Subscriber
from tests.deployed.conftest import Answer, Installation, parameter_key
from tests.support.backup_harness import Database
from tests.support.restore_harness import databases, sweep

NAME = "Lifeboat-restore"


@pytest.fixture
def backup(installation: Installation) -> Iterator[str]:
    """A backup of the database; what restores leave beside it is dropped afterwards."""
    yield installation.invoke({"database": "app"}).payload["backup"]
    sweep(installation.database)


def ask(installation: Installation, event: dict[str, Any] | None = None, **keys: Any) -> Answer:
    return installation.call(NAME, {"database": "app", **(event or {}), **keys})


def told(answer: Answer) -> dict[str, Any]:
    assert not answer.failed, answer.payload
    return answer.payload


def test_a_lost_table_comes_back_by_restore_and_swap_and_there_is_a_way_back(
    installation: Installation, backup: str
) -> None:
    live, target = installation.database, installation.admin
    users = live.value("SELECT count(*) FROM users")
    whole = live.inventory()
    listed = told(ask(installation, action="list"))
    assert listed["backups"][0]["backup"] == backup
    live.run("CREATE TABLE made_later (id int)")

    plan = told(ask(installation, action="restore", backup=backup, target=target))
    assert databases(live) == {live.name}
    restored = told(ask(installation, plan["next_event"]))
    assert restored["verdict"] == "proven", restored
    plan = told(ask(installation, restored["next_event"]))
    swapped = told(ask(installation, plan["next_event"]))
    assert live.inventory() == whole
    assert live.value("SELECT count(*) FROM users") == users

    plan = told(ask(installation, swapped["next_event"]))
    told(ask(installation, plan["next_event"]))
    assert live.value("SELECT count(*) FROM made_later") == 0
    live.run("DROP TABLE made_later")
    report = restored["report"].split("/", 3)[3]
    assert json.loads(installation.bucket.read(report))["backup"] == backup
    page = restored["html_report"].split("/", 3)[3]
    assert b"<html" in installation.bucket.read(page)


def test_the_role_for_backups_is_refused_with_the_way_out(
    installation: Installation, backup: str
) -> None:
    target = installation.secrets["app"]
    own: dict[str, Any] = {"action": "restore", "backup": backup, "target": target}
    plan = told(ask(installation, **own))
    assert "restore.target_secret_arns" in " ".join(plan["blockers"])
    answer = ask(installation, **own, execute=True)
    assert answer.failed
    assert answer.payload["errorType"] == "RefusedError"
    assert "Next: " in answer.payload["errorMessage"]
    assert databases(installation.database) == {installation.database.name}


def test_a_connection_may_be_kept_in_parameter_store_under_a_key_of_its_own(
    installation: Installation,
) -> None:
    arn = installation.secrets["other"]
    assert ":ssm:" in arn
    taken = told(installation.invoke({"database": "other"}, database="other"))

    restore = {"action": "restore", "database": "other", "backup": taken["backup"]}
    for own in (arn, "/lifeboat/other"):
        plan = told(ask(installation, **restore, target=own))
        assert "restore.target_secret_arns" in " ".join(plan["blockers"])
    restored = told(ask(installation, **restore, execute=True))
    assert restored["verdict"] == "proven", restored
    Database(installation.database.server, restored["restored_database"]).drop()

    key = parameter_key(installation)
    kms = installation.aws.client("kms")
    kms.disable_key(KeyId=key)
    try:
        answer = installation.invoke({"database": "other"}, database="other")
    finally:
        kms.enable_key(KeyId=key)
    assert answer.failed
    assert "InvalidKeyId" in answer.payload["errorMessage"]
    assert "Enable the parameter's KMS key" in answer.payload["errorMessage"]


def test_tables_are_exported_behind_a_link(installation: Installation, backup: str) -> None:
    answer = told(
        ask(installation, action="export", backup=backup, tables=["public.users"], execute=True)
    )
    key = answer["file"].split("/", 3)[3]
    assert answer["file_bytes"] == len(installation.bucket.read(key)) > 0
    assert key in answer["download_url"]
    log = "".join(installation.log(NAME))
    assert key in log
    assert "X-Amz-Signature" not in log, "whoever reads the log could fetch the rows"


def test_an_archived_backup_is_thawed_and_the_topic_is_notified(
    installation: Installation, backup: str
) -> None:
    s3, bucket = installation.bucket.client, installation.bucket.name
    archive = f"{backup}/archive.dump"
    cold = s3.put_object(
        Bucket=bucket, Key=archive, Body=installation.bucket.read(archive), StorageClass="GLACIER"
    )
    manifest = installation.manifest(backup).model_dump(mode="json")
    manifest["archive"]["objects"][0]["version_id"] = cold["VersionId"]
    s3.put_object(Bucket=bucket, Key=f"{backup}/manifest.json", Body=json.dumps(manifest).encode())
    people = Subscriber.of(installation.aws, installation.outputs["TopicArn"])
    answer = told(ask(installation, action="thaw", backup=backup, execute=True))
    assert "3 to 5 hours" in answer["notes"][-1]
    heard = people.wait_for(lambda each: archive in each["Message"])
    assert "has been retrieved from Glacier and can be restored until" in heard["Message"]
    again = told(ask(installation, action="thaw", backup=backup, execute=True))
    assert again["storage_state"].startswith("thawed until")


def test_it_cannot_change_or_delete_a_backup(installation: Installation, backup: str) -> None:
    lambdas = installation.aws.client("lambda")
    role = lambdas.get_function(FunctionName=NAME)["Configuration"]["Role"]
    s3, bucket = installation.aws.client("s3", role_arn=role), installation.bucket.name
    archive = {"Bucket": bucket, "Key": f"{backup}/archive.dump"}
    s3.get_object(**archive)
    s3.put_object(Bucket=bucket, Key="exports/app/2026-01-01T000000Z/x.sql.gz", Body=b"x")
    for call in (
        lambda: s3.put_object(**archive, Body=b"x"),
        lambda: s3.delete_object(**archive),
        lambda: s3.put_object(Bucket=bucket, Key="drills/app/x.json", Body=b"x"),
        lambda: s3.list_objects_v2(Bucket=bucket),
        lambda: s3.put_bucket_lifecycle_configuration(
            Bucket=bucket, LifecycleConfiguration={"Rules": []}
        ),
    ):
        denied(call)


@pytest.mark.parametrize(
    "function", ["Lifeboat-backup-app", "Lifeboat-drill-app", "Lifeboat-monitor"]
)
def test_no_other_function_can_start_it(installation: Installation, function: str) -> None:
    lambdas = installation.aws.client("lambda")
    role = lambdas.get_function(FunctionName=function)["Configuration"]["Role"]
    other = installation.aws.client("lambda", role_arn=role)
    denied(lambda: other.invoke(FunctionName=NAME, Payload=b"{}"))


def denied(call: Callable[[], object]) -> None:
    with pytest.raises(ClientError) as caught:
        call()
    assert caught.value.response["Error"]["Code"] in {"AccessDenied", "AccessDeniedException"}
