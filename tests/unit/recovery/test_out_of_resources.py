"""What a restore was short of, and what makes room for it."""

import pytest

from lifeboat.model.engine import Engine
from lifeboat.recovery.policy.out_of_resources import Resource, exhausted_resource, resource_advice
from lifeboat.settings import Work


def advice(short_of: Resource, work: Work, *, own_server: bool) -> str:
    """For a function."""
    return resource_advice(short_of, work, Engine.FUNCTION, own_server=own_server)


@pytest.mark.parametrize(
    ("errors", "code", "expected"),
    [
        ([], 0, None),
        (['relation "t" does not exist'], 1, None),
        (["x", 'could not extend file "base/5/1": No space left on device'], 1, Resource.DISK),
        (['could not write to file "base": Disk quota exceeded'], 1, Resource.DISK),
        (["out of memory"], 1, Resource.SERVER_MEMORY),
        (["value is out of memory of man"], 1, None),
        ([], -9, Resource.OWN_MEMORY),
        ([], -15, None),
    ],
)
def test_a_shortage_is_distinguished_from_other_errors(
    errors: list[str], code: int, expected: Resource | None
) -> None:
    assert exhausted_resource(errors, code) is expected


def test_the_cure_is_a_setting_where_the_room_is_the_functions() -> None:
    assert "drill.ephemeral_mb" in advice(Resource.DISK, "drill", own_server=True)
    assert "drill.memory_mb" in advice(Resource.SERVER_MEMORY, "drill", own_server=True)
    assert "restore.memory_mb" in advice(Resource.OWN_MEMORY, "restore", own_server=False)


def test_the_cure_is_the_servers_where_the_room_is() -> None:
    assert "more disk" in advice(Resource.DISK, "restore", own_server=False)
    assert "more memory" in advice(Resource.SERVER_MEMORY, "restore", own_server=False)


def test_the_cure_of_a_job_is_a_larger_machine() -> None:
    for resource in Resource:
        said = resource_advice(resource, "drill", Engine.JOB, own_server=True)
        assert said.startswith("Raise job.drill_compute in lifeboat.toml")
    said = resource_advice(Resource.OWN_MEMORY, "restore", Engine.JOB, own_server=False)
    assert said.startswith("Raise job.restore_compute in lifeboat.toml")
