"""What became of a COMMIT that was not answered is asked, waited for, and else called unknown."""

import threading
from collections.abc import Iterator

import pytest

from lifeboat.errors import StatementError, TimeLimitError
from lifeboat.postgres.connect import Connection
from lifeboat.restore import commit_state
from lifeboat.restore.commit_state import (
    CommitWords,
    certain_transaction,
    transaction_id,
    was_committed,
)
from lifeboat.restore.run import RestoreRun
from lifeboat.runtime.timeouts import set_testing
from tests.support.backup_harness import eventually
from tests.support.restore_harness import STARTED, RestoreHarness
from tests.support.step_faults import Clock, by

WORDS = CommitWords(undone="Undone.", unknown="It is not known.", look="Look first.")


@pytest.fixture
def clock() -> Iterator[Clock]:
    clock = Clock()
    with clock.running():
        yield clock


@pytest.fixture
def run(restores: RestoreHarness, clock: Clock) -> RestoreRun:
    by(restores, remaining=clock.remaining)
    run = restores.run(STARTED, {"action": "list"})
    run.login = restores.backups.read_login()
    return run


def test_a_commit_that_is_still_under_way_is_waited_for(
    restores: RestoreHarness, run: RestoreRun
) -> None:
    with run.begin(), restores.live.connect() as other:
        other.execute("BEGIN")
        number = transaction_id(other)
        with set_testing(commit_seconds=0.3), pytest.raises(StatementError) as caught:
            was_committed(run, number, WORDS)
        assert "in progress" in caught.value.what
        assert (caught.value.safe, caught.value.todo[:11]) == (WORDS.unknown, WORDS.look)
        found: list[bool] = []
        asker = threading.Thread(target=lambda: found.append(was_committed(run, number, WORDS)))
        asker.start()
        asker.join(0.3)
        other.execute("COMMIT")
        asker.join()
    assert found == [True]


def test_a_run_whose_time_is_up_during_commit_does_not_say_that_nothing_was_changed(
    restores: RestoreHarness, run: RestoreRun, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    def last(connection: Connection) -> str:
        number = transaction_id(connection)
        clock.strike()
        return number

    monkeypatch.setattr(commit_state, "transaction_id", last)
    with (
        pytest.raises(TimeLimitError) as caught,
        run.begin(),
        run.session(restores.live.name) as connection,
        certain_transaction(run, connection, WORDS),
    ):
        connection.execute("DELETE FROM public.users")
    assert caught.value.safe == WORDS.unknown
    assert caught.value.todo.startswith(WORDS.look)
    eventually(lambda: restores.live.value("SELECT count(*) FROM users") == 1000)
