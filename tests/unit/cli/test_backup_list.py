"""The list of backups fits 80 columns, and every id in it can be copied."""

import io
from typing import Any

import pytest
from rich.console import Console

from lifeboat_cli.commands import backups
from lifeboat_cli.commands.backups import listing
from lifeboat_cli.main import main


def backup(time: str, **other: object) -> dict[str, Any]:
    made = {
        "backup": f"weekly/a-database-of-ours/{time}",
        "data_as_of": "2026-11-22T02:00:07Z",
        "rows": 1_234_567_890,
        "archive_bytes": 123_456_789_012,
        "drill_verdict": "partial",
        "expires_at": "2027-11-22T02:00:00Z",
        "label": None,
        "available": True,
        "storage_state": "in S3 Standard",
    }
    return made | other


LONG = "before-" + "a-very-long-migration-" * 2 + "42"
FOUND = [
    backup("2026-11-22T020000Z", label=LONG),
    backup("2026-11-15T020000Z", available=False, storage_state="in Glacier, thaws in 5 h"),
]


def printed(width: int) -> list[str]:
    file = io.StringIO()
    Console(file=file, width=width).print(listing(FOUND, width))
    return file.getvalue().splitlines()


@pytest.mark.parametrize("width", [80, 100, 120])
def test_every_id_is_on_one_line_and_no_line_is_too_long(width: int) -> None:
    lines = printed(width)
    assert max(map(len, lines)) <= width
    for time in ("2026-11-22T020000Z", "2026-11-15T020000Z"):
        assert sum(line.startswith(f"weekly/{time} ") for line in lines) == 1
    whole = "".join("".join(lines).split())
    for word in ("1,234,567,890", "partial", "inGlacier"):
        assert word in whole


def test_a_program_gets_all_columns() -> None:
    heading, first, *_ = printed(500)
    assert heading.split("  ")[0] == "BACKUP"
    assert LONG in first
    assert "2027-11-22" in first
    assert "2026-11-22 02:00" in first


def test_none_from_before_a_moment_is_not_none_at_all(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    empty: dict[str, Any] = {"backups": [], "skipped": [], "next_page": None}
    monkeypatch.setattr(backups, "call", lambda *_: empty)
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")
    here = ["--stack", "Boat", "--region", "eu-central-1"]
    assert main(["backups", "app", "--before", "2026-11-22T08:00Z", *here]) == 0
    said = capsys.readouterr()
    assert "There is no backup of app from before. All: lifeboat backups app" in said.out
    assert "Backups from before " in said.err
    assert main(["backups", "app", *here]) == 0
    assert "There is no backup of app. Take one: lifeboat backup app" in capsys.readouterr().out
