"""Which setting gives a run more: a function's, or a job's."""

from lifeboat.model.engine import Engine
from lifeboat.settings.size_names import out_of_time_advice, size_setting, time_setting


def test_a_function_gets_what_it_lacks_and_a_job_a_larger_machine() -> None:
    assert size_setting(Engine.FUNCTION, "drill", "memory") == "drill.memory_mb"
    both = size_setting(Engine.FUNCTION, "restore", "memory", "disk")
    assert both == "restore.memory_mb and restore.ephemeral_mb"
    assert size_setting(Engine.JOB, "drill", "memory", "disk") == "job.drill_compute"


def test_more_time_has_its_limit() -> None:
    assert time_setting(Engine.FUNCTION, "drill") == "drill.timeout_minutes (at most 15)"
    assert time_setting(Engine.JOB, "restore") == "job.timeout_hours (at most 36)"


def test_who_ran_out_of_time_is_told_of_jobs_only_if_there_could_be_one() -> None:
    advice = out_of_time_advice(Engine.FUNCTION, "drill", "function")
    assert advice == (
        "Raise drill.timeout_minutes (at most 15) or drill.memory_mb, which brings more CPU, in"
        ' lifeboat.toml, then: make deploy. With engine = "auto" for the database, it runs as a'
        " job if need be."
    )
    advice = out_of_time_advice(Engine.JOB, "restore", "auto")
    assert advice.startswith(
        "Raise job.timeout_hours (at most 36) or job.restore_compute, in lifeboat.toml"
    )
    assert "auto" not in advice
