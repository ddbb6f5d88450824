"""What a person should know about jobs before a deployment."""

import pytest

from tests.unit.settings.test_warnings import ARN, warnings_for


@pytest.mark.parametrize("engine", ["auto", "job"])
def test_a_region_that_may_have_no_machines_is_reported_with_both_ways_out(engine: str) -> None:
    north = {"secret_arn": ARN.replace("eu-central-1", "eu-north-1"), "engine": engine}

    (told,) = warnings_for(north)

    assert "AWS does not list eu-north-1" in told
    assert "'x86_64'" in told
    assert "'function'" in told
    assert warnings_for(north, architecture="x86_64") == []
    assert warnings_for(north | {"engine": "function"}) == []
    assert warnings_for({"engine": engine}) == []


def test_a_machine_with_less_memory_than_its_function_is_reported() -> None:
    (told,) = warnings_for(backup={"memory_mb": 4097}, job={"backup_compute": "small"})

    assert "lifeboat.job.backup_compute 'small' has 4096 MB" in told
    assert "4097 (lifeboat.backup.memory_mb)" in told
    assert warnings_for(backup={"memory_mb": 4096}, job={"backup_compute": "small"}) == []
    (told,) = warnings_for(drill={"memory_mb": 4000}, job={"drill_compute": "small"},
                           architecture="x86_64")  # fmt: skip
    assert "lifeboat.job.drill_compute 'small' has 3072 MB" in told
    (told,) = warnings_for(
        restore={"memory_mb": 9000, "target_secret_arns": [ARN.replace("app", "admin")]}
    )
    assert "lifeboat.job.restore_compute 'medium' has 8192 MB" in told


def test_machines_of_jobs_that_never_are_have_no_effect() -> None:
    never = {"engine": "function"}

    (told,) = warnings_for(never, job={"timeout_hours": 3})
    assert told == "lifeboat.job has no effect: every database has engine = 'function'."
    assert warnings_for(never) == []
    assert warnings_for(job={"timeout_hours": 3}) == []
