"""Whatever may be sent or typed in place of what is meant: any JSON, and valid documents broken."""

from collections.abc import Iterator, Mapping
from copy import deepcopy
from typing import Any

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st

#: The same inputs at every run; how many is counted by the tests themselves.
FUZZ_SETTINGS = settings(
    derandomize=True,
    database=None,
    deadline=None,
    max_examples=150,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)

#: Names and words that mean something to SQL, a shell, S3, HTML or a terminal, or nothing at all.
WORDS = (
    "",
    " ",
    "'; DROP TABLE users; --",
    'app" OWNER TO evil; --',
    "$(touch /tmp/evil)",
    "`id`",
    "app; rm -rf /",
    "../../etc/passwd",
    "daily/../manual/app/2026-11-22T020000Z",
    "daily/app/2026-11-22T020000Z/",
    "daily/app/2026-11-31T020000Z",
    "s3://bucket/daily/app/2026-11-22T020000Z",
    "arn:aws:secretsmanager:us-east-1:000000000000:secret:other",
    "arn:aws:iam::000000000000:root",
    "%s%n%x",
    "{database}",
    "{0.__class__}",
    "<script>alert(1)</script>",
    "<aws.scheduler.scheduled-time>",
    "app\n",
    "app\r\nSafe: nothing",
    "app\0",
    "\x1b[31mred",
    "\u202eevil",
    "\uff41\uff50\uff50",
    "\u0430\u0440\u0440",
    "\ud800",
    "\U0001f6df",
    "null",
    "true",
    "1",
    "-1",
    "NaN",
    "2026-13-01T00:00:00Z",
    "9999-12-31T23:59:59Z",
    "\u0662\u0660\u0662\u0666-11-22T02:00:00Z",
    "a" * 64,
    "x" * 20_000,
    "\U0001f6df" * 2_000,
)

JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=30)
    | st.sampled_from(WORDS),
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4)
    ),
    max_leaves=10,
)


def nested(depth: int) -> object:
    """A list in a list, and so on: as deep as JSON's own reader lets pass."""
    value: object = []
    for _ in range(depth):
        value = [value]
    return value


ODD = (
    JSON
    | st.sampled_from(WORDS)
    | st.sampled_from([0, -1, 1, 2**31, 2**63, -(2**63), 10**40, 1e308, float("inf"), 0.5])
    | st.builds(nested, st.just(900))
    | st.builds(lambda: ["a"] * 5_000)
    | st.builds(lambda: {f"key-{number}": number for number in range(2_000)})
)
"""Values of every type, the huge and the deep among them."""


@st.composite
def broken(draw: st.DrawFn, documents: tuple[Mapping[str, Any], ...], keys: tuple[str, ...]) -> Any:
    """One of some valid documents, with up to three things in it changed.

    Args:
        draw: from hypothesis.
        documents: valid ones.
        keys: further keys that may turn up, such as those of other documents.
    """
    document: Any = deepcopy(dict(draw(st.sampled_from(documents))))
    for _ in range(draw(st.integers(1, 3))):
        places = list(_places(document))
        if not places:
            break
        holder, key = draw(st.sampled_from(places))
        _break(draw, holder, key, keys)
    return document


def _places(node: Any, deep: int = 5) -> Iterator[tuple[Any, Any]]:
    """Every object or list of a document, with its first keys."""
    if deep and isinstance(node, dict | list):
        keys = range(len(node)) if isinstance(node, list) else list(node)
        for key in keys[:20]:
            yield node, key
            yield from _places(node[key], deep - 1)


def _break(draw: st.DrawFn, holder: Any, key: Any, keys: tuple[str, ...]) -> None:
    value = holder[key]
    match draw(st.sampled_from(("odd", "odd", "drop", "add", "rename", "text", "wrap", "null"))):
        case "odd":
            holder[key] = draw(ODD)
        case "drop":
            del holder[key]
        case "add" if isinstance(holder, dict):
            holder[draw(st.sampled_from(keys + WORDS) | st.text(max_size=8))] = draw(ODD)
        case "rename" if isinstance(holder, dict):
            holder[draw(st.sampled_from(keys + WORDS))] = holder.pop(key)
        case "text":
            holder[key] = str(value)[:1000]
        case "wrap":
            holder[key] = [value]
        case _:
            holder[key] = None
