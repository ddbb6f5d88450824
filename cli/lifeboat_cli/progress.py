"""How the progress of a run is shown: one living line in a terminal, else one line a step."""

from __future__ import annotations

import time
from datetime import timedelta
from typing import TYPE_CHECKING

from rich.live import Live
from rich.text import Text

from lifeboat_cli.text import age, clock, safe_line, size

if TYPE_CHECKING:
    from types import TracebackType

    from lifeboat_cli.context import Context
    from lifeboat_cli.jobs import Job
    from lifeboat_cli.run_log import Progress

_HINT = "(Ctrl-C stops watching, not the run)"


def figures(progress: Progress) -> str:
    """What is known of a step: archive  31 of 48 tables  142 MB."""
    parts = [safe_line(progress.step)]
    if progress.tables is not None:
        of = f" of {progress.of_tables}" if progress.of_tables is not None else ""
        parts.append(f"{progress.tables}{of} tables")
    if progress.bytes is not None:
        parts.append(size(progress.bytes))
    return "  ".join(parts)


class Display:
    """Shows a run's progress on standard error while its block lasts; nothing with --quiet.

    Args:
        context: of the command.
        doing: what is done, such as "Backing up app".
    """

    def __init__(self, context: Context, doing: str) -> None:
        self._context = context
        self._doing = safe_line(doing)
        self._begun = time.monotonic()
        self._progress: Progress | None = None
        self._job: Job | None = None
        living = (
            context.err.is_terminal
            and not context.err.is_dumb_terminal
            and not context.options.quiet
        )
        self._live = (
            Live(
                get_renderable=self._line,
                console=context.err,
                transient=True,
                refresh_per_second=4,
                redirect_stdout=False,
                redirect_stderr=False,
            )
            if living
            else None
        )

    def show(self, progress: Progress) -> None:
        """Show a newer progress."""
        new = self._progress is None or progress.step != self._progress.step
        self._begun = min(self._begun, time.monotonic() - progress.seconds)
        self._progress = progress
        if self._live is None and new:
            self._context.say(f"{clock(progress.seconds):>5}  {figures(progress)}")

    def handed_over(self, job: Job) -> None:
        """Say, once, that the run goes on as a job, why, and how long that takes."""
        if self._job:
            return
        self._job, self._progress, self._begun = job, None, time.monotonic()
        expected = timedelta(seconds=max(job.expected_seconds or 0, 60))
        takes = f" That takes about {age(expected)}." if job.expected_seconds else ""
        self._context.say(
            f"Runs as a job: {safe_line(job.reason).rstrip('.')}.{takes} It waits for a machine"
            " first, mostly a minute or two."
        )
        self._context.say(f"Its build: {safe_line(job.build)}")

    def _line(self) -> Text:
        waits = "waiting for a machine" if self._job else "starting"
        known = figures(self._progress) if self._progress else waits
        elapsed = clock(time.monotonic() - self._begun)
        words = f"{self._doing}  {elapsed}  {known}  {_HINT}"
        return Text(words, no_wrap=True, overflow="ellipsis")

    def __enter__(self) -> Display:  # noqa: PYI034  # typing has no Self in Python 3.9
        """Show that it begins."""
        if self._live:
            self._live.start()
        else:
            self._context.say(self._doing)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Remove the living line."""
        if self._live:
            self._live.stop()
