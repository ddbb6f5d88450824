"""A backup that S3 keeps cold: listed, thawed by hand, restored when it can be read."""

from datetime import timedelta

from lifeboat.errors import RestoreRefusedError
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
    assert listed["backups"][0]["readable"] is False
    assert "3 to 5 hours after a thaw (GLACIER)" in listed["backups"][0]["lies"]
    assert "next" not in listed

    error = refused(restores.restore)
    assert isinstance(error, RestoreRefusedError)
    assert '"action": "thaw"' in error.what
    assert databases(restores.live) == {restores.live.name}

    plan = restores.ask(action="thaw")
    assert "3 to 5 hours, about $0.00" in plan["will"][0]
    assert restores.ask(action="list")["backups"][0]["lies"].startswith("3 to 5 hours after")

    asked = restores.ask(plan["next"])
    latest = STARTED + timedelta(minutes=restores.asked, hours=5)
    assert f"By {latest:%Y-%m-%d %H:%M} UTC at the latest" in asked["come_back"]
    again = restores.ask(plan["next"])
    assert again["backup"] == asked["backup"]

    eventually(lambda: bool(restores.ask(action="list")["backups"][0]["readable"]))
    assert "come_back" not in restores.ask(plan["next"])
    assert restores.restore(backup=asked["backup"])["verdict"] == "proven"


def test_a_deep_archive_says_that_it_takes_longer(restores: RestoreHarness) -> None:
    restores.settings["thaw_tier"] = "Bulk"
    freeze(restores, "DEEP_ARCHIVE")
    assert "Bulk: up to 48 hours" in restores.ask(action="thaw")["will"][0]


def test_what_lies_hot_needs_no_thaw(restores: RestoreHarness) -> None:
    manifest = restores.backups.take().manifest
    answer = restores.ask(action="thaw", execute=True)
    assert answer["lies"] == "readable now (STANDARD)"
    assert answer["next"] == {
        "action": "restore",
        "database": "app",
        "backup": manifest.location.id,
    }
