"""Which setting gives a run more memory, disk or time: for a job it is another one."""

from typing import Literal

from lifeboat.model.engine import MAX_JOB_HOURS, Engine, EngineChoice
from lifeboat.settings.function_size import MAX_TIMEOUT_MINUTES
from lifeboat.settings.job import Work

type Want = Literal["memory", "disk"]
"""What a run has too little of, apart from time."""

_FUNCTION = {"memory": "memory_mb", "disk": "ephemeral_mb"}


def size_setting(engine: Engine, work: Work, *wants: Want) -> str:
    """The settings that give a run more of something, as `drill.memory_mb and drill.ephemeral_mb`.

    A job gets more of everything by a larger machine.

    Args:
        engine: what the run runs in.
        work: the kind of run.
        wants: what it has too little of.
    """
    if engine is Engine.JOB:
        return f"job.{work}_compute"
    return " and ".join(f"{work}.{_FUNCTION[want]}" for want in wants)


def time_setting(engine: Engine, work: Work) -> str:
    """The setting that gives a run more time, with its maximum."""
    if engine is Engine.JOB:
        return f"job.timeout_hours (at most {MAX_JOB_HOURS})"
    return f"{work}.timeout_minutes (at most {MAX_TIMEOUT_MINUTES})"


def out_of_time_advice(engine: Engine, work: Work, choice: EngineChoice) -> str:
    """What to do about a run of a drill or a restore that ran out of time.

    Args:
        engine: what it ran in.
        work: the kind of run.
        choice: where the settings let it run.
    """
    cpu = ", which brings more CPU"
    size = f"{size_setting(engine, work, 'memory')}{'' if engine is Engine.JOB else cpu}"
    advice = f"Raise {time_setting(engine, work)} or {size}, in lifeboat.toml, then: make deploy."
    if choice == "function":
        return f'{advice} With engine = "auto" for the database, it runs as a job if need be.'
    return f"{advice} What is too large for that can be restored manually: see docs/runbooks."
