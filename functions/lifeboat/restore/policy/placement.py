"""Where a restore or an export runs: in the function or as a job; and why neither is possible."""

from collections.abc import Iterator
from math import ceil

from lifeboat.model.engine import Engine
from lifeboat.model.prices import US_EAST_1
from lifeboat.model.text import format_duration, format_size
from lifeboat.recovery.policy.duration import MB
from lifeboat.recovery.policy.move import Move
from lifeboat.restore.policy.facts import Capacity, JobRoom, RestoreSource
from lifeboat.settings.size_names import size_setting, time_setting

_ARCHIVE_MARGIN_BYTES = 100 * MB
"""Of the disk, beside the archive: for globals, lists and CA certificates."""

_PLACES = {Engine.FUNCTION: "/tmp", Engine.JOB: "its disk"}  # noqa: S108  # as people read it


def move_of(source: RestoreSource, capacity: Capacity) -> Move | None:
    """The move to a job; None if the work stays in the function, or fits nowhere.

    Args:
        source: the backup.
        capacity: what the function has, and its job if there is one.
    """
    job = capacity.job
    if job is None:
        return None
    if job.always:
        reason = f'The settings have engine = "job" for {source.manifest.database}.'
        return Move(reason, source.seconds(job.capacity))
    lacking = [*_lacking(source, capacity, job.share)]
    if not lacking or any(_lacking(source, job.capacity)):
        return None
    reason = f"{source.manifest.location.id} does not fit into the function: {'; '.join(lacking)}."
    return Move(reason, source.seconds(job.capacity))


def room_blockers(source: RestoreSource, capacity: Capacity) -> Iterator[str]:
    """What there is too little of, with the ways out; nothing if the work stays or moves."""
    if move_of(source, capacity) is not None:
        return
    lacking = [*_lacking(source, capacity)]
    if not lacking:
        return
    where = "job" if capacity.engine is Engine.JOB else "function"
    nor = ""
    if capacity.job:
        on_job = "; ".join(_lacking(source, capacity.job.capacity))
        nor = f" Nor does it fit into a job: {on_job}."
    yield (
        f"{source.manifest.location.id} does not fit into this {where}: {'; '.join(lacking)}.{nor}"
        f" {_ways_out(capacity)}, or restore manually on a machine with room and time."
    )


def job_step(move: Move, job: JobRoom) -> str:
    """The step of a plan that says that it runs as a job, for how long and at which price."""
    if move.seconds is None:
        return f"Run as a job. {move.reason}"
    dollars = US_EAST_1.build_minute[job.architecture][job.compute] * ceil(move.seconds / 60)
    return (
        f"Run as a job of CodeBuild: about {format_duration(move.seconds)}, about ${dollars:.2f}"
        f" (us-east-1). {move.reason}"
    )


def _lacking(source: RestoreSource, capacity: Capacity, share: float = 1.0) -> Iterator[str]:
    """What there is too little of, in words.

    Args:
        source: the backup.
        capacity: what there is.
        share: of the time that the work is to be expected to need at most.
    """
    archive, free = source.manifest.archive.bytes, capacity.tmp_free_bytes
    if archive + _ARCHIVE_MARGIN_BYTES > free:
        yield (
            f"the archive has {format_size(archive)}, and {format_size(free)} of"
            f" {_PLACES[capacity.engine]} are free"
        )
    seconds, left = source.seconds(capacity), max(capacity.seconds_left, 0.0)
    if seconds > capacity.seconds_left * share:
        most = f", and more than {share:.0%} of it is too much" if seconds <= left else ""
        yield (
            f"it would take about {format_duration(seconds)}, and {format_duration(left)} are"
            f" left{most}"
        )


def _ways_out(capacity: Capacity) -> str:
    """The settings that give it more room."""
    engine = Engine.JOB if capacity.job else capacity.engine
    size = size_setting(engine, "restore", "disk", "memory")
    ways = f"Raise {size} or {time_setting(engine, 'restore')} in lifeboat.toml and make deploy"
    if capacity.may_have_job:
        ways += ', or set engine = "auto" for the database there, so that it runs as a job'
    return ways
