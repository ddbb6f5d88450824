"""Changes the pure policies in small ways and lists the changes that no test notices.

    make mutants                                  # all policies: an hour or so
    make mutants ARGS='recovery/verdict model/row_counts'   # these
    make mutants ARGS='recovery/verdict --sample 50 --seed 7'

Each mutant runs in a child of this process, with the policy's own unit tests. A survivor is a
question, not a fault: many say the same in other words.
"""

import argparse
import ast
import importlib
import os
import random
import re
import signal
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from functools import partial
from importlib.machinery import SourceFileLoader
from pathlib import Path
from types import CodeType
from typing import Any, NamedTuple

import pytest

ROOT = Path(__file__).parent.parent
PACKAGE = ROOT / "functions" / "lifeboat"
SOURCES = {path.relative_to(PACKAGE).with_suffix("").parts: path for path in PACKAGE.rglob("*.py")}
POLICIES = {
    "/".join(part for part in parts if part != "policy"): path
    for parts, path in sorted(SOURCES.items())
    if ({"model", "policy"} & {*parts[:-1]} or parts == ("postgres", "copy_rows"))
    and path.stem != "__init__"
}
PATIENCE = 60
PYTEST = (
    *("-x", "-q", "--confcutdir=tests/unit", "--hypothesis-seed=0"),
    *("-p", "no:cacheprovider", "-p", "no:pytest_cov", "-p", "no:xdist"),
    *("-p", "tests.support.fault_report", "-W", "ignore::pytest.PytestAssertRewriteWarning"),
)

OPPOSITE: dict[type[ast.AST], tuple[type[ast.AST], ...]] = {
    ast.Lt: (ast.LtE, ast.Gt),
    ast.LtE: (ast.Lt,),
    ast.Gt: (ast.GtE, ast.Lt),
    ast.GtE: (ast.Gt,),
    ast.Eq: (ast.NotEq,),
    ast.NotEq: (ast.Eq,),
    ast.In: (ast.NotIn,),
    ast.NotIn: (ast.In,),
    ast.Is: (ast.IsNot,),
    ast.IsNot: (ast.Is,),
    ast.And: (ast.Or,),
    ast.Or: (ast.And,),
    ast.Add: (ast.Sub,),
    ast.Sub: (ast.Add,),
    ast.Mult: (ast.FloorDiv,),
    ast.Div: (ast.Mult,),
    ast.FloorDiv: (ast.Mult,),
    ast.Mod: (ast.Mult,),
    ast.BitAnd: (ast.BitOr,),
    ast.BitOr: (ast.BitAnd,),
}


class Change(NamedTuple):
    """One way to change a node, which is done in place."""

    words: str
    do: Callable[[], object]


class Mutant(NamedTuple):
    """A change of a file: a node's number in the order of `ast.walk`, and which of its changes."""

    path: Path
    node: int
    change: int
    line: int
    words: str


def changes(node: Any) -> Iterator[Change]:
    """All that is tried with one node."""
    match node:
        case ast.Compare():
            yield from _comparison(node)
        case ast.BoolOp() | ast.BinOp():
            yield from _operator(node)
        case ast.UnaryOp(op=ast.Not()):
            yield Change("without not", lambda: _double(node))
        case ast.Constant(value=int()):
            yield from _constant(node)
        case ast.comprehension() | ast.If() | ast.IfExp():
            yield from _condition(node)
        case ast.Return() | ast.Expr():
            yield from _statement(node)


def _comparison(node: ast.Compare) -> Iterator[Change]:
    for i, op in enumerate(node.ops):
        for other in OPPOSITE[type(op)]:
            yield Change(_named(op, other), partial(_put, node.ops, i, other()))


def _constant(node: ast.Constant) -> Iterator[Change]:
    new = not node.value if isinstance(node.value, bool) else int(str(node.value)) + 1
    yield Change(f"{node.value!r} -> {new}", lambda: setattr(node, "value", new))


def _condition(node: ast.comprehension | ast.If | ast.IfExp) -> Iterator[Change]:
    if isinstance(node, ast.comprehension):
        for i, test in enumerate(node.ifs):
            yield Change(f"without: if {ast.unparse(test)}", partial(node.ifs.pop, i))
        return
    for value in (True, False):
        words = f"if {value}: {ast.unparse(node.test)}"
        yield Change(words, partial(setattr, node, "test", ast.Constant(value)))


def _statement(node: ast.Return | ast.Expr) -> Iterator[Change]:
    if isinstance(node, ast.Return):
        if node.value and not (isinstance(node.value, ast.Constant) and node.value.value is None):
            yield Change("return None", lambda: setattr(node, "value", ast.Constant(None)))
    elif isinstance(node.value, ast.Yield | ast.YieldFrom | ast.Call):
        gives = not isinstance(node.value, ast.Call)
        none = ast.YieldFrom(ast.Tuple([], ast.Load())) if gives else ast.Constant(None)
        yield Change(f"without: {_head(node)}", lambda: setattr(node, "value", none))


def _operator(node: Any) -> Iterator[Change]:
    for other in OPPOSITE.get(type(node.op), ()):
        yield Change(_named(node.op, other), partial(setattr, node, "op", other()))
    if isinstance(node, ast.BoolOp):
        for i, value in enumerate(node.values):
            yield Change(f"without: {ast.unparse(value)}", partial(node.values.pop, i))


def _double(node: Any) -> None:
    node.operand = ast.UnaryOp(ast.Not(), node.operand)


def _put(items: list[Any], index: int, item: Any) -> None:
    items[index] = item


def _named(one: ast.AST, other: type[ast.AST]) -> str:
    return f"{type(one).__name__} -> {other.__name__}"


def _head(node: ast.AST) -> str:
    return ast.unparse(node).partition("\n")[0][:70]


def mutants(path: Path) -> list[Mutant]:
    """Every mutant of a file."""
    tree = ast.parse(path.read_text())
    decorators = {
        inner
        for node in ast.walk(tree)
        for decorator in getattr(node, "decorator_list", ())
        for inner in ast.walk(decorator)
    }
    return [
        Mutant(path, number, which, _line(node), change.words)
        for number, node in enumerate(ast.walk(tree))
        if node not in decorators
        for which, change in enumerate(changes(node))
    ]


def _line(node: ast.AST) -> int:
    first = next((each for each in ast.walk(node) if hasattr(each, "lineno")), None)
    return getattr(first, "lineno", 0)


def compiled(mutant: Mutant) -> CodeType:
    """The file with that change."""
    tree = ast.parse(mutant.path.read_text())
    node = list(ast.walk(tree))[mutant.node]
    list(changes(node))[mutant.change].do()
    return compile(ast.fix_missing_locations(tree), str(mutant.path), "exec")


def tests_of(path: Path) -> list[str]:
    """The unit tests that are named after the policy or import it, in this order.

    Where none imports it, also those of the modules that do, directly or not.
    """
    tests = ROOT / "tests" / "unit"
    own = next(tests.rglob(f"test_{path.stem}.py"), None)
    found: set[Path] = set()
    users, seen = {path}, set[Path]()
    while users and not found:
        found = {test for user in users for test in _importing(user, tests.rglob("test_*.py"))}
        seen |= users
        users = {each for user in users for each in _importing(user, PACKAGE.rglob("*.py"))} - seen
    if own:
        found.add(own)
    return [str(each) for each in sorted(found, key=lambda test: (test != own, test))]


def _importing(path: Path, files: Iterable[Path]) -> list[Path]:
    module = ".".join(path.relative_to(PACKAGE.parent).with_suffix("").parts)
    package, _, name = module.rpartition(".")
    said = re.compile(
        rf"^from {re.escape(module)} import|^from {re.escape(package)} import .*\b{name}\b",
        re.MULTILINE,
    )
    return [each for each in files if said.search(each.read_text())]


def run(tests: list[str], mutant: Mutant | None) -> int:
    """How pytest ends in a child whose imports find the mutant: 0 means that it survived."""
    sys.stdout.flush()
    if child := os.fork():
        return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    signal.alarm(PATIENCE)  # one that runs on and on is noticed, too
    silence = os.open(os.devnull, os.O_WRONLY)
    os.dup2(silence, 1)
    os.dup2(silence, 2)
    if mutant:
        _install(mutant)
    os._exit(pytest.main([*PYTEST, *tests]))


def _install(mutant: Mutant) -> None:
    found = SourceFileLoader.get_code

    def get_code(loader: SourceFileLoader, name: str) -> CodeType | None:
        ours = Path(loader.path) == mutant.path
        return compiled(mutant) if ours else found(loader, name)

    setattr(SourceFileLoader, "get_code", get_code)  # noqa: B010  # mypy forbids to assign it


def say(words: str) -> None:
    """Print it at once, as a run may take an hour."""
    sys.stdout.write(f"{words}\n")
    sys.stdout.flush()


def judged(path: Path, chosen: list[Mutant]) -> list[Mutant]:
    """The mutants of one file that survive.

    Raises:
        SystemExit: its tests fail without any mutant, so that they would show nothing.
    """
    tests = tests_of(path)
    if not tests:
        say(f"{path.stem}: no unit test imports it")
        return []
    if run(tests, None):
        raise SystemExit(f"{path.stem}: its tests fail as it is: {' '.join(tests)}")
    begun = time.monotonic()
    alive = [each for each in chosen if run(tests, each) == 0]
    took = time.monotonic() - begun
    say(f"{path.stem}: {len(chosen)} mutants, {len(alive)} survived, {took:.0f} s")
    for each in alive:
        say(f"  {each.path.relative_to(ROOT)}:{each.line}: {each.words}")
    return alive


def main() -> None:
    """Run the mutants that the command line asks for."""
    parser = argparse.ArgumentParser(description="List changes that no unit test notices.")
    parser.add_argument("policies", nargs="*", choices=[*POLICIES, []], metavar="policy")
    parser.add_argument("--sample", type=int, help="so many mutants of each policy")
    parser.add_argument("--seed", type=int, help="which ones; printed, so that it can be repeated")
    asked = parser.parse_args()
    seed = asked.seed if asked.seed is not None else random.SystemRandom().randrange(10_000)
    draw = random.Random(seed)  # noqa: S311  # chooses what to look at
    if asked.sample:
        say(f"seed {seed}")
    os.chdir(ROOT)
    for each in ("pydantic", "hypothesis", "psycopg", "jsonschema"):
        importlib.import_module(each)  # once, for all children
    total = survived = 0
    for name in asked.policies or POLICIES:
        path = POLICIES[name]
        every = mutants(path)
        chosen = draw.sample(every, min(asked.sample, len(every))) if asked.sample else every
        chosen.sort(key=lambda mutant: mutant.line)
        total += len(chosen)
        survived += len(judged(path, chosen))
    say(f"{total} mutants, {survived} survived")


if __name__ == "__main__":
    main()
