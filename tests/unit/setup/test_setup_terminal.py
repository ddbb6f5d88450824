"""What setup leaves on a terminal of 80 columns."""

import io
import re
import sys
from collections.abc import Iterator

import pexpect
import pyte

SPINNER = "⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏"
SCRIPT = """
import time
from layers.progress import step
from lifeboat_setup.terminal import Terminal

with Terminal(interactive=True).doing("Building what a drill's server has"):
    with step("Building a server"):
        time.sleep(0.3)
        with step("Downloading PostgreSQL"):
            time.sleep(0.6)
        time.sleep(0.3)
"""


def screens(raw: bytes) -> Iterator[list[str]]:
    """What the terminal shows after each character that arrives."""
    screen = pyte.Screen(80, 30)
    stream = pyte.ByteStream(screen)
    for piece in re.split(rb"(?<=[\r\n])", raw):
        stream.feed(piece)
        yield [line.rstrip() for line in screen.display if line.strip()]


def test_steps_within_steps_leave_no_dead_spinners() -> None:
    child = pexpect.spawn(sys.executable, ["-c", SCRIPT], dimensions=(30, 80), timeout=30)
    child.logfile_read = raw = io.BytesIO()
    child.expect(pexpect.EOF)
    child.close()
    *during, last = screens(raw.getvalue())
    assert child.exitstatus == 0, last
    assert [line.split()[:2] for line in last] == [["✓", "Downloading"], ["✓", "Building"]]
    for seen in during:
        assert max((sum(each in SPINNER for each in line) for line in seen), default=0) <= 1, seen
