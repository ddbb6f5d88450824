"""Where a drill runs: in its function, as a job, or nowhere; decided before a byte is fetched."""

import json
from collections.abc import Collection, Iterator
from dataclasses import dataclass, replace
from typing import get_args

from lifeboat.drill.policy.capacity import (
    Capacity,
    Shortage,
    capacity_of,
    expected_seconds,
    shortages,
)
from lifeboat.errors import CapacityError
from lifeboat.model.commands import copy_backup
from lifeboat.model.drill_report import DrillReport
from lifeboat.model.engine import MACHINES, MAX_JOB_HOURS, ComputeName, Engine
from lifeboat.model.manifest import Manifest
from lifeboat.recovery.policy.move import Move
from lifeboat.settings import DrillSettings, Settings
from lifeboat.settings.job import sized

_COMPUTES: tuple[ComputeName, ...] = get_args(ComputeName.__value__)
"""Machines of jobs, the smallest first."""


@dataclass(frozen=True, kw_only=True)
class DrillDemand:
    """A drill that wants a place.

    Attributes:
        manifest: of the backup to be restored.
        embedded: whether the server runs beside it.
        earlier: reports of earlier drills of the same database, in any order.
        settings: of this database only; in a job those of its machine.
    """

    manifest: Manifest
    embedded: bool
    earlier: Collection[DrillReport]
    settings: Settings

    def shortages(self, capacity: Capacity) -> tuple[Shortage, ...]:
        """What the function or job that runs now has too little of."""
        return shortages(self.manifest, capacity, self.settings.drill, self.earlier)

    def shortages_on(self, compute: ComputeName, hours: int) -> tuple[Shortage, ...]:
        """What a job on that machine would have too little of."""
        return shortages(self.manifest, *self._job(compute, hours), self.earlier)

    def move(self, reason: str) -> Move:
        """The move to a job as the settings have it."""
        job = self._job(self.settings.job.drill_compute, self.settings.job.timeout_hours)
        return Move(reason, expected_seconds(self.manifest, *job, self.earlier))

    def _job(self, compute: ComputeName, hours: int) -> tuple[Capacity, DrillSettings]:
        machine = MACHINES[self.settings.architecture][compute]
        return (
            capacity_of(machine, hours, embedded=self.embedded),
            sized(self.settings.drill, machine, hours, own_server=self.embedded),
        )


def place_drill(demand: DrillDemand, here: Capacity, *, may_move: bool) -> Move | None:
    """Whether the drill stays or moves to a job.

    Args:
        demand: the drill.
        here: what the function, or the job, has that runs now.
        may_move: whether it can hand the drill over to a job.

    Returns:
        The move, or None if the drill stays here.

    Raises:
        CapacityError: it fits nowhere; names every shortage and the ways out.
    """
    settings, backup = demand.settings, demand.manifest.location.id
    if may_move and settings.databases[0].engine == "job":
        return demand.move(f'The settings have engine = "job" for {demand.manifest.database}.')
    lacking = demand.shortages(here)
    tight = lacking
    if may_move:
        tight = demand.shortages(replace(here, share=settings.job.threshold_percent / 100))
    if not tight:
        return None
    if may_move and fits_job(demand):
        return demand.move(f"{backup} does not fit into the function: {_listed(tight)}.")
    if not lacking:
        return None
    where = "job" if here.engine is Engine.JOB else "function"
    nor = ""
    if may_move:
        job = settings.job
        on_job = demand.shortages_on(job.drill_compute, job.timeout_hours)
        nor = f' Nor does it fit into a job (job.drill_compute = "{job.drill_compute}"):'
        nor += f" {_listed(on_job)}."
    text = "; or ".join(_ways_out(demand, here, lacking, may_move=may_move))
    raise CapacityError(
        f"{backup} does not fit into this {where}: {_listed(lacking)}.{nor}",
        safe="The backup is untouched; nothing was fetched.",
        todo=f"{text[0].upper()}{text[1:]}.",
    )


def move_after(demand: DrillDemand, failure: str, memory_mb: int) -> Move | None:
    """The move of a drill that turned out not to fit into its function; None if a job is no larger.

    Args:
        demand: the drill.
        failure: what ended it, in a sentence.
        memory_mb: of the function.
    """
    machine = MACHINES[demand.settings.architecture][demand.settings.job.drill_compute]
    if machine.memory_mb < memory_mb or not fits_job(demand):
        return None
    return demand.move(f"It was begun in the function and could not end there: {failure}")


def fits_job(demand: DrillDemand) -> bool:
    """Whether the drill fits into a job as the settings have it."""
    job = demand.settings.job
    return not demand.shortages_on(job.drill_compute, job.timeout_hours)


def _listed(lacking: tuple[Shortage, ...]) -> str:
    return "; ".join(each.needed for each in lacking)


def _ways_out(
    demand: DrillDemand, here: Capacity, lacking: tuple[Shortage, ...], *, may_move: bool
) -> Iterator[str]:
    settings = [each.setting for each in lacking if each.setting]
    in_function = len(settings) == len(lacking)
    if in_function:
        yield f"set {' and '.join(settings)} in lifeboat.toml, then make deploy"
    has_jobs = may_move or here.engine is Engine.JOB
    in_job = None
    if has_jobs or demand.settings.databases[0].engine == "function":
        in_job = _job_settings(demand)
        if in_job:
            yield f"set {in_job} in lifeboat.toml, then make deploy: it runs as a job then"
    if here.embedded:
        event = {"database": demand.manifest.database, "target": "<ARN of its secret>"}
        yield (
            "restore into a server of your own, whose secret drill.target_secret_arns names:"
            f" invoke the drill with {json.dumps(event)}"
        )
    elif not in_function and not in_job:
        nothing = "neither a function nor a job" if has_jobs else "no function"
        yield (
            f"{nothing} is large enough. Test it manually on a machine with room:"
            f" {copy_backup('<bucket>', demand.manifest.location.prefix)}"
            " && pg_restore -d <empty database> archive.dump"
        )


def _job_settings(demand: DrillDemand) -> str | None:
    """The settings with which the drill fits into a job; None if there are none."""
    job, database = demand.settings.job, demand.settings.databases[0]
    for hours in (job.timeout_hours, MAX_JOB_HOURS):
        for compute in _COMPUTES[_COMPUTES.index(job.drill_compute) :]:
            if not demand.shortages_on(compute, hours):
                changes = (
                    (database.engine == "function", f'engine = "auto" for {database.name}'),
                    (compute != job.drill_compute, f'job.drill_compute = "{compute}"'),
                    (hours != job.timeout_hours, f"job.timeout_hours = {hours}"),
                )
                return " and ".join(words for differs, words in changes if differs) or None
    return None
