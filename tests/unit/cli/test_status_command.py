"""`lifeboat status`: its words and its exit code, by what the monitor answers."""

import json
from typing import Any

import pytest

from lifeboat_cli.commands import status
from lifeboat_cli.main import main

HERE = ["--stack", "Boat", "--region", "eu-central-1", "--quiet"]


def database(name: str, health: str, critical: int = 0) -> dict[str, Any]:
    backup = {"age_hours": 9.0, "archive_bytes": 271_000_000}
    drill = {"verdict": "proven", "age_days": 3.0, "seconds": 231.0, "rto_seconds": 3600}
    return {
        "name": name,
        "health": health,
        "checked": True,
        "critical_findings": critical,
        "warnings": 0,
        "newest_backup": None if health == "no-backup-yet" else backup,
        "newest_drill": drill if health == "healthy" else None,
    }


def answer(health: str, *databases: dict[str, Any]) -> dict[str, Any]:
    return {
        "health": health,
        "checked_at": "2026-11-22T09:00:00Z",
        "databases": list(databases),
        "findings": [],
        "bill": {"total": 5.3},
    }


@pytest.mark.parametrize(
    ("said", "arguments", "code", "words"),
    [
        (answer("healthy", database("a", "healthy")), [], 0, "The database is safe"),
        (
            answer("healthy", database("a", "healthy"), database("b", "healthy")),
            [],
            0,
            "All 2 databases are safe",
        ),
        (
            answer("critical", database("a", "healthy"), database("b", "critical", 1)),
            [],
            4,
            "1 of 2 databases is not safe",
        ),
        (
            answer("critical", database("a", "healthy"), database("b", "critical", 1)),
            ["a"],
            0,
            "The database is safe",
        ),
        (answer("warning", database("a", "healthy")), [], 4, "The databases are safe, the bucket"),
        (answer("warning", database("a", "warning")), [], 4, "The database is not safe"),
        (
            answer("no-backup-yet", database("a", "no-backup-yet"), database("b", "warning")),
            [],
            4,
            "2 of 2 databases are not safe",
        ),
    ],
)
def test_it_is_safe_only_when_the_monitor_says_healthy(
    said: dict[str, Any],
    arguments: list[str],
    code: int,
    words: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setattr(status, "call", lambda *_: said)
    assert main(["status", *arguments, *HERE]) == code
    assert f"\n{words}" in capsys.readouterr().out
    assert main(["status", *arguments, *HERE, "--json"]) == code
    assert json.loads(capsys.readouterr().out) == said


def finding(number: int, code: str) -> dict[str, Any]:
    return {
        "level": "warning",
        "code": code,
        "database": "a",
        "headline": "was not checked",
        "fact": f"Could not read {number}.",
        "safe": "Nothing was changed.",
        "advice": [],
    }


def test_many_findings_that_say_the_same_do_not_drive_the_others_off_the_screen(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    said = answer("warning", database("a", "warning"))
    said["findings"] = [finding(number, "check-incomplete") for number in range(20)]
    said["findings"].insert(1, finding(99, "no-drill"))
    monkeypatch.setattr(status, "call", lambda *_: said)
    main(["status", *HERE])
    shown = capsys.readouterr().out
    assert [f"read {number}." in shown for number in (0, 1, 2, 3, 19, 99)] == [
        *(True, True, True, False, False),
        True,
    ]
    assert "\n17 more findings of check-incomplete; --json prints them all.\n" in shown


def test_what_a_provider_can_give_back_stands_below_the_table(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    neon = database("app", "healthy") | {"provider": {"says": "Neon can.\nWARNING: forged"}}
    both = answer("healthy", database("a", "healthy"), neon)
    monkeypatch.setattr(status, "call", lambda *_: both)
    main(["status", *HERE])
    _, below, *_ = capsys.readouterr().out.split("\n\n")
    assert below.splitlines()[0] == "app: Neon can.\\nWARNING: forged"


def test_the_worst_database_comes_first_and_the_table_fits_80_columns(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    said = answer(
        "critical",
        database("fine", "healthy"),
        database("new", "no-backup-yet"),
        database("not-drilled-app", "not-drilled-yet"),
        database("broken", "critical", 2),
    )
    monkeypatch.setattr(status, "call", lambda *_: said)
    main(["status", *HERE])
    table = capsys.readouterr().out.split("\n\n")[0].splitlines()
    names = [line.split()[0] for line in table]
    assert names == ["DATABASE", "broken", "new", "not-drilled-app", "fine"]
    assert max(len(line.rstrip()) for line in table) <= 80


def test_a_run_that_goes_on_as_a_job_is_shown_below_the_table(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    job = {
        "kind": "backup",
        "since": "2026-11-22T02:00:00Z",
        "waits": False,
        "reason": "120 GB take about 31 min",
    }
    busy = database("a", "healthy") | {"jobs": [job, {**job, "kind": "drill", "waits": True}]}
    monkeypatch.setattr(status, "call", lambda *_: answer("healthy", busy))
    assert main(["status", *HERE]) == 0
    said = " ".join(capsys.readouterr().out.split())
    assert "a: a backup runs as a job since 2026-11-22 02:00 UTC: 120 GB take about 31 min" in said
    assert "a: a drill waits for its job since 2026-11-22 02:00 UTC" in said
