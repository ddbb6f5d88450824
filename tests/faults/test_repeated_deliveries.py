"""The same delivered twice, at once, or out of order: as one time, or honestly refused."""

import re
import threading
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from lifeboat.drill.drill import drill
from lifeboat.drill.policy.event import parse_drill_event
from lifeboat.drill.run import DrillRequest
from lifeboat.errors import LifeboatError
from lifeboat.model.drill_report import DrillReport, Verdict
from lifeboat.restore.dispatch import restore
from lifeboat.restore.policy.event import parse_restore_event
from lifeboat.restore.run import RestoreRequest
from lifeboat.s3.read import find_backups
from tests.support import invariants
from tests.support.backup_harness import Workshop
from tests.support.drill_harness import STARTED as DRILLED
from tests.support.drill_harness import DrillHall
from tests.support.restore_harness import STARTED, RescueHall, databases
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


def ask(rescue: RescueHall, event: dict[str, Any]) -> dict[str, Any]:
    """As a delivery of one and the same second."""
    asked = parse_restore_event({"database": "app", **event})
    answer = restore(RestoreRequest(asked, STARTED, "run-1"), rescue.means())
    invariants.answered(answer)
    return answer


def test_an_older_slot_delivered_after_a_newer_one_is_not_the_latest(workshop: Workshop) -> None:
    newer = workshop.take().manifest
    workshop.slot -= timedelta(days=1)
    assert workshop.take().taken
    workshop.slot += timedelta(days=1)
    assert workshop.manifest() == newer
    found = find_backups(workshop.means().vault, "app")
    assert [each.location.slot for each in found] == [newer.slot, newer.slot - timedelta(days=1)]


def test_a_drill_delivered_twice_at_once_is_reported_once(hall: DrillHall) -> None:
    """A report is never replaced: the second one is refused, and says so."""
    hall.workshop.take()
    request = DrillRequest(parse_drill_event({"database": "app"}), DRILLED, "run-1")
    results = at_once(*[lambda: drill(request, hall.means())] * 2)
    (report,) = [each for each in results if isinstance(each, DrillReport)]
    (refused,) = [each for each in results if isinstance(each, LifeboatError)]
    assert report.verdict is Verdict.PROVEN
    stored = DrillReport.from_json(hall.workshop.bucket.read(report.key), key=report.key)
    assert stored == report
    assert "reports are never replaced" in refused.what
    assert hall.leftovers() == []


def test_a_restore_delivered_twice_at_once_makes_one_copy(rescue: RescueHall) -> None:
    """The second one finds that its copy's name is taken, and neither harms the first's copy."""
    rescue.workshop.take()
    event = {"action": "restore", "go": True}
    results = at_once(*[lambda: ask(rescue, event)] * 2)
    done = [each for each in results if isinstance(each, dict)]
    refused = [each for each in results if isinstance(each, LifeboatError)]
    assert len(done) == len(refused) == 1
    # The server says it either way, by how far the other one had got.
    assert re.search("already exists|pg_database_datname_index", refused[0].what)
    assert databases(rescue.live) == {rescue.live.name, done[0]["restored"]}
    assert "DROP DATABASE" not in refused[0].todo
    assert rescue.copy(done[0]).value("SELECT count(*) FROM users") == 1000


def test_a_restore_delivered_again_when_it_is_done_is_refused(rescue: RescueHall) -> None:
    rescue.workshop.take()
    event = {"action": "restore", "go": True}
    done = ask(rescue, event)
    with pytest.raises(LifeboatError) as caught:
        ask(rescue, event)
    invariants.told(caught.value)
    assert databases(rescue.live) == {rescue.live.name, done["restored"]}
    assert rescue.copy(done).value("SELECT count(*) FROM users") == 1000


def test_a_restore_while_a_backup_runs_brings_back_the_one_before(rescue: RescueHall) -> None:
    workshop = rescue.workshop
    before = workshop.take().manifest
    workshop.slot += timedelta(days=1)
    answers: list[dict[str, Any]] = []
    with planned(
        workshop.bucket.client,
        "UploadPart",
        lambda _: answers.append(rescue.restore()),
        times=1,
    ):
        assert workshop.take().taken
    assert answers[0]["verdict"] == "proven"
    assert answers[0]["backup"] == before.location.id


def test_a_swap_delivered_twice_swaps_once(rescue: RescueHall) -> None:
    rescue.workshop.take()
    answer = rescue.restore()
    rescue.live.run("DELETE FROM users")
    event = rescue.ask(answer["next"])["next"]
    done = rescue.ask(event)
    names = databases(rescue.live)
    with pytest.raises(LifeboatError):
        rescue.ask(event)
    assert databases(rescue.live) == names == {rescue.live.name, done["moved_aside"]}
    assert rescue.live.value("SELECT count(*) FROM users") == 1000


def test_two_swaps_at_once_are_one(rescue: RescueHall) -> None:
    rescue.workshop.take()
    answer = rescue.restore()
    rescue.live.run("DELETE FROM users")
    event = rescue.ask(answer["next"])["next"]
    results = at_once(*[lambda: ask(rescue, event)] * 2)
    assert any(isinstance(each, dict) for each in results), results
    assert len(databases(rescue.live)) == 2
    assert rescue.live.value("SELECT count(*) FROM users") == 1000
