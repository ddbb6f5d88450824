"""Compares the definitions of a restored copy with those in the archive, entry by entry."""

from collections.abc import Callable, Collection, Iterable
from contextlib import AbstractContextManager

from lifeboat.errors import DumpError, ServerError, TimeLimitError
from lifeboat.postgres.cancel_scope import CancelScope
from lifeboat.recovery.archive_toc import read_entries
from lifeboat.recovery.pg_dump_copy import entries_of
from lifeboat.recovery.policy.compare_entries import comparable, differences
from lifeboat.recovery.policy.entry import Entry
from lifeboat.recovery.policy.judge_definitions import Findings, Printed, judge_definitions
from lifeboat.recovery.policy.untested import Untested
from lifeboat.recovery.run import RecoveryRun
from lifeboat.runtime.termination import ended_by_signals
from lifeboat.settings.size_names import size_setting, time_setting

_SHARE = 0.5
"""The part of the remaining time that a second restore may take: the rest of the run needs some."""

_WITHOUT_OWNERS = "Owners and grants were not restored, and so not compared."

type RestoreAgain = Callable[[], AbstractContextManager[str]]
"""Restores the archive's definitions, without rows, into a second database like the copy. Gives its
name, and drops it at the end of the block."""


def compare_definitions(
    run: RecoveryRun,
    untested: Untested,
    restore_again: RestoreAgain,
    chosen: Collection[int] | None = None,
) -> None:
    """Dump the copy's definitions, compare them with the archive's, and add the check.

    Args:
        run: whose copy has been restored, and whose archive is still there.
        untested: what the server could not hold.
        restore_again: called only if an entry came back with another text.
        chosen: numbers of the entries that were restored; None for all of them.

    Raises:
        DecodeError: the archive's table of contents can't be read.
        LifeboatError: the run was ended for another reason.
    """
    archived = [
        each for each in read_entries(run.archive) if chosen is None or each.number in chosen
    ]
    with run.phases.timed("definitions"):
        try:
            findings = _compare(run, archived, untested, restore_again)
        except DumpError as error:
            findings = Findings(failures=(error.what,), untested=())
    notes = () if run.owners else (_WITHOUT_OWNERS,)
    run.add_check("definitions", findings.failures, findings.untested, notes=notes)


def _compare(
    run: RecoveryRun,
    archived: Iterable[Entry],
    untested: Untested,
    restore_again: RestoreAgain,
) -> Findings:
    expected = comparable(archived, owners=run.owners)
    restored = _definitions_in(run, run.copy_name)
    found = differences(expected, restored)
    printed = _printed(run, restore_again) if found.reworded else Printed()
    return judge_definitions(expected, restored, found, untested, printed)


def _printed(run: RecoveryRun, restore_again: RestoreAgain) -> Printed:
    """What the server prints of the archive's definitions, if it does so in half the time left."""
    whole_run = run.scope
    try:
        with (
            CancelScope(run.remaining() * _SHARE, lambda: _no_time(run)) as run.scope,
            ended_by_signals(run.scope.fail),
            restore_again() as database,
        ):
            return Printed(_definitions_in(run, database))
    except (ServerError, TimeLimitError) as error:
        whole_run.check()
        run.require_alive()
        return Printed(why_not=f"{error.what} {error.todo}")
    finally:
        run.scope = whole_run


def _no_time(run: RecoveryRun) -> TimeLimitError:
    time, size = time_setting(run.engine, run.WORK), size_setting(run.engine, run.WORK, "memory")
    return TimeLimitError(
        "There was not enough time to restore the definitions once more.",
        todo=f"Raise {time} or {size} in lifeboat.toml, then: make deploy",
    )


def _definitions_in(run: RecoveryRun, database: str) -> tuple[Entry, ...]:
    return comparable(entries_of(run, database), owners=run.owners)
