"""What a person sees on stderr while something is downloaded or built."""

import contextlib
import time
from collections.abc import Iterator

from rich.console import Console

_console = Console(stderr=True, highlight=False)


@contextlib.contextmanager
def step(what: str) -> Iterator[None]:
    """Show that `what` is under way, then one line with how long it took."""
    start = time.monotonic()
    with _console.status(f"{what} ..."):
        yield
    _console.print(f"[green]✓[/green] {what} [dim]{time.monotonic() - start:.1f} s[/dim]")
