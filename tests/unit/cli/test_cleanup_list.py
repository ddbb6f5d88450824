"""The list of what restores and swaps have left fits 80 columns."""

import io
from typing import Any

import pytest
from rich.console import Console

from lifeboat_cli.commands.cleanup import listing


def left(name: str) -> dict[str, Any]:
    return {
        "name": name,
        "kind": "restored",
        "complete": True,
        "verdict": "proven",
        "data_as_of": "2026-11-22T02:00:00Z",
        "created_at": None,
        "bytes": 81_000_000,
        "sessions": 0,
    }


def printed(name: str) -> list[str]:
    file = io.StringIO()
    Console(file=file, width=80).print(listing([left(name)]))
    return file.getvalue().splitlines()


@pytest.mark.parametrize("name", ["spec_drive_restored_20261130t131643z", "x" * 63])
def test_it_fits_whatever_the_names(name: str) -> None:
    lines = printed(name)
    assert max(map(len, lines)) <= 80
    assert any("81 MB" in line for line in lines)


def test_a_name_of_a_usual_length_stays_on_its_line() -> None:
    name = "spec_drive_restored_20261130t131643z"
    assert any(line.startswith(f"{name} ") for line in printed(name))
