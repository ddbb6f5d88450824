"""The list of backups fits 80 columns, and every id in it can be copied."""

import io
from typing import Any

import pytest
from rich.console import Console

from lifeboat_cli.commands.backups import listing


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
