"""Whatever a backup claims and isn't, its drill finds out; each test names the check that did."""

from datetime import timedelta
from typing import Any

import pytest

from lifeboat.model.drill_report import Verdict
from tests.support.drill_harness import DrillHall, check, failed


@pytest.fixture
def hall(hall: DrillHall) -> DrillHall:
    hall.workshop.database.run(
        "CREATE TABLE notes (id int PRIMARY KEY, body text)",
        "INSERT INTO notes SELECT i, 'note ' || i FROM generate_series(1, 200) i",
        "CREATE INDEX by_body ON notes (body)",
        "ALTER TABLE notes ADD CONSTRAINT positive CHECK (id > 0)",
    )
    hall.workshop.settings["backup"] = {"checksums": True}
    hall.workshop.take()
    return hall


def inventory(hall: DrillHall) -> dict[str, Any]:
    return hall.workshop.manifest().inventory.model_dump(mode="json")


def test_a_flipped_bit_is_found_by_the_checksum_and_no_program_reads_it(hall: DrillHall) -> None:
    key = hall.workshop.location.archive_key
    archive = bytearray(hall.workshop.bucket.read(key))
    archive[len(archive) // 2] ^= 1
    version = hall.put(key, bytes(archive))
    hall.rewrite(archive=_stored_as(hall, version))
    report = hall.hold()
    assert (report.verdict, failed(report)) == (Verdict.FAILED, ["checksum"])
    assert "SHA-256" in check(report, "checksum").details[0]
    assert "decode" not in report.seconds


def test_a_truncated_archive_is_found_by_its_size(hall: DrillHall) -> None:
    key = hall.workshop.location.archive_key
    version = hall.put(key, hall.workshop.bucket.read(key)[:-100])
    hall.rewrite(archive=_stored_as(hall, version))
    report = hall.hold()
    assert (report.verdict, failed(report)) == (Verdict.FAILED, ["checksum"])
    assert "bytes" in check(report, "checksum").details[0]


def test_a_truncated_archive_whose_manifest_agrees_is_found_by_decoding(hall: DrillHall) -> None:
    hall.edit_archive(lambda archive: archive[: len(archive) * 2 // 3])
    report = hall.hold()
    assert (report.verdict, failed(report)) == (Verdict.FAILED, ["decode"])


def test_an_archive_of_another_day_is_found_by_the_checksum(hall: DrillHall) -> None:
    key = hall.workshop.location.archive_key
    today = hall.workshop.manifest()
    hall.workshop.database.run("DELETE FROM notes WHERE id = 1")
    other = hall.workshop.slot - timedelta(days=1)
    hall.workshop.slot, slot = other, hall.workshop.slot
    hall.workshop.take()
    archive = hall.workshop.bucket.read(hall.workshop.location.archive_key)
    hall.workshop.slot = slot
    version = hall.put(key, archive)
    hall.rewrite(archive=_stored_as(hall, version))
    report = hall.hold(backup=today.location.id)
    assert (report.verdict, failed(report)) == (Verdict.FAILED, ["checksum"])


def test_an_archive_that_was_written_over_is_found_by_its_version(hall: DrillHall) -> None:
    """The backup's own version is whole, but whoever copies the key gets something else."""
    key = hall.workshop.location.archive_key
    hall.put(key, hall.workshop.bucket.read(key) + b"more")
    report = hall.hold()
    assert (report.verdict, failed(report)) == (Verdict.FAILED, ["version"])


def test_a_row_too_many_in_the_manifest_is_found_by_decoding(hall: DrillHall) -> None:
    claims = inventory(hall)
    next(table for table in claims["tables"] if table["name"] == "notes")["rows"] += 1
    hall.rewrite(inventory=claims)
    report = hall.hold()
    assert (report.verdict, failed(report)) == (Verdict.FAILED, ["decode"])
    assert "201" in check(report, "decode").details[0]


def test_a_changed_row_is_found_by_the_content_checksum(hall: DrillHall) -> None:
    """The dump is of a database in which one row is another, with as many rows as before."""
    claims = inventory(hall)
    notes = next(table for table in claims["tables"] if table["name"] == "notes")
    notes["checksum"] = str(int(notes["checksum"]) + 1)
    hall.rewrite(inventory=claims)
    report = hall.hold()
    assert (report.verdict, failed(report)) == (Verdict.FAILED, ["content"])
    assert "notes" in check(report, "content").details[0]


def test_missing_objects_are_found_by_the_counts_of_their_kinds(hall: DrillHall) -> None:
    claims = inventory(hall)
    kinds = ("indexes", "constraints", "views", "triggers", "functions", "policies")
    for kind in kinds:
        claims["counts"][kind] += 1
    hall.rewrite(inventory=claims)
    report = hall.hold()
    assert (report.verdict, failed(report)) == (Verdict.FAILED, ["objects"])
    details = "; ".join(check(report, "objects").details)
    assert all(kind in details for kind in kinds)


def test_a_sequence_that_is_behind_is_found_by_its_value(hall: DrillHall) -> None:
    claims = inventory(hall)
    claims["sequences"][0]["last_value"] += 5
    hall.rewrite(inventory=claims)
    report = hall.hold()
    assert (report.verdict, failed(report)) == (Verdict.FAILED, ["sequences"])


def test_an_unvalidated_constraint_is_found_by_the_count_of_objects(hall: DrillHall) -> None:
    hall.workshop.database.run("ALTER TABLE notes ADD CONSTRAINT big CHECK (id > 100) NOT VALID")
    hall.workshop.slot += timedelta(minutes=30)
    hall.workshop.take()
    claims = inventory(hall)
    claims["counts"]["unvalidated_constraints"] = 0
    hall.rewrite(inventory=claims)
    report = hall.hold()
    assert (report.verdict, failed(report)) == (Verdict.FAILED, ["objects"])


def test_a_table_that_cannot_be_loaded_is_found_by_the_restore(hall: DrillHall) -> None:
    """The archive's definition of an index names a column that isn't there."""
    hall.edit_archive(lambda archive: archive.replace(b"btree (body)", b"btree (bady)"))
    report = hall.hold()
    assert report.verdict is Verdict.FAILED
    assert "restore" in failed(report)
    assert "bady" in check(report, "restore").details[0]


def test_roles_that_are_not_the_backups_are_found_by_their_checksum(hall: DrillHall) -> None:
    manifest = hall.workshop.manifest()
    assert manifest.globals is not None
    version = hall.put(manifest.globals.key, b"CREATE ROLE intruder;\n")
    changed = manifest.globals.model_copy(update={"version_id": version})
    hall.rewrite(globals=changed.model_dump(mode="json"))
    report = hall.hold()
    assert report.verdict is Verdict.FAILED
    assert failed(report)[0] == "roles"


def test_an_archive_that_is_gone_fails_the_drill(hall: DrillHall) -> None:
    bucket = hall.workshop.bucket
    stored = hall.workshop.manifest().archive.objects[0]
    bucket.client.delete_object(
        Bucket=bucket.name,
        Key=stored.key,
        VersionId=stored.version_id,
        BypassGovernanceRetention=True,
    )
    report = hall.hold()
    assert report.verdict is Verdict.FAILED
    assert "not there" in report.reasons[0]


def _stored_as(hall: DrillHall, version: str) -> dict[str, Any]:
    """The manifest's archive, unchanged but for the version that S3 gives out for it."""
    archive = hall.workshop.manifest().archive
    stored = archive.objects[0].model_copy(update={"version_id": version})
    return archive.model_copy(update={"objects": (stored,)}).model_dump(mode="json")
