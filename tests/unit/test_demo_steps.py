"""What a terminal shows while the demo waits for something that shows steps of its own."""

import sys
from io import StringIO

import pexpect
import pyte
import pytest
from rich.console import Console

from layers import progress
from local.demo import environment


def test_a_step_within_a_step_has_a_line_of_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    written = StringIO()
    console = Console(file=written, force_terminal=True, highlight=False, width=80)
    monkeypatch.setattr(environment, "console", console)
    before = progress._console
    with environment.step("Layers"), progress.step("Downloading"):
        assert progress._console is console
    assert progress._console is before
    assert "Downloading" in written.getvalue()


STEPS = """
import time
from layers import progress
from local.demo.environment import step
with step("Layers: PostgreSQL's programs, servers of five majors, libraries"):
    with progress.step("Building the PostgreSQL server layer for x86_64"):
        time.sleep(0.3)
with step("CloudWatch's alarm notifies, too, in case the monitor can't"):
    time.sleep(0.3)
"""


@pytest.mark.parametrize("columns", [80, 120])
def test_a_terminal_is_left_with_one_line_for_each_step(columns: int) -> None:
    child = pexpect.spawn(
        sys.executable, ["-c", STEPS], dimensions=(24, columns), encoding="utf-8", timeout=60
    )
    screen = pyte.Screen(columns, 24)
    pyte.Stream(screen).feed(child.read())
    child.close()
    assert child.exitstatus == 0
    left = [line.rstrip() for line in screen.display if line.strip()]
    assert [line[0] for line in left] == ["✓"] * 3, left
