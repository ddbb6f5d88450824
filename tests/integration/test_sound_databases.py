"""What others keep in their databases is proven by a drill and comes back by a restore."""

from collections.abc import Callable

import pytest

from lifeboat.model.drill_report import Verdict
from lifeboat.postgres.programs import Programs
from tests.support import sound_databases
from tests.support.backup_harness import Database
from tests.support.drill_harness import DrillHarness, with_roles
from tests.support.restore_harness import RestoreHarness


@pytest.mark.parametrize(("major", "jobs"), [(14, 1), (17, 4), (18, 2)])
def test_a_sound_database_is_proven(
    major: int,
    jobs: int,
    drills: DrillHarness,
    programs: Programs,
    new_database: Callable[..., Database],
) -> None:
    source = drills.backups.database = new_database(major)
    with with_roles(source, sound_databases.ROLES):
        source.run("ALTER ROLE sound_owner NOSUPERUSER", "ALTER ROLE sound_grantor NOSUPERUSER")
        sound_databases.make(source)
        drills.backups.take()
        drills.settings["jobs"] = jobs
        report = drills.hold()
        assert (report.verdict, report.reasons) == (Verdict.PROVEN, ())
        with RestoreHarness.open(drills.backups, programs) as restores:
            restores.settings["jobs"] = jobs
            answer = restores.restore()
            assert (answer["verdict"], answer["reasons"]) == ("proven", [])
            there = sound_databases.rows(source)
            assert set(sound_databases.of_major(major)) - {n.partition(".")[0] for n in there} == {
                "large_objects",
                "rights_on_extensions_and_the_catalog",
            }
            assert sound_databases.rows(restores.copy(answer)) == there
