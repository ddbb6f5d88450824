"""Tells which errors of a restore speak against the backup.

What is excused (see `restore_excuses`) is never passed over: it becomes part of `Untested`, so the
drill is partial and names it.
"""

import re
from collections.abc import Collection, Iterable
from dataclasses import dataclass

from lifeboat.model.identifiers import quoted, unquoted
from lifeboat.model.server_messages import without_values
from lifeboat.model.text import line
from lifeboat.recovery.policy.lost_objects import head, losses, makes_something
from lifeboat.recovery.policy.out_of_resources import Shortage, shortage
from lifeboat.recovery.policy.pg_restore_output import RestoreOutput, RestoreProblem
from lifeboat.recovery.policy.second_attempt import one_worker_may_do_better
from lifeboat.recovery.policy.tolerated_errors import EMBEDDED, Excuse
from lifeboat.recovery.policy.verdict import Untested

_LONGEST = 300
_ROLE = re.compile(r'role "(.+)" does not exist')


@dataclass(frozen=True)
class Classified:
    """What the errors of a restore come to.

    Attributes:
        fatal: a sentence for each that speaks against the backup, or of which that isn't known.
        untested: what could not be made here.
        excused: the other errors with the reason, a sentence each.
        parallel: the first sentence in `fatal` of an error that one worker alone may not meet;
            None where there is no such error.
        missing_roles: names of roles that owners or grants need and that aren't there; these
            errors are fatal too.
        short_of: what there was too little of, which says nothing about the backup.
    """

    fatal: tuple[str, ...]
    untested: Untested
    excused: tuple[str, ...]
    parallel: str | None
    missing_roles: tuple[str, ...]
    short_of: Shortage | None = None


def classify(
    output: RestoreOutput,
    *,
    code: int,
    whole: bool = True,
    stand_ins: Collection[str] = (),
    replaced_collations: Collection[str] = (),
    excuses: Iterable[Excuse] = EMBEDDED,
) -> Classified:
    """Tell errors that speak against the backup from those that don't.

    Args:
        output: all that pg_restore said.
        code: how it ended: 0, or 1 with errors; negative: the signal that killed it.
        whole: whether every pass came to its end.
        stand_ins: extensions that the server has only something in place of.
        replaced_collations: names of those that were made beforehand, as another kind.
        excuses: the list for this kind of server.
    """
    found = [
        (problem, _excuse(problem, excuses, replaced_collations)) for problem in output.problems
    ]
    lacking = bool(stand_ins) or any(excuse and excuse.lack for _, excuse in found)
    excused = [(p, excuse) for p, excuse in found if excuse and (lacking or not excuse.follows)]
    forgiven = {id(problem) for problem, _ in excused}
    unforgiven = [problem for problem in output.problems if id(problem) not in forgiven]
    errors = [problem.error for problem in output.problems]
    return Classified(
        fatal=(*_about_the_end(output, code, whole=whole), *map(_sentence, unforgiven)),
        untested=_untested(excused, stand_ins, replaced_collations),
        excused=tuple(f"{_sentence(problem)}: {excuse.why}." for problem, excuse in excused),
        parallel=next(map(_sentence, filter(one_worker_may_do_better, unforgiven)), None),
        missing_roles=tuple(
            dict.fromkeys(match[1] for error in errors if (match := _ROLE.fullmatch(error)))
        ),
        short_of=shortage(errors, code),
    )


def _excuse(
    problem: RestoreProblem, excuses: Iterable[Excuse], replaced: Collection[str]
) -> Excuse | None:
    for excuse in excuses:
        caught = excuse.fits(problem)
        if caught is None:
            continue
        collation = caught.get("collation")
        if collation is not None and unquoted(collation) not in replaced:
            continue
        if replaced or "schema" not in caught:
            return excuse
    return None


def _about_the_end(output: RestoreOutput, code: int, *, whole: bool) -> list[str]:
    if code < 0:
        return [f"pg_restore was killed by signal {-code}."]
    if code and not (output.ignored and whole):
        return [f"pg_restore ended with {code} before it was done."]
    if output.understood:
        return []
    read = len(output.problems)
    return [f"pg_restore counts {output.ignored} errors, and {read} could be read in what it said."]


def _untested(
    excused: Collection[tuple[RestoreProblem, Excuse]],
    stand_ins: Collection[str],
    replaced_collations: Collection[str],
) -> Untested:
    lost = losses(problem.statement for problem, _ in excused)
    caught = [excuse.fits(problem) or {} for problem, excuse in excused]
    objects = [
        f"{_sentence(problem)}."
        for problem, excuse in excused
        if (excuse.untested or makes_something(problem.statement))
        and not _was_there_before(problem)
    ]
    return Untested(
        extensions=tuple(sorted(lost.extensions)),
        objects=tuple(dict.fromkeys(objects)),
        tables=lost.tables,
        sequences=lost.sequences,
        fewer=lost.counts,
        collations=tuple(replaced_collations),
        stand_ins=tuple(stand_ins),
        absent=frozenset(groups["relation"] for groups in caught if "relation" in groups),
    )


def _was_there_before(problem: RestoreProblem) -> bool:
    """These are excused only because we have made them ourselves, or the server has them anyway."""
    return problem.statement.startswith(("CREATE COLLATION ", "CREATE SCHEMA "))


def _sentence(problem: RestoreProblem) -> str:
    """What was to be made and what came of it, without rows, which may stand in further lines."""
    error = without_values(problem.error)
    error = line(error if len(error) <= _LONGEST else f"{error[:_LONGEST]}...")
    if problem.copied is not None:
        return f"COPY {quoted(problem.copied)}: {error}"
    return f"{line(head(problem.statement))}: {error}" if problem.statement else error
