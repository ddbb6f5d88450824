import pytest

from lifeboat.backup.policy.retry import MAX_RETRY_BYTES, should_retry
from lifeboat.errors import (
    AlreadyTakenError,
    ConnectError,
    EndpointError,
    LifeboatError,
    RowsDifferError,
    StorageError,
    TimeLimitError,
    UnreadableError,
)


def worth(error: LifeboatError, *, moved: int = 0, took: float = 60, left: float = 600) -> bool:
    return should_retry(error, moved=moved, took=took, pause=60, left=left)


UNREACHABLE = ConnectError("No route.", todo="Look.")
REFUSED = ConnectError("Wrong password.", todo="Reset it.", final=True)


@pytest.mark.parametrize(
    "error", [UNREACHABLE, StorageError("503", todo="x"), AlreadyTakenError("x", todo="y")]
)
def test_what_passes_by_itself_is_worth_a_second_try(error: LifeboatError) -> None:
    assert worth(error)


@pytest.mark.parametrize(
    "error",
    [
        REFUSED,
        EndpointError("A pooler.", todo="x"),
        UnreadableError("No right.", todo="x"),
        RowsDifferError("x", todo="y"),
        TimeLimitError("x", todo="y"),
        LifeboatError("x", todo="y"),
    ],
)
def test_what_stays_is_not(error: LifeboatError) -> None:
    assert not worth(error)


def test_what_moved_much_or_leaves_no_time_is_not_tried_again() -> None:
    assert worth(UNREACHABLE, moved=MAX_RETRY_BYTES - 1)
    assert not worth(UNREACHABLE, moved=MAX_RETRY_BYTES)
    assert worth(UNREACHABLE, took=500, left=561)
    assert not worth(UNREACHABLE, took=500, left=560)
