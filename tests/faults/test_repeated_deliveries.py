"""The same delivered twice, at once, or out of order: as one time, or honestly refused."""

import re
import threading
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from lifeboat.drill.drill import drill
from lifeboat.errors import LifeboatError
from lifeboat.model.drill_report import DrillReport, Verdict
from lifeboat.restore.dispatch import restore
from lifeboat.s3.read import find_backups
from tests.support import invariants
from tests.support.backup_harness import BackupHarness
from tests.support.drill_harness import STARTED as DRILLED
from tests.support.drill_harness import DrillHarness
from tests.support.restore_harness import STARTED, RestoreHarness, databases
from tests.support.s3_faults import planned

pytestmark = pytest.mark.fault("repeats")


def at_once(*works: Callable[[], object]) -> list[object]:
    """What each of them came to, or its error."""
    results: list[object] = [None] * len(works)

    def run(number: int) -> None:
        try:
            results[number] = works[number]()
        except LifeboatError as error:
            results[number] = invariants.told(error)

    threads = [threading.Thread(target=run, args=(number,)) for number in range(len(works))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return results


def ask(restores: RestoreHarness, event: dict[str, Any]) -> dict[str, Any]:
    """As a delivery of one and the same second."""
    answer = restore(restores.run(STARTED, event)).as_json()
    invariants.answered(answer)
    return answer


def test_an_older_slot_delivered_after_a_newer_one_is_not_the_latest(
    backups: BackupHarness,
) -> None:
    newer = backups.take().manifest
    backups.scheduled_at -= timedelta(days=1)
    assert backups.take().created
    backups.scheduled_at += timedelta(days=1)
    assert backups.manifest() == newer
    found = find_backups(backups.run().bucket, "app")
    assert [each.location.scheduled_at for each in found] == [
        newer.scheduled_at,
        newer.scheduled_at - timedelta(days=1),
    ]


def test_a_drill_delivered_twice_at_once_is_reported_once(drills: DrillHarness) -> None:
    """A report is never replaced: the second one is refused, and says so."""
    drills.backups.take()
    results = at_once(*[lambda: drill(drills.run(DRILLED))] * 2)
    (report,) = [each for each in results if isinstance(each, DrillReport)]
    (refused,) = [each for each in results if isinstance(each, LifeboatError)]
    assert report.verdict is Verdict.PROVEN
    stored = DrillReport.from_json(drills.backups.bucket.read(report.key), key=report.key)
    assert stored == report
    assert "reports are never replaced" in refused.what
    assert drills.leftovers() == []


def test_a_restore_delivered_twice_at_once_makes_one_copy(restores: RestoreHarness) -> None:
    """The second one finds that its copy's name is taken, and neither harms the first's copy."""
    restores.backups.take()
    event = {"action": "restore", "execute": True}
    results = at_once(*[lambda: ask(restores, event)] * 2)
    done = [each for each in results if isinstance(each, dict)]
    refused = [each for each in results if isinstance(each, LifeboatError)]
    assert len(done) == len(refused) == 1
    # The server says it either way, by how far the other one had got.
    assert re.search("already exists|pg_database_datname_index", refused[0].what)
    assert databases(restores.live) == {restores.live.name, done[0]["restored_database"]}
    assert "DROP DATABASE" not in refused[0].todo
    assert restores.copy(done[0]).value("SELECT count(*) FROM users") == 1000


def test_a_restore_delivered_again_when_it_is_done_is_refused(restores: RestoreHarness) -> None:
    restores.backups.take()
    event = {"action": "restore", "execute": True}
    done = ask(restores, event)
    with pytest.raises(LifeboatError) as caught:
        ask(restores, event)
    invariants.told(caught.value)
    assert databases(restores.live) == {restores.live.name, done["restored_database"]}
    assert restores.copy(done).value("SELECT count(*) FROM users") == 1000


def test_a_restore_while_a_backup_runs_brings_back_the_one_before(restores: RestoreHarness) -> None:
    backups = restores.backups
    before = backups.take().manifest
    backups.scheduled_at += timedelta(days=1)
    answers: list[dict[str, Any]] = []
    with planned(
        backups.bucket.client,
        "UploadPart",
        lambda _: answers.append(restores.restore()),
        times=1,
    ):
        assert backups.take().created
    assert answers[0]["verdict"] == "proven"
    assert answers[0]["backup"] == before.location.id


def test_a_swap_delivered_twice_swaps_once(restores: RestoreHarness) -> None:
    restores.backups.take()
    answer = restores.restore()
    restores.live.run("DELETE FROM users")
    event = restores.ask(answer["next_event"])["next_event"]
    done = restores.ask(event)
    names = databases(restores.live)
    with pytest.raises(LifeboatError):
        restores.ask(event)
    assert databases(restores.live) == names == {restores.live.name, done["previous_database"]}
    assert restores.live.value("SELECT count(*) FROM users") == 1000


def test_two_swaps_at_once_are_one(restores: RestoreHarness) -> None:
    restores.backups.take()
    answer = restores.restore()
    restores.live.run("DELETE FROM users")
    event = restores.ask(answer["next_event"])["next_event"]
    results = at_once(*[lambda: ask(restores, event)] * 2)
    assert any(isinstance(each, dict) for each in results), results
    assert len(databases(restores.live)) == 2
    assert restores.live.value("SELECT count(*) FROM users") == 1000
