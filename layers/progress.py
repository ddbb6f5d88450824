"""What a person sees on stderr while something is downloaded or built."""

import contextlib
import time
from collections.abc import Iterator

from rich.console import Console
from rich.text import Text

_console = Console(stderr=True, highlight=False)


@contextlib.contextmanager
def shown_on(console: Console) -> Iterator[None]:
    """Show steps on that console meanwhile: two consoles would write into one another's lines."""
    global _console  # noqa: PLW0603  # whoever downloads or builds knows nothing of the terminal
    before, _console = _console, console
    try:
        yield
    finally:
        _console = before


@contextlib.contextmanager
def step(what: str) -> Iterator[None]:
    """Show that `what` is under way, then one line with how long it took."""
    start = time.monotonic()
    with _console.status(f"{what} ..."):
        yield
    took = (f"{time.monotonic() - start:.1f} s", "dim")
    _console.print(Text.assemble(("✓", "green"), f" {what} ", took))
