"""The driver adds nothing to what a run says that has shut its connections down."""

from collections.abc import Callable

import pytest

from lifeboat.errors import TimeLimitError
from lifeboat.postgres.cancel_scope import CancelScope
from tests.support.backup_harness import Database

OVER = TimeLimitError("The time is up.", todo="Give more.")


def test_the_driver_says_nothing_of_what_cannot_be_rolled_back(
    new_database: Callable[..., Database], caplog: pytest.LogCaptureFixture
) -> None:
    with (  # noqa: PT012
        pytest.raises(TimeLimitError),
        CancelScope(60, lambda: OVER) as scope,
        new_database().connect() as connection,
        connection.transaction(),
    ):
        scope.add_connection(connection)
        scope.fail(OVER)
        raise OVER
    assert caplog.messages == []
