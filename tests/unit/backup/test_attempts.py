from lifeboat.backup.policy.attempts import MAX_ATTEMPTS, pause_before_next


def test_pauses_grow() -> None:
    assert [pause_before_next(n, 1, 900) for n in range(1, MAX_ATTEMPTS)] == [1, 2, 4, 8]


def test_the_last_attempt_is_followed_by_none() -> None:
    assert pause_before_next(MAX_ATTEMPTS, 1, 900) is None


def test_an_attempt_is_begun_only_with_the_time_that_the_last_one_took() -> None:
    assert pause_before_next(1, 300, 302) == 1
    assert pause_before_next(1, 300, 301) is None
