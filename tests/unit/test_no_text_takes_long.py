"""What a database or a program says is matched in a time that grows no faster than the text.

A trigger may raise an error of a megabyte. Where a pattern can split it in many ways, the match
takes hours, and holds the interpreter meanwhile, so that no watch could end it.
"""

import ast
import importlib
import pkgutil
import re
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from re import _constants, _parser  # type: ignore[attr-defined]
from typing import Any

import pytest

import lifeboat
from lifeboat.postgres.endpoint import parse_secret
from lifeboat.postgres.redact import redact
from lifeboat.recovery.policy.classify_errors import Server, classify
from lifeboat.recovery.policy.managed_errors import MANAGED
from lifeboat.recovery.policy.pg_restore_output import parse
from lifeboat.recovery.policy.tolerated_errors import EMBEDDED
from lifeboat.recovery.prepare_database import collations_in, roles_in
from lifeboat.restore.policy.required_roles import needed_roles

SHORT, LONG, MEGABYTE = 1 << 12, 1 << 15, 1 << 20
ATOMS = (".", '"', '""', 'a"', "a.", ".a ", "a", "'", "''", ";", " ", "\n", "(", ": ", "1", "1 ")

type Way = Callable[[str], object]


def modules() -> Iterator[Any]:
    """All but the settings, which no database writes."""
    for each in pkgutil.walk_packages(lifeboat.__path__, "lifeboat."):
        if not each.name.startswith("lifeboat.settings"):
            yield importlib.import_module(each.name)


def ways() -> dict[str, tuple[str, Way]]:
    """Each pattern of the packages, with the ways in which its module applies it to a text."""
    found: dict[str, tuple[str, Way]] = {}
    for excuse in {*EMBEDDED, *MANAGED}:
        for used, source in (("fullmatch", excuse.error), ("match", excuse.statement)):
            found[f"excuse {source} {used}"] = source, getattr(re.compile(source), used)
    for module in modules():
        text = Path(module.__file__).read_text()
        for name, value in vars(module).items():
            for pattern in _patterns(value):
                if isinstance(pattern.pattern, bytes):
                    continue
                methods = _methods(text, name) or _methods(text, "pattern")
                for method in methods:
                    key = f"{module.__name__}.{name} {pattern.pattern[:40]} {method}"
                    found[key] = pattern.pattern, _way(pattern, method)
    return found


def _patterns(value: object) -> Iterator[re.Pattern[Any]]:
    if isinstance(value, re.Pattern):
        yield value
    elif isinstance(value, tuple):
        for each in value:
            yield from _patterns(each)


def _methods(text: str, name: str) -> set[str]:
    return set(
        re.findall(rf"\b{name}\.(match|fullmatch|search|findall|finditer|sub|split)\b", text)
    )


def _way(pattern: re.Pattern[str], method: str) -> Way:
    if method == "sub":
        return lambda text: pattern.sub("", text)
    if method == "finditer":
        return lambda text: sum(1 for _ in pattern.finditer(text))  # nothing is kept
    way: Way = getattr(pattern, method)
    return way


def literals(parsed: Any) -> Iterator[str]:
    """The runs of plain characters in a pattern."""
    run = ""
    for operation, what in parsed:
        if operation is _constants.LITERAL:
            run += chr(what)
            continue
        if run:
            yield run
        run = ""
        for part in _inside(what):
            yield from literals(part)
    if run:
        yield run


def _inside(what: Any) -> Iterator[Any]:
    if isinstance(what, _parser.SubPattern):
        yield what
    elif isinstance(what, tuple | list):
        for each in what:
            yield from _inside(each)


def texts(source: str, size: int) -> Iterator[str]:
    """Beginnings that fit, then one thing again and again, until the text is so long."""
    plain = list(dict.fromkeys(literals(_parser.parse(source))))
    begins = dict.fromkeys(["", plain[0] if plain else "", "".join(plain[:2]), *plain])
    for begin in begins:
        for atom in dict.fromkeys([*ATOMS, *plain, *(f"{each}a" for each in plain)]):
            text = begin + atom * (size // len(atom) + 1)
            yield text[:size]


def seconds(way: Way, text: str) -> float:
    """Of this thread's processor: others on the machine take none of them."""
    begun = time.thread_time()
    way(text)
    return time.thread_time() - begun


@pytest.fixture(scope="module")
def unit() -> float:
    """What one pass over the longer text costs on this machine, now."""
    match = re.compile(r"(?:[^b]|bb)*c").match
    return min(seconds(match, "a" * LONG) for _ in range(3))


@pytest.mark.parametrize("name", sorted(ways()))
def test_a_text_of_eight_times_the_length_takes_no_more_than_its_share(
    name: str, unit: float
) -> None:
    source, way = ways()[name]
    for long, short in zip(texts(source, LONG), texts(source, SHORT), strict=True):
        assert any(
            (taken := seconds(way, long)) < 40 * unit or taken < 40 * seconds(way, short)
            for _ in range(5)  # caches may be cold, and the processor slow for a while
        ), long[:100]


def test_all_patterns_are_constants_of_their_modules() -> None:
    """So that the test above has them all."""
    inside = [
        f"{module.__name__}:{call.lineno}"
        for module in modules()
        for function in ast.walk(ast.parse(Path(module.__file__).read_text()))
        if isinstance(function, ast.FunctionDef)
        for call in ast.walk(function)
        if isinstance(call, ast.Call)
        and isinstance(call.func, ast.Attribute)
        and isinstance(call.func.value, ast.Name)
        and call.func.value.id == "re"
        and call.func.attr != "escape"
        and isinstance(call.args[0], ast.Constant | ast.JoinedStr)
    ]
    assert inside == []


ENDPOINT = parse_secret("postgresql://app:s3cret-word@localhost/app")
BEGINS = (
    "relation ",
    'relation "',
    "operator does not exist: ",
    'type "',
    'constraint "a',
    "function ",
    'COPY failed for table "',
)


@pytest.mark.parametrize("atom", [".", '"', '" for table "', "a.", ": ", '": ', " does not exist"])
@pytest.mark.parametrize("begin", BEGINS)
def test_a_megabyte_that_a_trigger_has_raised_is_classified_at_once(
    begin: str, atom: str, unit: float
) -> None:
    error = (begin + atom * MEGABYTE)[:MEGABYTE]
    said = (
        "pg_restore: error: could not execute query: ERROR:  type public.x does not exist\n"
        "Command was: CREATE EXTENSION x;\n"
        f"pg_restore: error: could not execute query: ERROR:  {error}\nCommand was: SELECT 1;\n"
        "pg_restore: warning: errors ignored on restore: 2\n"
    )

    def way(said: str) -> object:
        return classify(parse(said), code=1, server=Server(rules=MANAGED))

    assert seconds(way, said) < 40 * unit * (MEGABYTE / LONG)
    assert all(len(each) < 1000 for each in classify(parse(said), code=1).fatal)


SCRIPTS = (
    "CREATE COLLATION " + "a." * MEGABYTE,
    'CREATE COLLATION "' + '"".' * MEGABYTE,
    "ALTER TABLE" + " OWNER TO a" * (MEGABYTE // 8),
    "ALTER TABLE" + ' OWNER TO """' * (MEGABYTE // 8),
    "GRANT" + " TO a" * (MEGABYTE // 4),
    "ALTER DEFAULT PRIVILEGES" + ' TO "' * (MEGABYTE // 4),
    "CREATE ROLE " + '""' * MEGABYTE,
    "COLLATE pg_catalog." * (MEGABYTE // 16),
)


@pytest.mark.parametrize("script", SCRIPTS, ids=[each[:24] for each in SCRIPTS])
def test_a_script_of_megabytes_is_read_at_once(script: str, unit: float) -> None:
    for way in (
        collations_in,
        roles_in,
        lambda text: needed_roles(text, None),
        lambda text: redact(text, ENDPOINT),
    ):
        assert seconds(way, script[:MEGABYTE]) < 40 * unit * (MEGABYTE / LONG)
