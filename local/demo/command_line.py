"""Commands of the demo: `lifeboat` itself, in a terminal that really types."""

import os
import re
import sys
from collections.abc import Sequence
from pathlib import Path

import pexpect
from rich.markup import escape

from local.demo.environment import DemoEnvironment, DemoError, console

PROGRAM = Path(sys.executable).parent / "lifeboat"
COMMAND_SECONDS = 300

NOT_SAFE = 4
"""What `lifeboat status` ends with when a database is not safe."""

type Typed = tuple[str, str]
"""A part of a question, and what a person answers."""


def type_command(
    environment: DemoEnvironment, *words: str, typed: Sequence[Typed] = (), ends_with: int = 0
) -> str:
    """Type a command as a person would, show what it prints, and return that.

    Args:
        environment: the running demo.
        words: of the command, without `lifeboat`.
        typed: what the command asks, in order, and the answers.
        ends_with: the exit code that it must have.

    Raises:
        DemoError: it asked something else, took too long, or ended otherwise.
    """
    shown = " ".join(word if re.fullmatch(r"[\w./:@=-]+", word) else f'"{word}"' for word in words)
    console.print(f"\n[bold]$ lifeboat {escape(shown)}[/]", soft_wrap=True)
    child = pexpect.spawn(
        str(PROGRAM),
        list(words),
        env=environment.aws.environment() | _terminal(),
        dimensions=(24, min(console.width, 120)),
        encoding="utf-8",
        timeout=COMMAND_SECONDS,
    )
    printed = _Printed()
    child.logfile_read = printed
    try:
        for question, answer in typed:
            child.expect_exact(question)
            child.sendline(answer)
        child.expect_exact(pexpect.EOF)
    except (pexpect.TIMEOUT, pexpect.EOF) as error:
        raise DemoError(
            f"lifeboat {shown} did not ask what it should: {type(error).__name__}",
            todo="Report it, with the lines above.",
        ) from None
    finally:
        child.close(force=True)
    if child.exitstatus != ends_with:
        raise DemoError(
            f"lifeboat {shown} ended with {child.exitstatus}, not with {ends_with}.",
            todo="Do what it says above, or report it.",
        )
    return printed.text


def _terminal() -> dict[str, str]:
    """The terminal of the command is ours: it shows colours and progress only where we do."""
    plain = {} if console.is_terminal else {"NO_COLOR": "1"}
    return {"TERM": os.environ.get("TERM", "xterm") if console.is_terminal else "dumb"} | plain


class _Printed:
    """Passes on what a command prints, and keeps it."""

    def __init__(self) -> None:
        self.text = ""

    def write(self, text: str) -> None:
        self.text += text
        console.file.write(text.replace("\r\n", "\n"))

    def flush(self) -> None:
        console.file.flush()
