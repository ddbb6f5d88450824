"""Plans, questions and what is sent in the end, without an AWS."""

import io
import json
import sys
from collections.abc import Callable
from typing import Any

import pytest

from lifeboat_cli import follow
from lifeboat_cli.commands import restore as restoring
from lifeboat_cli.main import main
from lifeboat_cli.text import folded

HERE = ["--stack", "Boat", "--region", "eu-central-1"]
PLAN: dict[str, Any] = {
    "action": "restore",
    "database": "app",
    "backup": "daily/app/2026-11-22T020000Z",
    "data_as_of": "2026-11-22T02:00:05Z",
    "estimated_minutes": 4,
    "steps": ["Fetch 271 MB."],
    "warnings": ["Roles are missing: \x1b[2Jx."],
    "blockers": [],
    "skipped": [],
    "next_event": {"action": "restore", "database": "app", "execute": True, "pinned": 1},
}
DONE: dict[str, Any] = {
    "database": "app",
    "verdict": "proven",
    "restored_database": "a'b c",
    "server": "db.example:5432",
    "backup": PLAN["backup"],
    "data_as_of": PLAN["data_as_of"],
    "rows": 7250,
    "seconds": 231.0,
    "reasons": [],
    "notes": [],
    "next_event": None,
    "drop_sql": "DROP DATABASE x;",
    "report": "s3://b/r.json",
}


@pytest.fixture
def sent(monkeypatch: pytest.MonkeyPatch) -> list[dict[str, Any]]:
    """Every event that would have been sent; the answers are the samples above."""
    events: list[dict[str, Any]] = []

    def answers(answer: dict[str, Any]) -> Callable[..., dict[str, Any]]:
        def give(_c: object, _job: str, _db: object, event: Any, **_: str) -> dict[str, Any]:
            events.append(dict(event))
            return answer

        return give

    monkeypatch.setattr(restoring, "call", answers(PLAN))
    monkeypatch.setattr(follow, "run", answers(DONE))
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")
    return events


def typed(monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    monkeypatch.setattr(sys, "stdin", io.StringIO(text))


def test_what_is_sent_in_the_end_is_what_the_plan_proposes(
    sent: list[dict[str, Any]],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    typed(monkeypatch, "y\n")
    assert main(["restore", "app", "daily/2026-11-22T020000Z", "-q", *HERE]) == 0
    assert sent[0] == {"action": "restore", "database": "app", "backup": PLAN["backup"]}
    assert sent[1] == PLAN["next_event"]
    told = capsys.readouterr()
    assert "Fetch 271 MB." in told.err, "even --quiet shows what somebody is asked about"
    assert "psql 'host=db.example port=5432 dbname='\"'\"'a\\'\"'\"'b c'\"'\"''" in told.out


@pytest.mark.parametrize(
    ("options", "printed", "events"), [(["--plan"], PLAN, 1), (["--yes"], DONE, 2)]
)
def test_json_is_one_answer_untouched(
    sent: list[dict[str, Any]],
    capsys: pytest.CaptureFixture[str],
    options: list[str],
    printed: dict[str, Any],
    events: int,
) -> None:
    assert main(["restore", "app", "--json", *options, *HERE]) == 0
    assert json.loads(capsys.readouterr().out) == printed
    assert len(sent) == events


def test_what_comes_out_of_a_database_cannot_control_the_terminal(
    sent: list[dict[str, Any]], capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["restore", "app", "--plan", *HERE]) == 0
    told = capsys.readouterr()
    assert "\\x1b[2Jx" in told.out
    assert "\x1b" not in told.out + told.err
    assert len(sent) == 1


def test_tables_without_a_schema_are_public(capsys: pytest.CaptureFixture[str]) -> None:
    tables = ["--table", "users", "--table", "audit.log", "--no-owners"]
    assert main(["restore", "app", *tables, "--show-event", *HERE]) == 0
    event = json.loads(capsys.readouterr().out.splitlines()[1])
    assert event == {
        "action": "restore-tables",
        "database": "app",
        "tables": ["public.users", "audit.log"],
        "owners": "none",
    }


def test_sentences_of_a_plan_are_folded_below_their_beginning() -> None:
    assert folded("  ! one two three four", 12) == "  ! one two\n    three\n    four"
    assert folded("  10. one two three", 12) == "  10. one\n      two\n      three"
    assert folded("  app -> a_very_long_name", 12) == "  app ->\n  a_very_long_name"


def test_what_stands_in_the_way_names_commands_and_options(
    sent: list[dict[str, Any]],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    blocker = 'Not empty: a (6 rows). For its rows, say "replace": true; or leave data_only out.'
    monkeypatch.setitem(PLAN, "blockers", [blocker])
    assert main(["restore", "app", "--data-only", "--yes", *HERE]) == 1
    told = capsys.readouterr().err
    assert "blocked: Not empty: a (6 rows). For its rows, say --replace; or leave --data" in told
    assert len(sent) == 1


def test_the_next_command_is_about_the_same_server(
    sent: list[dict[str, Any]],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    swap = {"action": "swap", "database": "app", "allow_unverified": True}
    monkeypatch.setitem(DONE, "next_event", swap)
    monkeypatch.setitem(DONE, "verdict", "partial")
    assert main(["restore", "app", "--target", "my admin", "--yes", *HERE]) == 3
    said = capsys.readouterr().out
    assert "lifeboat swap app --allow-unverified --target 'my admin'" in said
    assert sent[0]["target"] == "my admin"


@pytest.mark.parametrize(
    ("moment", "said"), [("now-ish", "yesterday 09:00"), ("2999-01-01 09:00", "is in the future")]
)
def test_a_moment_that_is_none_or_to_come_is_refused_before_anything_is_sent(
    sent: list[dict[str, Any]], capsys: pytest.CaptureFixture[str], moment: str, said: str
) -> None:
    assert main(["restore", "app", "--before", moment, *HERE]) == 2
    assert said in capsys.readouterr().err
    assert sent == []
