"""Decides which errors of a restore are the backup's fault.

A tolerated error (see `tolerated_errors`) is never ignored: it becomes part of `Untested`, so the
drill is partial and names it.
"""

import re
from collections.abc import Collection, Iterable
from dataclasses import dataclass

from lifeboat.model.identifiers import quoted, unquoted
from lifeboat.model.server_messages import without_values
from lifeboat.model.text import line
from lifeboat.recovery.policy.lost_objects import head, lost_objects, makes_something
from lifeboat.recovery.policy.out_of_resources import Resource, exhausted_resource
from lifeboat.recovery.policy.pg_restore_output import RestoreOutput, RestoreProblem
from lifeboat.recovery.policy.second_attempt import one_worker_may_succeed
from lifeboat.recovery.policy.tolerated_errors import EMBEDDED, ToleratedError
from lifeboat.recovery.policy.verdict import Untested

_MAX_ERROR_LENGTH = 300
_ROLE = re.compile(r'role "(.+)" does not exist')


@dataclass(frozen=True)
class Classified:
    """The errors of a restore, classified.

    Attributes:
        fatal: a sentence for each error that is, or may be, the backup's fault.
        untested: what could not be created here.
        tolerated: a sentence for each other error, with the reason.
        parallel: the first sentence in `fatal` of an error that may not happen with one worker;
            None if there is none.
        missing_roles: names of missing roles that owners or grants need; these errors are fatal
            too.
        short_of: the resource that ran out, which is not the backup's fault.
    """

    fatal: tuple[str, ...]
    untested: Untested
    tolerated: tuple[str, ...]
    parallel: str | None
    missing_roles: tuple[str, ...]
    short_of: Resource | None = None


def classify(
    output: RestoreOutput,
    *,
    code: int,
    whole: bool = True,
    stand_ins: Collection[str] = (),
    replaced_collations: Collection[str] = (),
    rules: Iterable[ToleratedError] = EMBEDDED,
) -> Classified:
    """Separate errors that are the backup's fault from those that aren't.

    Args:
        output: all messages of pg_restore.
        code: its exit code: 0, or 1 with errors; negative: the signal that killed it.
        whole: whether every pass came to its end.
        stand_ins: extensions for which the server has only a stand-in.
        replaced_collations: names of collations that were created before, as another kind.
        rules: the tolerated errors of this kind of server.
    """
    found = [
        (problem, _matching_rule(problem, rules, replaced_collations))
        for problem in output.problems
    ]
    server_lacks = bool(stand_ins) or any(rule and rule.lack for _, rule in found)
    tolerated = [(p, rule) for p, rule in found if rule and (server_lacks or not rule.follows)]
    tolerated_ids = {id(problem) for problem, _ in tolerated}
    fatal = [problem for problem in output.problems if id(problem) not in tolerated_ids]
    errors = [problem.error for problem in output.problems]
    return Classified(
        fatal=(*_about_the_end(output, code, whole=whole), *map(_sentence, fatal)),
        untested=_untested(tolerated, stand_ins, replaced_collations),
        tolerated=tuple(f"{_sentence(problem)}: {rule.why}." for problem, rule in tolerated),
        parallel=next(map(_sentence, filter(one_worker_may_succeed, fatal)), None),
        missing_roles=tuple(
            dict.fromkeys(match[1] for error in errors if (match := _ROLE.fullmatch(error)))
        ),
        short_of=exhausted_resource(errors, code),
    )


def _matching_rule(
    problem: RestoreProblem, rules: Iterable[ToleratedError], replaced: Collection[str]
) -> ToleratedError | None:
    for rule in rules:
        caught = rule.match(problem)
        if caught is None:
            continue
        collation = caught.get("collation")
        if collation is not None and unquoted(collation) not in replaced:
            continue
        if replaced or "schema" not in caught:
            return rule
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
    tolerated: Collection[tuple[RestoreProblem, ToleratedError]],
    stand_ins: Collection[str],
    replaced_collations: Collection[str],
) -> Untested:
    lost = lost_objects(problem.statement for problem, _ in tolerated)
    caught = [rule.match(problem) or {} for problem, rule in tolerated]
    objects = [
        f"{_sentence(problem)}."
        for problem, rule in tolerated
        if (rule.untested or makes_something(problem.statement)) and not _was_there_before(problem)
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
    """Whether the object exists anyway: we have created it, or the server has it."""
    return problem.statement.startswith(("CREATE COLLATION ", "CREATE SCHEMA "))


def _sentence(problem: RestoreProblem) -> str:
    """The statement and its error, without rows, which further lines may quote."""
    error = without_values(problem.error)
    error = line(error if len(error) <= _MAX_ERROR_LENGTH else f"{error[:_MAX_ERROR_LENGTH]}...")
    if problem.copied is not None:
        return f"COPY {quoted(problem.copied)}: {error}"
    return f"{line(head(problem.statement))}: {error}" if problem.statement else error
