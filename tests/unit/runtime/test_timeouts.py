import threading
from dataclasses import asdict
from types import SimpleNamespace
from typing import Any

import pytest

from lifeboat.errors import TimeLimitError
from lifeboat.postgres.cancel_scope import CancelScope, expire_all
from lifeboat.runtime.invocation import seconds_left
from lifeboat.runtime.timeouts import Timeouts, milliseconds, set_testing, timeouts

PRODUCTION = {
    "cancel_seconds": 3,
    "last_call_seconds": 2,
    "settle_seconds": 5,
    "abort_seconds": 4,
    "overtime_seconds": 1,
    "other_run_seconds": 10,
    "other_run_pause_seconds": 1,
    "wake_seconds": 60,
    "wake_pause_seconds": 2,
    "dump_lock_seconds": 2,
    "load_lock_seconds": 10,
    "swap_lock_seconds": 10,
    "commit_seconds": 10,
    "server_start_seconds": 30,
    "server_stop_seconds": 8,
    "server_death_seconds": 0.2,
    "report_seconds": 10,
    "hand_over_seconds": 10,
    "retry_pause_seconds": 60,
    "attempt_seconds": 4,
    "webhook_connect_seconds": 5,
    "webhook_read_seconds": 10,
    "provider_connect_seconds": 5,
    "provider_read_seconds": 20,
    "provider_call_seconds": 60,
    "provider_pause_seconds": 0.5,
    "provider_poll_seconds": 1,
}


def out_of_time() -> TimeLimitError:
    return TimeLimitError("The time is up.", todo="Again.")


def test_outside_of_tests_these_are_the_waits() -> None:
    assert asdict(Timeouts()) == PRODUCTION


def test_what_comes_after_a_runs_end_fits_into_what_is_kept_back_for_it() -> None:
    lambda_says: Any = SimpleNamespace(get_remaining_time_in_millis=lambda: 900_000)
    kept_back = 900 - seconds_left(lambda_says)()
    waits = Timeouts()
    last = ("cancel", "last_call", "settle", "abort", "overtime")
    assert sum(getattr(waits, f"{each}_seconds") for each in last) < kept_back
    assert waits.report_seconds < kept_back


def test_waits_are_changed_for_a_block_only_and_in_all_threads() -> None:
    outside = timeouts()
    seen: list[Timeouts] = []
    with set_testing(abort_seconds=0.1):
        with set_testing(settle_seconds=0.2):
            look = threading.Thread(target=lambda: seen.append(timeouts()))
            look.start()
            look.join()
        assert timeouts().settle_seconds == outside.settle_seconds
        assert timeouts().abort_seconds == 0.1
    assert (seen[0].abort_seconds, seen[0].settle_seconds) == (0.1, 0.2)
    assert timeouts() is outside
    with pytest.raises(ValueError, match="on purpose"), set_testing(abort_seconds=0.1):
        raise ValueError("on purpose")
    assert timeouts() is outside


def test_a_wait_that_does_not_exist_cannot_be_changed() -> None:
    with pytest.raises(TypeError, match="aborting_seconds"), set_testing(aborting_seconds=1):
        pass


def test_postgresql_gets_whole_milliseconds() -> None:
    assert [milliseconds(each) for each in (10, 0.3, 0.0014)] == ["10000ms", "300ms", "1ms"]


def test_a_struck_run_is_out_of_time_and_one_that_is_over_is_not() -> None:
    with CancelScope(60, out_of_time) as over:
        pass
    with CancelScope(60, out_of_time) as scope:
        expire_all()
        with pytest.raises(TimeLimitError):
            scope.check()
    over.check()
