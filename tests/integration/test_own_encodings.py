"""A database whose characters have no equivalent in UTF-8 is backed up as it is, and comes back."""

from collections.abc import Callable, Iterator

import pytest

from lifeboat.errors import UnreadableError
from lifeboat.model.drill_report import Verdict
from lifeboat.postgres.programs import Programs
from tests.support.backup_harness import TARGET_ARN, Database
from tests.support.drill_harness import DrillHarness
from tests.support.restore_harness import RestoreHarness

IN_WIN1252 = "ENCODING WIN1252 LOCALE 'C' TEMPLATE template0"
BYTES = "SELECT string_agg(encode(convert_to(v, 'WIN1252'), 'hex'), ' ' ORDER BY id) FROM t"


@pytest.fixture
def restores(drills: DrillHarness, programs: Programs) -> Iterator[RestoreHarness]:
    with RestoreHarness.open(drills.backups, programs) as opened:
        yield opened


def test_characters_without_utf8_are_backed_up_drilled_and_restored(
    drills: DrillHarness, restores: RestoreHarness, new_database: Callable[..., Database]
) -> None:
    source = drills.backups.database = new_database(14, options=IN_WIN1252)
    source.run(
        "CREATE TABLE t (id int, v text)",
        "INSERT INTO t SELECT i, 'plain ' || i FROM generate_series(1, 1000) i",
        "INSERT INTO t VALUES (1001, 'Größe'), (1002, chr(129) || 'x')",
        "CREATE SEQUENCE s",
    )
    log: list[str] = []
    manifest = drills.backups.take(log=lambda event, _: log.append(event)).manifest
    assert log == ["backup.restarted"]
    assert manifest.archive.encoding == manifest.own_encoding == "WIN1252"
    assert manifest.inventory.rows == 1002
    (note,) = manifest.notes
    assert "characters in WIN1252 that have no equivalent in UTF-8" in note

    report = drills.hold()
    assert (report.verdict, report.reasons) == (Verdict.PROVEN, ())

    wanted = source.value(BYTES)
    answer = restores.restore()
    assert answer["verdict"] == "proven", answer["reasons"]
    assert restores.copy(answer).value(BYTES) == wanted

    elsewhere = new_database(18)
    restores.give_target(elsewhere)
    answer = restores.restore(target=TARGET_ARN)
    copy = Database(elsewhere.server, answer["restored_database"])
    assert copy.value(BYTES) == wanted
    copy.drop()


def test_names_that_such_an_archive_cannot_tell_are_refused_with_the_cure(
    drills: DrillHarness, new_database: Callable[..., Database]
) -> None:
    source = drills.backups.database = new_database(options=IN_WIN1252)
    source.run('CREATE TABLE "größe" (id int, v text)', 'INSERT INTO "größe" VALUES (1, chr(129))')
    with pytest.raises(UnreadableError) as caught:
        drills.backups.take()
    assert "1 names that are not ASCII" in caught.value.what
    source.run(caught.value.todo.partition("\n")[2])
    assert drills.backups.take().manifest.own_encoding == "WIN1252"
