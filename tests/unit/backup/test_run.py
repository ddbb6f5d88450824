"""A run is the context of its steps, and a second one begins where it may."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from lifeboat.backup.run import BackupRun
from lifeboat.model.engine import Engine
from lifeboat.model.keys import BackupLocation
from lifeboat.model.manifest import LargeObjectReads
from lifeboat.model.tiers import Tier
from lifeboat.settings import Settings

ARN = "arn:aws:secretsmanager:us-east-1:000000000000:secret:app-AbCdEf"
FIRST = datetime(2026, 11, 24, 2, 0, tzinfo=UTC)


def run(read_login: Any = None) -> BackupRun:
    nobody: Any = None
    return BackupRun(
        location=BackupLocation(Tier.DAILY, "app", FIRST),
        label=None,
        folder=Path("/nonexistent"),
        run_id="run-1",
        started=FIRST,
        settings=Settings.model_validate({"databases": [{"name": "app", "secret_arn": ARN}]}),
        bucket=nobody,
        programs=nobody,
        read_login=read_login,
        remaining=lambda: 60.0,
    )


def test_a_second_run_has_its_own_time_and_counts_on_what_was_read() -> None:
    first = run()
    first.begin()
    with first.phases.timed("connect"):
        first.meter.add(7)
    second = first.for_retry()
    assert (second.location, second.run_id) == (first.location, first.run_id)
    assert second.meter.bytes == 7
    assert second.started > FIRST
    assert second.phases.seconds == {}
    assert not hasattr(second, "watch")
    assert first.phases.seconds.keys() == {"connect"}


def test_the_secret_is_that_of_the_runs_database_and_read_anew_at_each_login() -> None:
    asked: list[Any] = []

    def read_login(*secret: Any) -> Any:
        asked.append(secret)
        return len(asked)

    logged = run(read_login)
    logins: list[Any] = [logged.login(), logged.login()]
    assert logins == [1, 2]
    assert asked == [(ARN, Path("/nonexistent"))] * 2


def test_a_run_without_time_left_says_that_large_objects_took_it() -> None:
    ended = run()
    with ended.phases.timed("archive"):
        assert "large objects" not in ended.out_of_time().todo
        ended.large_objects = LargeObjectReads(
            objects=50_000, bytes=0, round_trip_seconds=0.005, seconds_left=900
        )
        assert ended.out_of_time().todo.startswith("pg_dump reads 50,000 large objects")


def test_a_run_without_time_left_is_advised_what_gives_it_more_where_it_runs() -> None:
    ended = run()
    assert 'engine = "auto"' in ended.out_of_time().todo
    assert ended.out_of_time().what.startswith("The function's time ran out")
    ended.engine = Engine.JOB
    assert ended.out_of_time().what.startswith("The job's time ran out")
    assert "job.timeout_hours, at most 36" in ended.out_of_time().todo
    assert "backup.memory_mb" not in ended.out_of_time().todo
