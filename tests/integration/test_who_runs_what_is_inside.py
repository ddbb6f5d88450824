"""A drill runs the code that lies inside of a backup, and never as a superuser."""

import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from lifeboat.model.drill_report import Verdict
from lifeboat.postgres.programs import Programs
from tests.support import hostile_database
from tests.support.backup_harness import BackupHarness, Bucket, Database
from tests.support.drill_harness import DrillHarness, check, with_roles
from tests.support.temporary_files import public_place


@pytest.fixture(params=[14, 18])
def source(
    request: pytest.FixtureRequest, new_database: Callable[..., Database]
) -> Iterator[Database]:
    """A database and a role that has nothing but what it is given there."""
    database = new_database(request.param)
    with with_roles(database, (hostile_database.TENANT,)):
        database.run(f"ALTER ROLE {hostile_database.TENANT} NOSUPERUSER")
        yield database


@pytest.fixture
def drills(
    source: Database,
    bucket: Bucket,
    programs: Programs,
    server_programs: Programs,
    tmp_path: Path,
) -> Iterator[DrillHarness]:
    with tempfile.TemporaryDirectory(prefix="drills-", dir=public_place()) as place:
        Path(place).chmod(0o711)
        yield DrillHarness(
            BackupHarness(source, bucket, programs, tmp_path), server_programs, Path(place)
        )


def test_no_code_in_a_backup_runs_as_a_superuser(drills: DrillHarness, source: Database) -> None:
    hostile_database.be_told(source)
    assert drills.backups.take().created

    said = "\n".join(check(drills.hold(), "restore").details)

    told = {
        name: "no" if f"in {name}: superuser is f" in said else "not run"
        for name in (*hostile_database.CASES, "a_definer")
    }
    for name in told:
        if f"in {name}: superuser is t" in said:
            told[name] = "superuser"
    assert told == dict.fromkeys(told, "no"), said


def test_code_in_a_backup_gains_nothing_that_takes_a_superuser(
    drills: DrillHarness, source: Database
) -> None:
    hostile_database.grasp(source)
    assert drills.backups.take().created

    report = drills.hold()

    assert report.verdict is Verdict.PROVEN, report.reasons
    assert report.rows == 11
