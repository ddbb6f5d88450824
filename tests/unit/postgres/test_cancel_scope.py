"""Two things that a run does at the same time: the first failure ends both, and is what is told."""

import threading
from collections.abc import Iterator

import pytest

from lifeboat.errors import CapacityError, TimeLimitError
from lifeboat.postgres.cancel_scope import CancelScope

FULL = CapacityError("The disk is full.", todo="Give more.")


@pytest.fixture
def scope() -> Iterator[CancelScope]:
    with CancelScope(60, lambda: TimeLimitError("The time is up.", todo="Give more.")) as scope:
        yield scope


def fail() -> None:
    raise FULL


def test_what_runs_alongside_gives_its_result(scope: CancelScope) -> None:
    with scope.alongside(lambda: 7) as future:
        assert future.result() == 7
    scope.check()


def test_a_failure_alongside_ends_the_block_and_is_told_instead_of_its_consequence(
    scope: CancelScope,
) -> None:
    with pytest.raises(CapacityError), scope.alongside(fail):  # it has to wait
        scope.pause(30)
    with pytest.raises(CapacityError), scope.alongside(fail) as future:  # noqa: PT012
        future.exception()
        raise ConnectionError("shut down by the scope")


def test_a_failure_of_the_block_ends_what_runs_alongside(scope: CancelScope) -> None:
    ended = threading.Event()

    def wait() -> None:
        try:
            scope.pause(30)
        finally:
            ended.set()

    with pytest.raises(CapacityError), scope.alongside(wait):
        raise FULL
    assert ended.is_set()


def full_disk(scope: CancelScope) -> None:
    """Fail by an error of the system, which the outer block puts into words of ours."""
    try:
        with scope.alongside(lambda: scope.pause(30)):
            raise OSError("No space left on device")  # noqa: TRY301
    except OSError:
        raise FULL from None


def test_a_failure_of_the_block_may_be_put_into_other_words_on_its_way() -> None:
    scope = CancelScope(60, lambda: TimeLimitError("The time is up.", todo="Give more."))
    with pytest.raises(CapacityError), scope:
        full_disk(scope)
