"""Events that make no sense, sent to the functions as Lambda sends them."""

import json
import re
import socket
from collections.abc import Callable
from contextlib import nullcontext
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any, NoReturn

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lifeboat.backup import handler as backup
from lifeboat.drill import handler as drill
from lifeboat.errors import EventError, LifeboatError
from lifeboat.monitor import handler as monitor
from lifeboat.restore import handler as restore
from tests.support import invariants
from tests.support.backup_harness import SECRET_ARN
from tests.support.strategies import FUZZ_SETTINGS, ODD, WORDS, broken

pytestmark = [
    pytest.mark.fault("input"),
    pytest.mark.filterwarnings("ignore:No application metrics"),  # a refused event has none
]

EVENTS = Path(__file__).parents[2] / "docs" / "events"
BAIT = "bait-4711"
SECRETS = (
    f"postgresql://lifeboat:{BAIT}@db.example.com/app",
    f"host=db.example.com user=lifeboat password={BAIT}",
    json.dumps({"username": "lifeboat", "password": BAIT}),
)
"""What people paste into a wrong place."""
CONTEXT = SimpleNamespace(
    aws_request_id="run-1",
    function_name="Lifeboat-backup-app",
    function_version="1",
    memory_limit_in_mb="1769",
    invoked_function_arn="arn:aws:lambda:us-east-1:000000000000:function:Lifeboat",
    get_remaining_time_in_millis=lambda: 60_000,
)
MOST_WORDS = 2_500
"""Characters of an error: a screenful, whatever was sent."""


class ReachedError(LifeboatError):
    """The event was understood, and the work would begin."""


@dataclass
class Entry:
    """A function's entry point, and what it came to.

    Attributes:
        handler: as Lambda calls it.
        refused: events that it refused.
        understood: events that its work would have begun for.
        calls: to anything outside.
    """

    handler: Callable[[object, Any], object]
    refused: int = 0
    understood: int = 0
    calls: list[str] = field(default_factory=list)

    def send(self, event: object) -> EventError | None:
        """The refusal of an event, held to the law; None where it was understood."""
        try:
            self.handler(event, CONTEXT)
        except ReachedError:
            self.understood += 1
            assert self.calls == []
            return None
        except EventError as error:
            self.refused += 1
            require_clear(invariants.told(error))
            assert self.calls == []
            return error
        raise AssertionError("work was done for an event of nonsense")


def require_clear(error: LifeboatError) -> None:
    """A message of a screenful at most that any terminal shows, with nothing behind it."""
    words = str(error)
    assert error.what
    assert error.todo
    assert error.safe
    assert len(words) <= MOST_WORDS, words[:1000]
    assert words.replace("\n", "").isprintable(), ascii(words)
    assert "Unexpected" not in words
    assert "Traceback" not in words
    assert BAIT not in words
    assert error.__cause__ is None


@pytest.fixture
def entry(monkeypatch: pytest.MonkeyPatch) -> Callable[[ModuleType, str], Entry]:
    """Opens a function's entry point, with its work and every way out walled up."""
    environment = {
        "AWS_DEFAULT_REGION": "us-east-1",
        "AWS_ACCESS_KEY_ID": "x",
        "AWS_SECRET_ACCESS_KEY": "x",
        "AWS_LAMBDA_FUNCTION_NAME": "Lifeboat-monitor",
        "LIFEBOAT_BUCKET": "bucket",
        "LIFEBOAT_TOPIC": "arn:aws:sns:us-east-1:000000000000:topic",
        "LIFEBOAT_SECRETS": "1",
        "LIFEBOAT_SETTINGS": json.dumps({"databases": [{"name": "app", "secret_arn": SECRET_ARN}]}),
        "POWERTOOLS_METRICS_NAMESPACE": "Lifeboat",
        "POWERTOOLS_METRICS_DISABLED": "true",
    }
    for name, value in environment.items():
        monkeypatch.setenv(name, value)

    def open_entry(module: ModuleType, work: str) -> Entry:
        opened = Entry(module.handler)

        def reached(*_: object) -> NoReturn:
            raise ReachedError("The work would begin.", todo="Nothing.")

        def outside(*arguments: object, **_: object) -> NoReturn:
            opened.calls.append(str(arguments))
            raise AssertionError(arguments)

        monkeypatch.setattr(module, work, reached)
        silent = SimpleNamespace(
            notify=lambda _: True, now=lambda: datetime.now(UTC), installation=None
        )
        nobodies: dict[str, Callable[..., object]] = {
            "recorded": lambda *_: nullcontext(),
            "run_reporter": lambda *_: silent,
            "restore_message": lambda *_: None,
        }
        for name, nobody in nobodies.items():
            if hasattr(module, name):
                monkeypatch.setattr(module, name, nobody)
        monkeypatch.setattr(socket.socket, "connect", outside)
        if module is monitor:
            watched = json.dumps({"databases": [{"name": "app"}]})
            monkeypatch.setenv("LIFEBOAT_SETTINGS", watched)
        return opened

    return open_entry


def samples(function: str) -> tuple[dict[str, Any], ...]:
    """The events that docs/events has for a function."""
    found = [json.loads(path.read_text()) for path in sorted(EVENTS.glob(f"{function}-*.json"))]
    if function == "restore":
        found.append(json.loads((EVENTS / "restore.json").read_text()))
    assert found
    return tuple(found)


KEYS = tuple(
    sorted({key for name in ("backup", "drill", "monitor", "restore") for key in samples(name)[0]})
)


def events(function: str, *, mostly: int) -> st.SearchStrategy[str]:
    """Texts of any JSON, of others' events, and `mostly` times as often of its own, broken."""
    foreign = [
        event
        for name in ("backup", "drill", "restore")
        if name != function
        for event in samples(name)
    ]
    own = broken(samples(function), (*KEYS, *SECRETS))
    return st.one_of(ODD, st.sampled_from(foreign), *[own] * mostly).map(json.dumps)


@pytest.mark.parametrize(
    ("name", "module", "work"),
    [
        ("backup", backup, "take_or_hand_over"),
        ("drill", drill, "drill"),
        ("restore", restore, "restore"),
    ],
    ids=["backup", "drill", "restore"],
)
def test_an_event_is_understood_or_refused_in_words_and_nothing_else_happens(
    entry: Callable[[ModuleType, str], Entry], name: str, module: ModuleType, work: str
) -> None:
    function = entry(module, work)
    for event in samples(name):
        assert function.send(event) is None, event
    inputs = 0

    @FUZZ_SETTINGS
    @given(events(name, mostly=4))
    def send(text: str) -> None:
        nonlocal inputs
        inputs += 1
        function.send(json.loads(text))

    send()
    assert inputs >= 150
    assert function.refused >= 100
    assert function.understood >= len(samples(name))


def test_the_monitor_looks_whatever_it_is_sent_unless_it_is_asked_for_a_format_there_is_not(
    entry: Callable[[ModuleType, str], Entry],
) -> None:
    """Its schedule may send anything: an alarm system that dies of its event rings for nothing."""
    function = entry(monitor, "check_health")
    inputs = 0

    @FUZZ_SETTINGS
    @given((ODD | ODD.map(lambda value: {"format": value})).map(json.dumps))
    def send(text: str) -> None:
        nonlocal inputs
        inputs += 1
        sent = json.loads(text)
        error = function.send(sent)
        asked = isinstance(sent, dict) and "format" in sent
        assert (error is not None) == (asked and sent["format"] not in ("text", "json"))

    send()
    assert inputs >= 150
    assert function.refused >= 50
    assert function.understood >= 20


NAME_OF_A_SECRET = re.compile(r"[A-Za-z0-9/_+=.@-]+")


@pytest.mark.parametrize("word", WORDS, ids=range(len(WORDS)))
def test_a_name_with_a_meaning_elsewhere_is_no_name_here(
    entry: Callable[[ModuleType, str], Entry], word: str
) -> None:
    """In every key of every function that takes a name, an id, an ARN or a moment."""
    for module, work in (
        (backup, "take_or_hand_over"),
        (drill, "drill"),
        (restore, "restore"),
    ):
        function = entry(module, work)
        for key in ("database", "scheduled", "tier", "label", "backup", "target", "before"):
            event = {"database": "app", "action": "restore", key: word}
            if module is not restore:
                del event["action"]
            if key == "label" and word in {"1", "a" * 64, "null", "true"}:
                continue  # that is what a label may be, or one character more
            if key == "target" and NAME_OF_A_SECRET.fullmatch(word):
                continue  # it is looked for among the settings' secrets later
            assert function.send(event) is not None, (module.__name__, key)


@pytest.mark.parametrize("secret", SECRETS, ids=["url", "conninfo", "json"])
def test_a_secret_in_place_of_something_else_is_not_repeated(
    entry: Callable[[ModuleType, str], Entry], secret: str, capsys: pytest.CaptureFixture[str]
) -> None:
    for module, work in (
        (backup, "take_or_hand_over"),
        (drill, "drill"),
        (restore, "restore"),
    ):
        function = entry(module, work)
        event = {"database": "app"} | ({"action": "list"} if module is restore else {})
        places: list[dict[str, Any]] = [
            {key: secret} for key in ("database", "target", "backup", "label", "tables")
        ]
        places += [{secret: 1}, {"tables": [secret]}, {"target": {"url": secret}}]
        for place in places:
            assert function.send(event | place) is not None, place
        assert function.send(secret) is not None
    assert entry(monitor, "check_health").send({"format": secret}) is not None
    assert BAIT not in "".join(capsys.readouterr())


@pytest.mark.parametrize("key", ["database", "backup", "x", "tables"])
def test_a_huge_event_is_refused_in_a_screenful(
    entry: Callable[[ModuleType, str], Entry], key: str
) -> None:
    function = entry(restore, "restore")
    many = {f"{key}-{number}": "x" * 100 for number in range(10_000)}
    for event in ({"database": "app", "action": "list", key: [many]}, many):
        error = function.send(event)
        assert error is not None
        assert key in error.what
    assert "more" in str(function.send(many))
