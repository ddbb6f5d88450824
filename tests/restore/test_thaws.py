"""A backup that S3 keeps cold: listed, thawed by hand, restored when it can be read."""

from datetime import timedelta

from lifeboat.errors import RefusedError
from tests.support.backup_harness import eventually
from tests.support.restore_harness import STARTED, RestoreHarness, databases, refused


def freeze(restores: RestoreHarness, storage_class: str = "GLACIER") -> None:
    """What the lifecycle rule does after the hot days; the version stays the same there."""
    manifest = restores.backups.take().manifest
    bucket, stored = restores.backups.bucket, manifest.archive.objects[0]
    answer = bucket.client.put_object(
        Bucket=bucket.name,
        Key=stored.key,
        Body=bucket.read(stored.key),
        StorageClass=storage_class,
    )
    cold = stored.model_copy(update={"version_id": answer["VersionId"]})
    archive = manifest.archive.model_copy(update={"objects": (cold,)})
    body = manifest.model_copy(update={"archive": archive}).to_json()
    bucket.client.put_object(Bucket=bucket.name, Key=manifest.key, Body=body)


def test_an_archived_backup_is_thawed_and_then_restored(restores: RestoreHarness) -> None:
    freeze(restores)
    listed = restores.ask(action="list")
    assert listed["backups"][0]["available"] is False
    assert "3 to 5 hours after a thaw (GLACIER)" in listed["backups"][0]["storage_state"]
    assert listed["next_event"] is None

    error = refused(restores.restore)
    assert isinstance(error, RefusedError)
    assert '"action": "thaw"' in error.what
    assert databases(restores.live) == {restores.live.name}

    plan = restores.ask(action="thaw")
    assert "3 to 5 hours, about $0.00" in plan["steps"][0]
    assert restores.ask(action="list")["backups"][0]["storage_state"].startswith(
        "3 to 5 hours after"
    )

    asked = restores.ask(plan["next_event"])
    latest = STARTED + timedelta(minutes=restores.asked, hours=5)
    assert asked["retry_after"] == f"{latest:%Y-%m-%dT%H:%M:%SZ}"
    assert (asked["changed"], asked["available"]) == (True, False)
    again = restores.ask(plan["next_event"])
    assert again["backup"] == asked["backup"]
    assert again["changed"] is False
    assert again["changed"] is False

    eventually(lambda: bool(restores.ask(action="list")["backups"][0]["available"]))
    assert restores.ask(plan["next_event"])["retry_after"] is None
    assert restores.restore(backup=asked["backup"])["verdict"] == "proven"


def test_a_deep_archive_says_that_it_takes_longer(restores: RestoreHarness) -> None:
    restores.settings["thaw_tier"] = "Bulk"
    freeze(restores, "DEEP_ARCHIVE")
    assert "Bulk: up to 48 hours" in restores.ask(action="thaw")["steps"][0]


def test_what_lies_hot_needs_no_thaw(restores: RestoreHarness) -> None:
    manifest = restores.backups.take().manifest
    answer = restores.ask(action="thaw", execute=True)
    assert answer["storage_state"] == "readable now (STANDARD)"
    assert answer["next_event"] == {
        "action": "restore",
        "database": "app",
        "backup": manifest.location.id,
    }
