"""Finding codes, alarms, metrics and log events, as the code and the runbooks have them."""

import ast
import re
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

from lifeboat.alerts.policy.findings import Code, Level
from lifeboat.model import metrics

REPOSITORY = Path(__file__).parents[2]
FUNCTIONS = REPOSITORY / "functions" / "lifeboat"
RUNBOOK = REPOSITORY / "docs" / "runbooks" / "alarms.md"

_MEANS = re.compile(r"^- \*\*Means\*\*: (.*?)(?=^- \*\*|^#|\Z)", re.MULTILINE | re.DOTALL)


_DECIDED_ELSEWHERE: Mapping[Code, tuple[Level, ...]] = {
    Code.CHECK_INCOMPLETE: (Level.CRITICAL, Level.WARNING),
    Code.BACKUP_FAILED: (Level.CRITICAL, Level.WARNING),
    Code.DRILL_ERROR: (Level.WARNING,),
}
"""Levels that another module gives than the one that makes the finding."""


_PROGRESS = "<function>.progress"
"""The line of the runtime that not all functions write: the monitor has no steps."""


@dataclass(frozen=True)
class LogEvent:
    """One line that a function may write into its log.

    Attributes:
        message: its `message`, which is always the same.
        level: its `level`.
        fields: what else it has, besides what every line has.
        functions: which of them write it.
    """

    message: str
    level: str
    fields: tuple[str, ...]
    functions: tuple[str, ...]


def meanings() -> Mapping[str, str]:
    """What each alarm and each finding means, by its name: from the runbook's sections."""
    found = {}
    for section in RUNBOOK.read_text().split("\n### ")[1:]:
        name, _, text = section.partition("\n")
        if match := _MEANS.search(text):
            found[name] = " ".join(match[1].split())
    return found


def levels() -> Mapping[Code, tuple[Level, ...]]:
    """The levels at which each code is found, the worst first: from where findings are made."""
    found: dict[Code, set[Level]] = defaultdict(set)
    for path in sorted(FUNCTIONS.rglob("*.py")):
        for codes, worst in _findings(ast.parse(path.read_text())):
            for code in codes:
                found[code] |= worst
    found |= {code: set(each) for code, each in _DECIDED_ELSEWHERE.items()}
    return {code: tuple(level for level in Level if level in found[code]) for code in Code}


def _findings(module: ast.Module) -> Iterator[tuple[set[Code], set[Level]]]:
    """Of each finding that a module makes, which codes and which levels it may have."""
    for function in ast.walk(module):
        if not isinstance(function, ast.FunctionDef):
            continue
        for call in ast.walk(function):
            given = _keywords(call)
            if "code" in given and "level" in given:
                yield (
                    {Code[name] for name in _named("Code", given["code"], function, module)},
                    {Level[name] for name in _named("Level", given["level"], function, module)},
                )


def _keywords(node: ast.AST) -> Mapping[str, ast.expr]:
    if not isinstance(node, ast.Call):
        return {}
    return {each.arg: each.value for each in node.keywords if each.arg}


def _named(
    enum: str, value: ast.expr, function: ast.FunctionDef, module: ast.Module
) -> Iterator[str]:
    """The members of an enumeration that an expression may come to.

    What is no member itself is looked for where it comes from: in the function that is called, in
    the constant that is named, or in what callers of this function give.
    """
    own = list(_members(enum, value))
    yield from own
    if own:
        return
    names = _names(value)
    for node in ast.walk(function):
        match node:
            case ast.Assign(targets=[target], value=given) if _names(target) & names:
                names |= _names(given)
    for node in ast.walk(module):
        match node:
            case ast.FunctionDef(name=name) if name in names:
                yield from _members(enum, node)
            case ast.Assign(targets=[ast.Name(id=name)], value=ast.expr() as given) if (
                name in names
            ):
                yield from _members(enum, given)
            case ast.AnnAssign(target=ast.Name(id=name), value=ast.expr() as given) if (
                name in names
            ):
                yield from _members(enum, given)
            case ast.Call(func=ast.Name(id=name)) if name == function.name:
                yield from _members(enum, node)


def _names(tree: ast.AST) -> set[str]:
    return {each.id for each in ast.walk(tree) if isinstance(each, ast.Name)}


def _members(enum: str, tree: ast.AST) -> Iterator[str]:
    for node in ast.walk(tree):
        match node:
            case ast.Attribute(value=ast.Name(id=name), attr=attr) if name == enum:
                yield attr


def alarms() -> tuple[str, ...]:
    """The names of the stack's alarms, without the stack's own."""
    tree = ast.parse((REPOSITORY / "infra" / "alarms.py").read_text())
    return tuple(
        str(ast.literal_eval(given["what"]))
        for node in ast.walk(tree)
        if "what" in (given := _keywords(node))
    )


def namespace() -> str:
    """CloudWatch's namespace of all metrics."""
    tree = ast.parse((REPOSITORY / "infra" / "metrics.py").read_text())
    for node in ast.walk(tree):
        match node:
            case ast.Assign(targets=[ast.Name(id="NAMESPACE")], value=ast.Constant(value=found)):
                return str(found)
    raise LookupError("NAMESPACE")


def units() -> Mapping[str, str]:
    """CloudWatch's unit of each metric that has one."""
    tree = ast.parse((FUNCTIONS / "runtime" / "emit_metrics.py").read_text())
    for node in ast.walk(tree):
        match node:
            case ast.Assign(targets=[ast.Name(id="_UNITS")], value=ast.Dict(keys, values)):
                return {
                    getattr(metrics, key.id): value.attr
                    for key, value in zip(keys, values, strict=True)
                    if isinstance(key, ast.Name) and isinstance(value, ast.Attribute)
                }
    return {}


def metric_meanings() -> Mapping[str, str]:
    """What each metric is, by its name: from what stands below its constant."""
    body = ast.parse((FUNCTIONS / "model" / "metrics.py").read_text()).body
    found: dict[str, str] = {}
    for node, follower in pairwise(body):
        match node, follower:
            case ast.Assign(targets=[target], value=value), ast.Expr(
                value=ast.Constant(value=str() as text)
            ):
                names = [each.id for each in ast.walk(target) if isinstance(each, ast.Name)]
                said = [e.value for e in ast.walk(value) if isinstance(e, ast.Constant)]
                if len(names) == len(said):
                    found |= {str(each): " ".join(text.split()) for each in said}
    return found


def of_databases() -> frozenset[str]:
    """The metrics that have the dimension Database."""
    per_database = (
        metrics.DAILY_PER_DATABASE,
        metrics.DAILY_PER_DRILLED_DATABASE,
        metrics.EACH_BACKUP,
        metrics.EACH_DRILL,
    )
    return frozenset(name for names in per_database for name in names)


def log_events() -> tuple[LogEvent, ...]:
    """What the functions write into their logs on purpose, by function and then as in the code."""
    found: dict[tuple[str, str], tuple[set[str], set[str]]] = {}
    for path in sorted(FUNCTIONS.rglob("*.py")):
        feature = path.relative_to(FUNCTIONS).parts[0]
        for message, level, fields in _log_lines(ast.parse(path.read_text())):
            names, functions = found.setdefault((message, level), (set(), set()))
            names |= fields
            functions |= _writers(feature, message)
    return tuple(
        LogEvent(message, level, tuple(sorted(names)), tuple(sorted(functions)))
        for (message, level), (names, functions) in found.items()
    )


def _writers(feature: str, message: str) -> set[str]:
    if feature != "runtime":
        return {feature}
    return {"backup", "drill", "restore"} if message == _PROGRESS else {"all"}


def _log_lines(tree: ast.Module) -> Iterator[tuple[str, str, set[str]]]:
    made = dict(_made_names(tree))
    for node in ast.walk(tree):
        match node:
            case ast.Call(
                func=ast.Attribute(attr=method), args=[ast.Constant(value=str() as said)]
            ):
                if method in {"info", "warning", "error", "exception"}:
                    level = "ERROR" if method == "exception" else method.upper()
                    yield said, level, _fields(_keywords(node).get("extra"))
            case ast.Call(
                func=ast.Attribute(attr="info" | "error" | "exception" as method),
                args=[ast.Name(id=name)],
            ):
                if name in made:
                    level = "INFO" if method == "info" else "ERROR"
                    yield made[name], level, _fields(_keywords(node).get("extra"))
            case ast.Call(
                func=ast.Attribute(attr="log"),
                args=[ast.Constant(value=str() as said), ast.Dict() as details],
            ):
                yield said, "WARNING", _fields(details)


def _made_names(tree: ast.Module) -> Iterator[tuple[str, str]]:
    """Events whose names begin with the function's, by the variables that hold them."""
    for node in ast.walk(tree):
        match node:
            case ast.Assign(targets=[ast.Name(id=name)], value=ast.JoinedStr(values)):
                yield name, "<function>" + str(getattr(values[-1], "value", ""))


def _fields(extra: ast.expr | None) -> set[str]:
    if not isinstance(extra, ast.Dict):
        return set()
    return {str(key.value) for key in extra.keys if isinstance(key, ast.Constant)}
