"""Decides which errors of a restore are the backup's fault.

A tolerated error (see `tolerated_errors`) is never ignored: it becomes part of `Untested`, so the
drill is partial and names it.
"""

import re
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field

from lifeboat.model.identifiers import quoted, unquoted
from lifeboat.model.server_messages import without_values
from lifeboat.model.text import line
from lifeboat.recovery.policy.cures import cures
from lifeboat.recovery.policy.lacks import Lacks
from lifeboat.recovery.policy.locales import LocaleDependents
from lifeboat.recovery.policy.lost_objects import head, lost_objects, makes_something
from lifeboat.recovery.policy.out_of_resources import Resource, exhausted_resource
from lifeboat.recovery.policy.pg_restore_output import RestoreOutput, RestoreProblem
from lifeboat.recovery.policy.second_attempt import one_worker_may_succeed
from lifeboat.recovery.policy.tolerated_errors import EMBEDDED, ToleratedError
from lifeboat.recovery.policy.untested import Excuse, Untested

_MAX_ERROR_LENGTH = 300
_ROLE = re.compile(r'role "(.+)" does not exist')


@dataclass(frozen=True)
class Classified:
    """The errors of a restore, classified.

    Attributes:
        fatal: a sentence for each error that is, or may be, the backup's fault.
        untested: what could not be created here.
        tolerated: a sentence for each other error, with the reason.
        noted: those of them for which nothing is untested.
        cures: what cures the source, if its own fault is behind errors in `fatal`.
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
    noted: tuple[str, ...] = ()
    cures: tuple[str, ...] = ()
    short_of: Resource | None = None


@dataclass(frozen=True, kw_only=True)
class Server:
    """What is known of the server when its errors are classified.

    Attributes:
        rules: the tolerated errors of this kind of server.
        stand_ins: extensions for which it has only a stand-in.
        replaced_collations: names of collations that were created before, as another kind.
        members: what each extension of the backup consists of; None for one if that isn't known.
        dependents: what in the copy works by rules of text that the server lacks.
    """

    rules: tuple[ToleratedError, ...] = EMBEDDED
    stand_ins: Collection[str] = ()
    replaced_collations: Collection[str] = ()
    members: Mapping[str, Iterable[str] | None] = field(default_factory=dict)
    dependents: LocaleDependents = field(default_factory=LocaleDependents)


def classify(
    output: RestoreOutput, *, code: int, whole: bool = True, server: Server | None = None
) -> Classified:
    """Separate errors that are the backup's fault from those that aren't.

    Args:
        output: all messages of pg_restore.
        code: its exit code: 0, or 1 with errors; negative: the signal that killed it.
        whole: whether every pass came to its end.
        server: that was restored into; by default, a drill's own that lacks nothing.
    """
    server = server or Server()
    tolerated = _tolerated(output, server)
    tolerated_ids = {id(problem) for problem, _ in tolerated}
    fatal = [problem for problem in output.problems if id(problem) not in tolerated_ids]
    errors = [problem.error for problem in output.problems]
    return Classified(
        fatal=(*_about_the_end(output, code, whole=whole), *map(_sentence, fatal)),
        untested=_untested(tolerated, server),
        tolerated=tuple(dict.fromkeys(f"{_sentence(p)}: {rule.why}." for p, rule in tolerated)),
        noted=tuple(
            dict.fromkeys(f"{_sentence(p)}: {rule.why}." for p, rule in tolerated if rule.noted)
        ),
        parallel=next(map(_sentence, filter(one_worker_may_succeed, fatal)), None),
        missing_roles=tuple(
            dict.fromkeys(match[1] for error in errors if (match := _ROLE.fullmatch(error)))
        ),
        cures=cures(fatal),
        short_of=exhausted_resource(errors, code),
    )


type _Tolerated = tuple[RestoreProblem, ToleratedError]


def _tolerated(output: RestoreOutput, server: Server) -> list[_Tolerated]:
    """The problems to tolerate: what follows from a lack only if a known lack explains it.

    What failed for a lack is lacking itself, so one pass may explain problems for the next.
    """
    found = [(problem, _matching_rule(problem, server)) for problem in output.problems]
    matched = [(problem, rule) for problem, rule in found if rule]
    lacks, explained = Lacks(server.members), {id(p) for p, rule in matched if not rule.follows}
    for name in server.stand_ins:
        lacks.add_extension(name, replaced=True)
    for problem, rule in matched:
        if rule.lack or rule.untested:
            lacks.add_statement(problem.statement)
    while True:
        new = [
            problem
            for problem, rule in matched
            if id(problem) not in explained and lacks.explain(rule.missing_name(problem))
        ]
        if not new:
            return [(problem, rule) for problem, rule in matched if id(problem) in explained]
        for problem in new:
            explained.add(id(problem))
            lacks.add_statement(problem.statement)


def _matching_rule(problem: RestoreProblem, server: Server) -> ToleratedError | None:
    replaced = server.replaced_collations
    for rule in server.rules:
        caught = rule.match(problem)
        if caught is None:
            continue
        collation = caught.get("collation")
        if collation is not None and unquoted(collation) not in replaced:
            continue
        if rule.text and not _works_by_text(rule.text, problem, caught, server.dependents):
            continue
        if replaced or "schema" not in caught:
            return rule
    return None


def _works_by_text(
    kind: str, problem: RestoreProblem, caught: Mapping[str, str], dependents: LocaleDependents
) -> bool:
    """Whether the error comes from something that works by rules of text which the server lacks."""
    if kind == "CHECK":
        return dependents.has_check(caught["constraint"])
    if kind == "key":
        return dependents.has_key(problem.statement)
    return dependents.has_bounds()


def _about_the_end(output: RestoreOutput, code: int, *, whole: bool) -> list[str]:
    if code < 0:
        return [f"pg_restore was killed by signal {-code}."]
    if code and not (output.ignored and whole):
        return [f"pg_restore ended with {code} before it was done."]
    if output.understood:
        return []
    read = len(output.problems)
    return [f"pg_restore counts {output.ignored} errors, and {read} could be read in what it said."]


def _untested(tolerated: Collection[_Tolerated], server: Server) -> Untested:
    lost = lost_objects(problem.statement for problem, _ in tolerated)
    caught = [rule.match(problem) or {} for problem, rule in tolerated]
    objects = [
        f"{_sentence(problem)}."
        for problem, rule in tolerated
        if (rule.untested or makes_something(problem.statement))
        and not (rule.noted or _was_there_before(problem))
    ]
    return Untested(
        extensions=tuple(sorted(lost.extensions)),
        objects=tuple(dict.fromkeys(objects)),
        tables=lost.tables,
        sequences=lost.sequences,
        excuses=tuple(
            Excuse(problem.statement, means_lack=rule.lack or rule.follows)
            for problem, rule in tolerated
        ),
        collations=tuple(server.replaced_collations),
        stand_ins=tuple(server.stand_ins),
        dependents=tuple(server.dependents.sentences()),
        unloaded=frozenset(
            problem.copied for problem, rule in tolerated if rule.text and problem.copied
        ),
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
