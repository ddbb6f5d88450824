"""Phases of a run are timed, also those that overlap."""

from lifeboat.runtime.stopwatch import Stopwatch


def test_overlapping_phases_are_all_named() -> None:
    seconds = iter(range(100))
    phases = Stopwatch(clock=lambda: float(next(seconds)))
    assert phases.phase == "start"
    fetching, starting = phases.timed("fetch"), phases.timed("server")
    fetching.__enter__()
    starting.__enter__()
    assert phases.phase == "fetch and server"
    starting.__exit__(None, None, None)
    assert phases.phase == "fetch"
    fetching.__exit__(None, None, None)
    assert phases.phase == "fetch"
    assert phases.seconds == {"server": 1.0, "fetch": 3.0}
