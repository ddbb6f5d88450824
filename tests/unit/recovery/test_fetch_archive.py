"""Words about names: told with the right noun, by the right reason, in one line."""

from types import SimpleNamespace
from typing import Any

import pytest

from lifeboat.errors import ConnectError, ConnectFailure
from lifeboat.model.inventory import Table
from lifeboat.model.row_counts import compare_rows
from lifeboat.model.server_messages import truncate, without_values
from lifeboat.model.text import line
from lifeboat.recovery import fetch_archive
from tests.unit.model.test_row_counts import inventory


def test_a_table_called_snapshots_is_reported_by_its_name(monkeypatch: pytest.MonkeyPatch) -> None:
    table = Table(schema="public", name="snapshots", rows=7)
    claimed = inventory(table)
    counted = SimpleNamespace(
        rows={("public", "snapshots"): 6}, large_objects=claimed.large_objects
    )
    monkeypatch.setattr(fetch_archive, "_decoded", lambda _: counted)
    run: Any = SimpleNamespace(manifest=SimpleNamespace(inventory=claimed))
    check = fetch_archive.decode_archive(run)
    assert check.details == ("public.snapshots: 7 rows in the manifest, 6 in the archive",)


def test_a_difference_names_what_the_archive_was_compared_with() -> None:
    table = Table(schema="public", name="t", rows=7)
    (told,) = compare_rows([table], {})
    assert str(told) == "public.t: 7 rows in the snapshot, not in the archive"
    (told,) = compare_rows([], {("public", "t"): 1}, source="manifest")
    assert str(told) == "public.t: not in the manifest, 1 rows in the archive"


def test_an_error_about_a_connection_has_a_reason() -> None:
    assert ConnectError("x", todo="y").reason is ConnectFailure.OTHER


def test_long_words_are_cut() -> None:
    assert len(truncate("x" * 1_000_000)) < 20_000
    assert truncate("short") == "short"


@pytest.mark.parametrize("message", ['column "a" does not exist', "no quotes", 'one " quote'])
def test_a_message_without_a_value_is_whole(message: str) -> None:
    assert without_values(message) == message


def test_a_value_is_left_out_in_any_language() -> None:
    message = 'ungültige Eingabe: "123-45"'
    assert without_values(message, sqlstate="22P02") == 'ungültige Eingabe: "..."'
    assert without_values(message, sqlstate="42P01") == message


def test_lines_become_one() -> None:
    assert line("a\nb\x1b") == "a\\nb\\x1b"
