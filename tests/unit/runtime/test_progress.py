"""Who watches a run reads each new step at once, and its figures every few seconds."""

from lifeboat.runtime.progress import EVERY_SECONDS, Progress, ProgressReporter, is_due
from lifeboat.runtime.stopwatch import Stopwatch


class Watched:
    """A reporter with a clock of its own, and what it told."""

    def __init__(self) -> None:
        self.now = 100.0
        self.told: list[Progress] = []
        self.reporter = ProgressReporter(self.told.append, lambda: self.now)


def test_a_new_step_is_told_at_once_and_without_the_figures_of_the_last_one() -> None:
    run = Watched()
    run.reporter.step("archive", new=True)
    run.now += 6
    run.reporter.update(size=10, tables=1, of_tables=3)
    run.now += 0.1
    run.reporter.step("publish", new=True)
    assert run.told == [
        Progress(step="archive", seconds=0.0),
        Progress(step="archive", seconds=6.0, bytes=10, tables=1, of_tables=3),
        Progress(step="publish", seconds=6.1),
    ]


def test_figures_of_one_step_are_told_at_most_every_five_seconds() -> None:
    run = Watched()
    run.reporter.step("archive", new=True)
    for tick in range(1, 121):
        run.now = 100 + tick / 10
        run.reporter.update(size=tick)
    assert [(each.seconds, each.bytes) for each in run.told[1:]] == [(5.0, 50), (10.0, 100)]


def test_a_figure_is_due_after_the_pause_and_when_nothing_was_told_yet() -> None:
    assert is_due(None, 0)
    assert is_due(10, 10 + EVERY_SECONDS)
    assert not is_due(10, 9.9 + EVERY_SECONDS)


def test_phases_are_steps_and_the_end_of_one_is_no_news() -> None:
    run, phases = Watched(), Stopwatch()
    phases.on_change = lambda phase, begun: run.reporter.step(phase, new=begun)
    with phases.timed("fetch"):
        starting = phases.timed("start")
        starting.__enter__()
        starting.__exit__(None, None, None)
        run.now += 5
        run.reporter.update(size=1)
    assert [each.step for each in run.told] == ["fetch", "fetch and start", "fetch"]
