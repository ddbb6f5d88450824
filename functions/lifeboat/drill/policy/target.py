"""Where a drill restores, by its event and the settings. Pure."""

from lifeboat.drill.policy.event import DrillEvent
from lifeboat.errors import EventError, LifeboatError, TerminatedError, TimeLimitError
from lifeboat.model.drill_target import NEON_BRANCH
from lifeboat.settings import DatabaseSettings


def target_of(event: DrillEvent, database: DatabaseSettings) -> str:
    """The target: "embedded", "neon-branch", or name or ARN of a secret.

    Args:
        event: that asks for the drill.
        database: its settings.

    Raises:
        EventError: the settings allow no branch.
    """
    wanted = event.target or database.drill_target
    if wanted == NEON_BRANCH and database.drill_target != NEON_BRANCH:
        raise EventError(
            f"The settings don't let drills of {event.database!r} restore into a branch in Neon.",
            todo=f'Set drill_target = "{NEON_BRANCH}" for it in lifeboat.toml, then make deploy'
            " (docs/neon.md says what else that means); or leave `target` out.",
        )
    return wanted


def does_without(error: LifeboatError) -> bool:
    """Whether a drill goes on in a server of its own, if it got no branch for this reason.

    A drill that leaves an extension untested says more than none. But a run whose time is over, or
    that was asked to end, ends.

    Args:
        error: why there is no branch.
    """
    return not isinstance(error, TerminatedError | TimeLimitError)
