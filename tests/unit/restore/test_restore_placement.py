"""Where a restore or an export runs, what its plan says of that, and what stands in its way."""

from dataclasses import replace
from typing import Any

import pytest

from lifeboat.model.engine import MACHINES
from lifeboat.recovery.policy.duration import MB
from lifeboat.restore.policy.event import parse_restore_event
from lifeboat.restore.policy.facts import Capacity, RestoreSource, job_room
from lifeboat.restore.policy.placement import move_of, room_blockers
from lifeboat.restore.policy.plan import Plan, plan_export, plan_restore
from lifeboat.settings import RestoreSettings, Settings, parse
from tests.support.samples import MANIFEST
from tests.unit.restore.test_plan import COPY, EVENT, FACTS, ROOM, SOURCE

GB = 1000**3
SECRET = "arn:aws:secretsmanager:eu-central-1:123456789012:secret:app-AbCd12"
ID = "weekly/app/2026-11-22T020000Z"


def settings_of(engine: str = "auto", **job: object) -> Settings:
    databases = [{"name": "app", "secret_arn": SECRET, "engine": engine}]
    whole: dict[str, Any] = {"lifeboat": {"databases": databases, "job": job}}
    return parse(whole)


def room(engine: str = "auto", **job: object) -> Capacity:
    """A function's, with a job beside it."""
    return replace(ROOM, job=job_room(settings_of(engine, **job)))


def source(database: int, archive: int = 0) -> RestoreSource:
    stored = MANIFEST.archive.objects[0].model_copy(update={"bytes": archive})
    manifest = MANIFEST.model_copy(
        update={
            "source": MANIFEST.source.model_copy(update={"bytes": database}),
            "archive": MANIFEST.archive.model_copy(update={"objects": (stored,)}),
        }
    )
    return replace(SOURCE, manifest=manifest)


def plan(of: RestoreSource, capacity: Capacity) -> Plan:
    return plan_restore(EVENT, of, FACTS, capacity, COPY)


def test_what_fits_stays_in_the_function_and_its_plan_speaks_of_no_job() -> None:
    assert move_of(source(GB, GB), room()) is None
    made = plan(source(GB, GB), room())
    assert made == plan(source(GB, GB), ROOM)
    assert "job" not in " ".join(made.steps)


def test_what_does_not_fit_runs_as_a_job_and_the_plan_says_how_long_and_at_which_price() -> None:
    large = source(100 * GB, 20 * GB)
    move = move_of(large, room())
    assert move is not None
    assert move.reason == (
        f"{ID} does not fit into the function: the archive has 20 GB, and 4.3 GB of /tmp are free;"
        " it would take about 1 h 18 min, and 14 min 40 s are left."
    )
    made = plan(large, room())
    assert made.blockers == ()
    assert made.steps[0].startswith("Run as a job of CodeBuild: about 33 min")
    assert "about $0.24 (us-east-1). " in made.steps[0]
    assert made.steps[0].endswith(move.reason)
    answer = made.answer()
    assert answer.estimated_minutes == 34
    assert answer.next_event == {"action": "restore", "database": "app", "execute": True}
    assert made.steps[1:] == plan(large, ROOM).steps


def test_an_export_too() -> None:
    event = parse_restore_event({"action": "export", "database": "app"})
    made = plan_export(event, source(GB, 20 * GB), room(), "s3://x/y")
    assert made.blockers == ()
    assert made.steps[0].startswith("Run as a job")


def test_most_of_the_time_of_the_function_is_too_much() -> None:
    slow = source(17 * GB)  # about 12 minutes, at 1.7 vCPUs
    assert 0.8 * ROOM.seconds_left < slow.seconds(ROOM) < ROOM.seconds_left
    move = move_of(slow, room())
    assert move is not None
    assert "more than 80% of it is too much" in move.reason
    assert move_of(slow, room(threshold_percent=100)) is None
    assert not [*room_blockers(slow, ROOM)]


def test_with_engine_job_everything_runs_as_one() -> None:
    move = move_of(source(GB), room("job"))
    assert move is not None
    assert move.reason == 'The settings have engine = "job" for app.'


def test_what_fits_nowhere_is_a_wall_that_names_both_and_the_jobs_settings() -> None:
    (wall,) = plan(source(GB, 200 * GB), room()).blockers
    assert f"{ID} does not fit into this function: the archive has 200 GB" in wall
    assert "Nor does it fit into a job: the archive has 200 GB, and 112 GB of its disk are" in wall
    assert "Raise job.restore_compute or job.timeout_hours (at most 36) in lifeboat.toml" in wall
    assert "restore.ephemeral_mb" not in wall


@pytest.mark.parametrize("may_have_job", [True, False])
def test_without_a_job_the_function_is_the_measure(may_have_job: bool) -> None:  # noqa: FBT001
    capacity = replace(ROOM, may_have_job=may_have_job)
    (wall,) = plan(source(GB, 200 * GB), capacity).blockers
    assert "Raise restore.ephemeral_mb and restore.memory_mb or restore.timeout_minutes" in wall
    assert ('set engine = "auto"' in wall) is may_have_job
    assert "Nor does" not in wall


def test_in_a_job_the_words_are_a_jobs() -> None:
    job = room().job
    assert job is not None
    assert not [*room_blockers(source(GB, 100 * GB), job.capacity)]
    (wall,) = room_blockers(source(GB, 200 * GB), job.capacity)
    assert wall.startswith(f"{ID} does not fit into this job: the archive has 200 GB, and 112 GB")
    assert "Raise job.restore_compute or" in wall
    assert "function" not in wall


def test_the_job_has_its_machines_size() -> None:
    job = job_room(settings_of(restore_compute="xlarge", timeout_hours=3))
    machine = MACHINES["arm64"]["xlarge"]
    assert job.capacity.memory_mb == machine.memory_mb
    assert job.capacity.tmp_free_bytes == machine.disk_mb * MB
    assert job.capacity.seconds_left == 3 * 3600 - 60
    assert job.capacity.settings == RestoreSettings(jobs=8).model_copy(
        update={
            "memory_mb": machine.memory_mb,
            "ephemeral_mb": machine.disk_mb,
            "timeout_minutes": 180,
        }
    )
