import pytest

from lifeboat.backup.policy.lock_table import LockTable, lock_table_full


@pytest.mark.parametrize(("tables", "locks"), [(1, 65), (100, 65), (101, 66), (7_000, 134)])
def test_a_lock_table_gets_room_for_each_table_beside_what_it_holds(
    tables: int, locks: int
) -> None:
    assert LockTable(64, 100).per_transaction_for(tables) == locks


def test_the_error_has_the_settings_and_what_they_have_to_be() -> None:
    error = lock_table_full(LockTable(64, 100), 7_000)
    assert "all 7,000 tables" in error.what
    assert "max_locks_per_transaction = 64 with 100 connections" in error.what
    assert "about 6,400 locks" in error.what
    assert "Set max_locks_per_transaction to 134 " in error.todo
