"""Where a drill runs: in the function, as a job, or nowhere, and what to do then."""

from dataclasses import replace
from typing import Any

import pytest

from lifeboat.drill.policy.capacity import DISK_MARGIN_BYTES, Capacity, capacity_of
from lifeboat.drill.policy.placement import DrillDemand, move_after, place_drill
from lifeboat.errors import CapacityError
from lifeboat.model.drill_report import DrillReport
from lifeboat.model.engine import MACHINES, Engine
from lifeboat.model.manifest import Manifest
from lifeboat.recovery.policy.duration import MB
from lifeboat.settings import Settings, parse
from tests.support.drill_samples import REPORT
from tests.support.samples import MANIFEST

GB = 1000**3
SECRET = "arn:aws:secretsmanager:eu-central-1:123456789012:secret:app-AbCd12"
ROOM = Capacity(embedded=True, tmp_free_bytes=4096 * MB, memory_mb=3008, seconds_left=880.0)
ID = "weekly/app/2026-11-22T020000Z"


def backup(database: int, archive: int = 0) -> Manifest:
    stored = MANIFEST.archive.objects[0].model_copy(update={"bytes": archive})
    return MANIFEST.model_copy(
        update={
            "source": MANIFEST.source.model_copy(update={"bytes": database}),
            "archive": MANIFEST.archive.model_copy(update={"objects": (stored,)}),
        }
    )


def settings_of(engine: str = "auto", **values: object) -> Settings:
    databases = [{"name": "app", "secret_arn": SECRET, "engine": engine}]
    whole: dict[str, Any] = {"lifeboat": {"databases": databases, **values}}
    return parse(whole)


def demand(
    database: int,
    *,
    archive: int = 0,
    embedded: bool = True,
    settings: Settings | None = None,
    earlier: tuple[DrillReport, ...] = (),
) -> DrillDemand:
    return DrillDemand(
        manifest=backup(database, archive),
        embedded=embedded,
        earlier=earlier,
        settings=settings or settings_of(),
    )


def measured(database: int, seconds: float, **changes: object) -> DrillReport:
    """A drill that took that long, all but 5 seconds of it in steps that grow."""
    return REPORT.model_copy(
        update={
            "database_bytes": database,
            "total_seconds": seconds,
            "seconds": {"start": 5.0, "restore": seconds - 5.0},
            **changes,
        }
    )


def refusal(wanted: DrillDemand, here: Capacity = ROOM, *, may_move: bool = True) -> CapacityError:
    with pytest.raises(CapacityError) as caught:
        place_drill(wanted, here, may_move=may_move)
    return caught.value


def test_what_fits_stays_in_the_function() -> None:
    assert place_drill(demand(GB), ROOM, may_move=True) is None


def test_what_does_not_fit_onto_the_functions_disk_moves_to_the_job_with_a_reason() -> None:
    move = place_drill(demand(20 * GB, archive=6 * GB), ROOM, may_move=True)
    assert move is not None
    assert move.reason == (
        f"{ID} does not fit into the function: it needs 26 GB of /tmp (archive 6.0 GB, database"
        " 20 GB, 105 MB to spare) and 4.3 GB are free; it will take about 15 min 45 s and"
        " 14 min 40 s are left."
    )
    assert move.seconds == pytest.approx(10 + 20 * GB / (12 * MB * 6))


@pytest.mark.parametrize(
    ("threshold", "seconds", "moves"),
    [(80, 703.0, False), (80, 705.0, True), (100, 879.0, False), (100, 881.0, True)],
)
def test_a_drill_moves_when_it_would_take_most_of_the_functions_time(
    threshold: int,
    seconds: float,
    moves: bool,  # noqa: FBT001
) -> None:
    settings = settings_of(job={"threshold_percent": threshold})
    wanted = demand(GB, settings=settings, earlier=(measured(GB, seconds),))
    move = place_drill(wanted, ROOM, may_move=True)
    assert (move is not None) is moves
    if move and seconds < 880:
        assert "about 11 min 45 s of the 14 min 40 s that are left, more than 80%" in move.reason


def test_the_setting_job_moves_what_would_fit() -> None:
    move = place_drill(demand(GB, settings=settings_of("job")), ROOM, may_move=True)
    assert move is not None
    assert move.reason == 'The settings have engine = "job" for app.'


def test_without_a_project_nothing_moves_whatever_the_settings_say() -> None:
    assert place_drill(demand(GB, settings=settings_of("job")), ROOM, may_move=False) is None
    refusal(demand(20 * GB), may_move=False)


def test_what_only_the_function_can_hold_stays_there_up_to_its_full_time() -> None:
    settings = settings_of(job={"drill_compute": "small"})
    tables = MANIFEST.inventory.tables[:1] * 200_000  # too many for the memory of that machine
    wanted = demand(GB, settings=settings, earlier=(measured(GB, 800.0, memory_mb=10_240),))
    inventory = wanted.manifest.inventory.model_copy(update={"tables": tables})
    wanted = replace(wanted, manifest=wanted.manifest.model_copy(update={"inventory": inventory}))
    assert place_drill(wanted, replace(ROOM, memory_mb=10_240), may_move=True) is None
    error = refusal(wanted, ROOM)
    assert "the function has 3008 MB" in error.what
    assert "the job's machine has 4096 MB" in error.what


def test_what_fits_nowhere_names_both_and_the_next_machine() -> None:
    error = refusal(demand(120 * GB, archive=30 * GB))
    assert error.what.startswith(f"{ID} does not fit into this function: it needs 150 GB of /tmp")
    assert 'Nor does it fit into a job (job.drill_compute = "large"): it needs 150 GB of disk' in (
        error.what
    )
    assert error.todo.startswith(
        'Set job.drill_compute = "xlarge" in lifeboat.toml, then make deploy: it runs as a job then'
        "; or restore into a server of your own"
    )
    assert error.safe == "The backup is untouched; nothing was fetched."


def test_a_job_that_lacks_only_time_is_given_hours_before_a_larger_machine_is_of_use() -> None:
    settings = settings_of(job={"timeout_hours": 1, "drill_compute": "2xlarge"})
    error = refusal(demand(300 * GB, settings=settings))
    assert error.todo.startswith("Set job.timeout_hours = 36 in lifeboat.toml")


def test_with_engine_function_the_engine_is_offered() -> None:
    error = refusal(demand(20 * GB, settings=settings_of("function")), may_move=False)
    assert error.todo.startswith('Set engine = "auto" for app in lifeboat.toml, then make deploy')
    error = refusal(demand(120 * GB, settings=settings_of("function")), may_move=False)
    assert error.todo.startswith('Set engine = "auto" for app and job.drill_compute = "xlarge" in')


def test_in_a_job_the_words_are_a_jobs() -> None:
    settings = settings_of().for_job("drill", own_server=True)
    here = capacity_of(MACHINES["arm64"]["large"], 12, embedded=True)
    assert (
        place_drill(demand(80 * GB, archive=20 * GB, settings=settings), here, may_move=False)
        is None
    )
    error = refusal(demand(120 * GB, settings=settings), here, may_move=False)
    assert error.what.startswith(f"{ID} does not fit into this job: it needs 120 GB of disk")
    assert "function" not in error.what + error.todo
    assert error.todo.startswith('Set job.drill_compute = "xlarge"')


def test_what_no_machine_holds_is_for_a_person() -> None:
    elsewhere = replace(ROOM, embedded=False)
    error = refusal(demand(GB, archive=900 * GB, embedded=False), elsewhere)
    assert error.todo.startswith("Neither a function nor a job is large enough. Test it manually")


def test_a_server_elsewhere_needs_a_job_for_time_only() -> None:
    slow = (measured(GB, 100.0, target="h:5432/d"),)
    move = place_drill(
        demand(20 * GB, embedded=False, earlier=slow),
        replace(ROOM, embedded=False),
        may_move=True,
    )
    assert move is not None
    assert "of /tmp" not in move.reason
    assert move.seconds == pytest.approx(1905)


def test_the_disk_of_the_machine_holds_what_was_said_to_fit() -> None:
    disk = MACHINES["arm64"]["large"].disk_mb * MB
    assert place_drill(demand(disk - DISK_MARGIN_BYTES), ROOM, may_move=True) is not None
    refusal(demand(disk - DISK_MARGIN_BYTES + 1))


def test_a_jobs_drill_tells_how_long_a_function_would_take() -> None:
    """Else the drill after a job's would be tried in the function again."""
    fast = measured(GB, 300.0, engine=Engine.JOB, memory_mb=16_384, jobs=8, ephemeral_mb=100_000)
    assert place_drill(demand(GB, earlier=(fast,)), ROOM, may_move=True) is not None
    assert place_drill(demand(GB, earlier=(measured(GB, 300.0),)), ROOM, may_move=True) is None


def test_a_drill_that_could_not_end_moves_to_a_machine_with_as_much_memory() -> None:
    said = "The function's time ran out after 14 min, during restore."
    move = move_after(demand(GB), said, 3008)
    assert move is not None
    assert move.reason == f"It was begun in the function and could not end there: {said}"
    small = settings_of(job={"drill_compute": "small"})
    assert move_after(demand(GB, settings=small), said, 10_240) is None
    assert move_after(demand(500 * GB), said, 3008) is None
