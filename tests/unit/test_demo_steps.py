"""What a terminal shows while the demo waits for something that shows steps of its own."""

from io import StringIO

import pytest
from rich.console import Console

from layers import progress
from local import tables
from local.demo import environment
from tests.support.drill_samples import REPORT


def test_a_step_within_a_step_has_a_line_of_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    written = StringIO()
    console = Console(file=written, force_terminal=True, highlight=False, width=80)
    monkeypatch.setattr(environment, "console", console)
    before = progress._console
    with environment.step("Layers"), progress.step("Downloading"):
        assert progress._console is console
    assert progress._console is before
    assert "Downloading" in written.getvalue()


def test_a_fast_drill_does_not_end_before_its_own_target() -> None:
    console = Console(file=StringIO())
    with console.capture() as shown:
        console.print(tables.drill_summary(REPORT))
    title, _, _ = shown.get().partition("┏")
    assert " ".join(title.split()).endswith("proven in 41.5 s, the target (RTO) is 1 h")
