"""Hands a drill over to the job that goes on with it, from the start."""

from lifeboat.drill.policy.placement import move_after
from lifeboat.drill.run import DrillRun
from lifeboat.errors import CapacityError, JobNotStartedError, LifeboatError, TimeLimitError
from lifeboat.model.drill_target import EMBEDDED
from lifeboat.model.hand_over import HandOver
from lifeboat.postgres.cancel_scope import CancelScope
from lifeboat.recovery.policy.move import Move
from lifeboat.runtime.timeouts import timeouts


def hand_over(run: DrillRun, move: Move) -> HandOver:
    """Start a job that drills the backup that was chosen, before anything was done here.

    Raises:
        JobNotStartedError: CodeBuild did not start it.
    """
    return run.scope.call(lambda: _start(run, move))


def hand_over_after(run: DrillRun, error: LifeboatError) -> HandOver | None:
    """Start a job for a drill that did not fit into its function, though it was expected to.

    Args:
        run: the drill, which has ended.
        error: that ended it.

    Returns:
        None if a larger machine would not have helped, or if there are no jobs.

    Raises:
        JobNotStartedError: CodeBuild did not start it.
    """
    # An external server that is full stays full.
    own = isinstance(error, CapacityError) and run.target == EMBEDDED
    if run.starter is None or run.demand is None or not (own or isinstance(error, TimeLimitError)):
        return None
    move = move_after(run.demand, error.what, run.memory_mb)
    if move is None:
        return None
    seconds = max(run.remaining(), timeouts().hand_over_seconds)
    with CancelScope(seconds, lambda: _not_answered(error)) as scope:
        return scope.call(lambda: _start(run, move))


def _start(run: DrillRun, move: Move) -> HandOver:
    return run.hand_over(move, run.event.pinned(run.manifest.location.id, run.wanted_target))


def _not_answered(error: LifeboatError) -> JobNotStartedError:
    return JobNotStartedError(
        f"The drill did not fit into its function ({error.what}), and CodeBuild did not answer when"
        " it was to start a job.",
        todo="Invoke the drill again; if it repeats, look at the health of CodeBuild in this"
        " region.",
    )
