"""Text for terminals."""

import io
from datetime import timedelta

import pytest

from lifeboat_cli import text
from lifeboat_cli.backup_ids import short_id
from lifeboat_cli.restore_events import backup_id
from lifeboat_cli.tables import console, table


@pytest.mark.parametrize(
    "hostile",
    ["a\x1b[2Jb", "a\x1b]0;title\x07b", "a\rb", "a\x9b31mb", "a\u202eb", "a\u2066b", "a\x00b"],
)
def test_no_text_controls_the_terminal(hostile: str) -> None:
    shown = text.safe(hostile)
    assert shown.isprintable()
    assert (shown[0], shown[-1]) == ("a", "b")


def test_a_name_stays_on_its_line() -> None:
    assert text.safe_line("a\nerror: b") == "a\\nerror: b"


def test_tables_show_hostile_names_and_markup_as_they_are() -> None:
    file = io.StringIO()
    console(file).print(table(("NAME",), [("[red]a[/]\x1b[2J\nb",)]))
    console(file).print("[red]a[/] :smile:")
    assert file.getvalue().splitlines()[2] == "[red]a[/] :smile:"
    assert file.getvalue().splitlines()[1].rstrip() == "[red]a[/]\\x1b[2J\\nb"


@pytest.mark.parametrize(
    ("amount", "shown"),
    [(None, "-"), (0, "0 B"), (999, "999 B"), (1000, "1.0 kB"), (25_000_000, "25 MB")],
)
def test_sizes(amount: int | None, shown: str) -> None:
    assert text.size(amount) == shown


@pytest.mark.parametrize(
    ("seconds", "shown"), [(0.44, "0.4 s"), (59, "59 s"), (252, "4 min 12 s"), (3840, "1 h 4 min")]
)
def test_durations(seconds: float, shown: str) -> None:
    assert text.duration(seconds) == shown


@pytest.mark.parametrize(
    ("minutes", "shown"), [(-5, "0 min"), (89, "89 min"), (90, "1 h"), (4320, "3 days")]
)
def test_ages(minutes: int, shown: str) -> None:
    assert text.age(timedelta(minutes=minutes)) == shown


def test_ids_are_short_for_people_and_full_for_events() -> None:
    full = "daily/app/2026-11-22T020000Z"
    assert short_id(full) == "daily/2026-11-22T020000Z"
    assert {backup_id("app", each) for each in (short_id(full), full)} == {full}
    assert backup_id("app", "random") == "random"
