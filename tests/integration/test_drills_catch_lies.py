"""Whatever a backup claims and isn't, its drill finds out; each test names the check that did."""

from datetime import timedelta
from typing import Any

import pytest

from lifeboat.drill.run import DrillRun
from lifeboat.errors import CapacityError
from lifeboat.model.drill_report import Verdict
from lifeboat.postgres.decoder import Decoder
from lifeboat.recovery.policy.untested import Untested
from tests.support.drill_harness import DrillHarness, check, failed


@pytest.fixture
def drills(drills: DrillHarness) -> DrillHarness:
    drills.backups.database.run(
        "CREATE TABLE notes (id int PRIMARY KEY, body text)",
        "INSERT INTO notes SELECT i, 'note ' || i FROM generate_series(1, 200) i",
        "CREATE INDEX by_body ON notes (body)",
    )
    drills.backups.take()
    return drills


def inventory(drills: DrillHarness) -> dict[str, Any]:
    return drills.backups.manifest().inventory.model_dump(mode="json")


def test_a_flipped_bit_is_found_by_the_checksum_and_no_program_reads_it(
    drills: DrillHarness,
) -> None:
    key = drills.backups.location.archive_key
    archive = bytearray(drills.backups.bucket.read(key))
    archive[len(archive) // 2] ^= 1
    version = drills.put(key, bytes(archive))
    drills.rewrite(archive=_stored_as(drills, version))
    report = drills.hold()
    assert (report.verdict, failed(report)) == (Verdict.FAILED, ["checksum"])
    assert "SHA-256" in check(report, "checksum").details[0]
    assert "decode" not in report.seconds


def test_a_truncated_archive_is_found_by_its_size(drills: DrillHarness) -> None:
    key = drills.backups.location.archive_key
    version = drills.put(key, drills.backups.bucket.read(key)[:-100])
    drills.rewrite(archive=_stored_as(drills, version))
    report = drills.hold()
    assert (report.verdict, failed(report)) == (Verdict.FAILED, ["checksum"])
    assert "bytes" in check(report, "checksum").details[0]


def test_a_truncated_archive_whose_manifest_agrees_is_found_by_decoding(
    drills: DrillHarness,
) -> None:
    drills.edit_archive(lambda archive: archive[: len(archive) * 2 // 3])
    report = drills.hold()
    assert (report.verdict, failed(report)) == (Verdict.FAILED, ["decode"])
    assert all(each.name != "restore" for each in report.checks)


def test_what_is_wrong_with_an_archive_is_told_and_not_what_came_of_restoring_it(
    drills: DrillHarness, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fill_the_disk(_: DrillRun) -> Untested:
        raise CapacityError("The drill ran out of disk.", todo="Give it more.")

    monkeypatch.setattr("lifeboat.drill.drill.restore_copy", fill_the_disk)
    drills.edit_archive(lambda archive: archive[: len(archive) * 2 // 3])
    report = drills.hold()
    assert (report.verdict, failed(report)) == (Verdict.FAILED, ["decode"])
    assert "ran out of disk" not in " ".join(report.reasons)


def test_a_decoder_that_is_killed_for_want_of_memory_says_nothing_about_the_backup(
    drills: DrillHarness, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = Decoder.__enter__

    def kill(decoder: Decoder) -> Decoder:
        decoder._child.kill()
        return real(decoder)

    monkeypatch.setattr(Decoder, "__enter__", kill)
    report = drills.hold()
    assert (report.verdict, failed(report)) == (Verdict.FAILED, [])
    assert "which says nothing about the backup" in report.reasons[0]
    assert "memory_mb" in (report.advice or "")


def test_an_archive_of_another_day_is_found_by_the_checksum(drills: DrillHarness) -> None:
    key = drills.backups.location.archive_key
    today = drills.backups.manifest()
    drills.backups.database.run("DELETE FROM notes WHERE id = 1")
    other = drills.backups.scheduled_at - timedelta(days=1)
    drills.backups.scheduled_at, slot = other, drills.backups.scheduled_at
    drills.backups.take()
    archive = drills.backups.bucket.read(drills.backups.location.archive_key)
    drills.backups.scheduled_at = slot
    version = drills.put(key, archive)
    drills.rewrite(archive=_stored_as(drills, version))
    report = drills.hold(backup=today.location.id)
    assert (report.verdict, failed(report)) == (Verdict.FAILED, ["checksum"])


def test_an_archive_that_was_written_over_is_found_by_its_version(drills: DrillHarness) -> None:
    """The backup's own version is whole, but whoever copies the key gets something else."""
    key = drills.backups.location.archive_key
    drills.put(key, drills.backups.bucket.read(key) + b"more")
    report = drills.hold()
    assert (report.verdict, failed(report)) == (Verdict.FAILED, ["version"])


def test_a_row_too_many_in_the_manifest_is_found_by_decoding(drills: DrillHarness) -> None:
    claims = inventory(drills)
    next(table for table in claims["tables"] if table["name"] == "notes")["rows"] += 1
    drills.rewrite(inventory=claims)
    report = drills.hold()
    assert (report.verdict, failed(report)) == (Verdict.FAILED, ["decode"])
    assert "201" in check(report, "decode").details[0]


def test_other_rows_in_the_archive_than_in_the_manifest_are_found_by_decoding(
    drills: DrillHarness,
) -> None:
    """The dump is of a database in which one row is another, with as many rows as before."""
    claims = inventory(drills)
    notes = next(table for table in claims["tables"] if table["name"] == "notes")
    notes["digest"] = notes["digest"].translate(str.maketrans("0123456789", "1234567890"))
    drills.rewrite(inventory=claims)
    report = drills.hold()
    assert (report.verdict, failed(report)) == (Verdict.FAILED, ["decode"])
    assert "public.notes: other rows" in check(report, "decode").details[0]


def test_a_manifest_from_before_digests_is_counted_and_never_proven(drills: DrillHarness) -> None:
    claims = inventory(drills)
    del claims["large_objects_digest"]
    for table in claims["tables"]:
        table["checksum"] = table.pop("digest") and "4711"
    drills.rewrite(inventory=claims)
    report = drills.hold()
    assert (report.verdict, failed(report)) == (Verdict.PARTIAL, [])
    assert report.rows == 1200
    assert report.reasons == (
        "content: Rows were only counted: the backup was taken by an earlier version of Lifeboat,"
        " which made no digests of them.",
    )


def test_a_sequence_that_is_behind_is_found_by_its_value(drills: DrillHarness) -> None:
    claims = inventory(drills)
    claims["sequences"][0]["last_value"] += 5
    drills.rewrite(inventory=claims)
    report = drills.hold()
    assert (report.verdict, failed(report)) == (Verdict.FAILED, ["sequences"])


def test_a_table_that_cannot_be_loaded_is_found_by_the_restore(drills: DrillHarness) -> None:
    """The archive's definition of an index names a column that isn't there."""
    drills.edit_archive(lambda archive: archive.replace(b"btree (body)", b"btree (bady)"))
    report = drills.hold()
    assert (report.verdict, failed(report)) == (Verdict.FAILED, ["restore", "definitions"])
    assert check(report, "definitions").details == ("INDEX public.by_body did not come back.",)
    assert "bady" in check(report, "restore").details[0]


def test_roles_that_are_not_the_backups_are_found_by_their_checksum(drills: DrillHarness) -> None:
    manifest = drills.backups.manifest()
    assert manifest.globals is not None
    version = drills.put(manifest.globals.key, b"CREATE ROLE intruder;\n")
    changed = manifest.globals.model_copy(update={"version_id": version})
    drills.rewrite(globals=changed.model_dump(mode="json"))
    report = drills.hold()
    assert report.verdict is Verdict.FAILED
    assert failed(report)[0] == "roles"


def test_an_archive_that_is_gone_fails_the_drill(drills: DrillHarness) -> None:
    bucket = drills.backups.bucket
    stored = drills.backups.manifest().archive.objects[0]
    bucket.client.delete_object(
        Bucket=bucket.name,
        Key=stored.key,
        VersionId=stored.version_id,
        BypassGovernanceRetention=True,
    )
    report = drills.hold()
    assert report.verdict is Verdict.FAILED
    assert "not there" in report.reasons[0]


def _stored_as(drills: DrillHarness, version: str) -> dict[str, Any]:
    """The manifest's archive, unchanged but for the version that S3 gives out for it."""
    archive = drills.backups.manifest().archive
    stored = archive.objects[0].model_copy(update={"version_id": version})
    return archive.model_copy(update={"objects": (stored,)}).model_dump(mode="json")
