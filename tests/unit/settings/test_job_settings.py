"""The size of a job is its machine's."""

from typing import Any

import pytest

from lifeboat.errors import SettingsError
from lifeboat.model.engine import MACHINES, Machine
from lifeboat.settings import Settings, parse

SECRET = "arn:aws:secretsmanager:eu-central-1:123456789012:secret:app-AbCd12"


def settings_of(**values: object) -> Settings:
    databases = [{"name": "app", "secret_arn": SECRET}]
    whole: dict[str, Any] = {"lifeboat": {"databases": databases, **values}}
    return parse(whole)


@pytest.mark.parametrize("architecture", ["arm64", "x86_64"])
def test_each_work_has_the_size_of_its_machine(architecture: Any) -> None:
    settings = settings_of(architecture=architecture, job={"drill_compute": "xlarge"})
    machines = MACHINES[architecture]
    for size, machine in (
        (settings.for_job("backup").backup, machines["medium"]),
        (settings.for_job("drill").drill, machines["xlarge"]),
        (settings.for_job("restore").restore, machines["medium"]),
    ):
        assert size.memory_mb == machine.memory_mb
        assert size.ephemeral_mb == machine.disk_mb
        assert size.timeout_minutes == 12 * 60


def test_a_jobs_settings_differ_in_that_work_only() -> None:
    settings = settings_of(drill={"rto_minutes": 90, "jobs": 3}, job={"timeout_hours": 36})
    job = settings.for_job("drill")
    assert job.drill.rto_minutes == 90
    assert job.drill.timeout_minutes == 36 * 60
    assert job.model_copy(update={"drill": settings.drill}) == settings


@pytest.mark.parametrize(
    ("compute", "jobs", "server", "expected"),
    [
        ("large", 2, "own", 8),  # a vCPU each
        ("2xlarge", 2, "own", 48),
        ("small", 16, "own", 2),  # more workers than vCPUs bring nothing
        ("small", 2, "other", 2),
        ("large", 2, "other", 8),
        ("2xlarge", 2, "other", 8),  # others use that server, too
        ("2xlarge", 16, "other", 16),  # as was asked
        ("small", 6, "other", 6),
    ],
)
def test_workers_are_as_many_as_the_server_bears(
    compute: str, jobs: int, server: str, expected: int
) -> None:
    settings = settings_of(drill={"jobs": jobs}, job={"drill_compute": compute})
    assert settings.for_job("drill", own_server=server == "own").drill.jobs == expected


def test_a_job_has_more_than_a_function_can_have() -> None:
    """Sizes of a function are limited, and those of a job are not checked against these limits."""
    assert settings_of().for_job("drill").drill.ephemeral_mb > 10_240


def test_machines_are_as_documented() -> None:
    assert MACHINES["arm64"]["large"] == Machine(8, 16_384, (128 - 16) * 10**9 // 2**20)
    assert MACHINES["x86_64"]["2xlarge"] == Machine(72, 148_480, (824 - 16) * 10**9 // 2**20)


@pytest.mark.parametrize(
    ("job", "said"),
    [
        ({"drill_compute": "huge"}, "'small', 'medium', 'large', 'xlarge' or '2xlarge'"),
        ({"timeout_hours": 37}, "from 1 to 36"),
        ({"threshold_percent": 0}, "from 1 to 100"),
        ({"compute": "large"}, "job.compute is unknown"),
    ],
)
def test_what_makes_no_sense_is_refused(job: dict[str, Any], said: str) -> None:
    with pytest.raises(SettingsError, match=said):
        settings_of(job=job)


@pytest.mark.parametrize(
    ("more", "hours", "fits"),
    [
        ({}, 23, True),
        ({}, 24, False),
        ({"object_lock": "off"}, 36, True),
        ({"retention": {"daily": {"days": 30, "lock_days": 2}}}, 36, True),
    ],
)
def test_a_job_ends_before_the_lock_of_its_backup(
    more: dict[str, Any], hours: int, *, fits: bool
) -> None:
    """S3 refuses the manifest of a run that lasts longer than its lock."""
    values = {"retention": {"daily": {"days": 30, "lock_days": 1}}} | more
    if fits:
        assert settings_of(job={"timeout_hours": hours}, **values).job.timeout_hours == hours
        return
    with pytest.raises(SettingsError, match=r"timeout_hours is below 24: .* for 1 day,"):
        settings_of(job={"timeout_hours": hours}, **values)


def test_without_jobs_their_hours_do_not_matter() -> None:
    databases = [{"name": "app", "secret_arn": SECRET, "engine": "function"}]
    whole = {
        "databases": databases,
        "job": {"timeout_hours": 36},
        "retention": {"daily": {"days": 30, "lock_days": 1}},
    }
    assert parse({"lifeboat": whole}).job.timeout_hours == 36
