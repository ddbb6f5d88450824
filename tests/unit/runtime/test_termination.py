"""A process that is asked to end: what ends, what does not begin, and what it never notices."""

import signal
import threading
import time
from collections.abc import Iterator

import pytest

from lifeboat.errors import LifeboatError, TerminatedError
from lifeboat.runtime.termination import (
    ended_by_signals,
    heeding_signals,
    pause,
    require_unasked,
)


@pytest.fixture(autouse=True)
def heeded() -> Iterator[None]:
    before = signal.signal(signal.SIGHUP, signal.SIG_DFL)
    try:
        with heeding_signals():
            yield
    finally:
        signal.signal(signal.SIGHUP, before)


def ask(number: signal.Signals = signal.SIGTERM) -> None:
    signal.raise_signal(number)
    with pytest.raises(TerminatedError):
        pause(60)


def test_what_runs_is_told_in_another_thread_and_only_once() -> None:
    told: list[LifeboatError] = []
    threads: list[threading.Thread] = []
    done = threading.Event()

    def end(error: LifeboatError) -> None:
        told.append(error)
        threads.append(threading.current_thread())
        done.set()

    with ended_by_signals(end):
        ask()
        assert done.wait(60)
        ask(signal.SIGHUP)
    assert [error.what for error in told] == ["The run was ended from outside (SIGTERM)."]
    assert threads != [threading.main_thread()]


def test_nothing_begins_after_that() -> None:
    ask()
    with pytest.raises(TerminatedError), ended_by_signals(print):
        pytest.fail("it began")


def test_what_is_over_is_not_ended() -> None:
    told: list[LifeboatError] = []
    with ended_by_signals(told.append):
        pass
    ask()
    assert told == []


def test_a_pause_ends_at_once() -> None:
    begun = time.monotonic()
    threading.Timer(0.1, signal.raise_signal, [signal.SIGTERM]).start()
    with pytest.raises(TerminatedError):
        pause(600)
    assert time.monotonic() - begun < 600


def test_an_ignored_signal_stays_ignored() -> None:
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        with heeding_signals():
            signal.raise_signal(signal.SIGHUP)
            pause(0.05)
            require_unasked()
    finally:
        signal.signal(signal.SIGHUP, before)


def test_without_anybody_who_listens_runs_go_their_way() -> None:
    with ended_by_signals(print):
        require_unasked()
        pause(0)


def test_who_comes_after_it_was_not_asked() -> None:
    with heeding_signals():
        ask()
    require_unasked()
