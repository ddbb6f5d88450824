"""Nothing that acts on rows is there before all of them are in, in drills and restores alike.

The witness is a checksum that the tests take of each table, in the source and in the copy.
"""

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from lifeboat.model.drill_report import Verdict
from lifeboat.postgres.programs import Programs
from tests.support.backup_harness import MAJORS, Database
from tests.support.drill_harness import DrillHarness
from tests.support.restore_harness import RestoreHarness
from tests.support.rows_at_load import CHANGING, REFUSING, REFUSING_18, checksum_of, contents

KINDS: dict[str, Callable[[int], tuple[str, ...]]] = {
    "changing": lambda _: CHANGING,
    "refusing": lambda major: REFUSING + (REFUSING_18 if major >= 18 else ()),
}
SOURCES = [(major, kind) for major in (MAJORS[0], MAJORS[-1]) for kind in KINDS]


@pytest.fixture
def restores(drills: DrillHarness, programs: Programs) -> Iterator[RestoreHarness]:
    with RestoreHarness.open(drills.backups, programs) as opened:
        yield opened


@pytest.fixture(params=SOURCES, ids=lambda each: f"{each[1]}-{each[0]}")
def source(
    request: pytest.FixtureRequest, drills: DrillHarness, new_database: Callable[..., Database]
) -> Database:
    """Backed up."""
    major, kind = request.param
    database = drills.backups.database = new_database(major)
    database.run(*KINDS[kind](major))
    drills.backups.take()
    return database


def test_a_restore_brings_the_very_rows(source: Database, restores: RestoreHarness) -> None:
    answer = restores.restore()
    assert contents(restores.copy(answer)) == contents(source)
    assert answer["verdict"] == "proven", answer["reasons"]


def test_a_restore_of_all_tables_brings_the_very_rows(
    source: Database, restores: RestoreHarness
) -> None:
    before = contents(source)
    names = [f"public.{name}" for name in before] + [f"public.{name}" for name in parents(source)]
    answer = restores.ask(action="restore-tables", tables=names, execute=True)
    assert contents(restores.copy(answer)) == before
    assert answer["verdict"] == "proven", answer["reasons"]


def test_a_drill_loads_the_very_rows(source: Database, drills: DrillHarness) -> None:
    drills.database["validation"] = [
        {"name": table, "sql": checksum_of(f"public.{table}"), "expect": f'value = "{checksum}"'}
        for table, checksum in contents(source).items()
    ]
    report = drills.hold()
    assert (report.verdict, report.reasons) == (Verdict.PROVEN, ())


def parents(database: Database) -> list[str]:
    found: Any = database.value(
        "SELECT array_agg(relname::text) FROM pg_class WHERE relkind = 'p'"
        " AND relnamespace = 'public'::regnamespace"
    )
    return list(found)
