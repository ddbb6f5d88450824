"""When a request to Neon is repeated, and what becomes of its words."""

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lifeboat.errors import ProviderContractError, ProviderError, RefusedError
from lifeboat.neon.answers import BranchesAnswer, ScheduleAnswer, SnapshotsAnswer, read
from lifeboat.neon.policy.refusals import Refusal, operation_failed
from lifeboat.neon.policy.retry import Failure, pause_before_retry, seconds_to_wait
from lifeboat.neon.policy.wire import identifier, path_name, wire_moment, wire_second
from lifeboat.neon.records import Operation, OperationStatus

KEY = "napi_s3cr3t0bait1234567890"
NOW = datetime(2026, 11, 22, 9, 0, tzinfo=UTC)


def failed(
    status: int | None, *, reading: bool = False, attempts: int = 1, asked: float | None = None
) -> Failure:
    return Failure(status=status, reading=reading, attempts=attempts, retry_after=asked)


def pause(failure: Failure, left: float = 60.0) -> float | None:
    return pause_before_retry(failure, first_pause=0.5, left=left)


@pytest.mark.parametrize("reading", [True, False])
def test_only_three_statuses_are_repeated_whatever_the_request(*, reading: bool) -> None:
    statuses = range(100, 600)
    again = {each for each in statuses if pause(failed(each, reading=reading)) is not None}
    assert again == {423, 429, 503}


def test_without_an_answer_only_reading_is_repeated() -> None:
    assert pause(failed(None, reading=True)) == 0.5
    assert pause(failed(None)) is None


def test_a_limit_of_the_plan_is_not_waited_for() -> None:
    limited = Failure(status=423, reading=True, attempts=1, limited=True)
    assert pause(limited) is None


def test_pauses_double_up_to_a_limit_and_end_with_the_time() -> None:
    pauses = [pause(failed(503, attempts=each)) for each in range(1, 8)]
    assert pauses == [0.5, 1, 2, 4, 8, 8, 8]
    assert pause(failed(503, attempts=10**6)) == 8
    assert pause(failed(503), left=0.5) is None
    assert pause(failed(503), left=0.51) == 0.5


def test_what_the_api_asks_for_is_neither_shortened_nor_exceeded() -> None:
    assert pause(failed(429, attempts=5, asked=3)) == 3
    assert pause(failed(429, asked=0)) == 0
    assert pause(failed(429, asked=59.9)) == 59.9
    assert pause(failed(429, asked=60)) is None


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        ("7", 7),
        (" 0 ", 0),
        ("Sun, 22 Nov 2026 09:01:00 GMT", 60),
        ("Sun, 22 Nov 2026 08:00:00 GMT", 0),
        (None, None),
        ("", None),
        ("-1", None),
        ("1.5", None),
        ("1e9", None),
        ("٣", None),
        ("9" * 400, None),
        ("soon", None),
        ("Sun, 22 Nov 2026 09:01:00", None),
        ("Sun, 99 Nov 2026 09:01:00 GMT", None),
    ],
)
def test_the_header_is_seconds_or_a_date_or_nothing(
    header: str | None, seconds: float | None
) -> None:
    assert seconds_to_wait(header, NOW) == seconds


@given(st.text())
def test_no_header_is_a_crash_or_a_negative_wait(header: str) -> None:
    waited = seconds_to_wait(header, NOW)
    assert waited is None or waited >= 0


@given(st.integers(100, 599), st.binary(max_size=200))
def test_every_answer_comes_to_an_error_with_three_answers(status: int, body: bytes) -> None:
    error = Refusal.of(status, body, KEY).error("read it")
    assert isinstance(error, ProviderError)
    assert [each.split(":")[0] for each in str(error).splitlines()] == [
        "Could not read it",
        "Safe",
        "Next",
    ]


@pytest.mark.parametrize(
    "spelling", [KEY, KEY.replace("_", "\\u005f"), "".join(f"\\u{ord(each):04x}" for each in KEY)]
)
def test_the_key_is_removed_however_json_spells_it(spelling: str) -> None:
    body = f'{{"message": "no {spelling}", "code": "{spelling}", "request_id": "{spelling}"}}'
    refusal = Refusal.of(400, body.encode(), KEY)
    assert KEY not in f"{refusal} {refusal.error('x')}"
    assert "***" in str(refusal.error("x"))


@pytest.mark.parametrize("body", [b"<html>Bad gateway</html>", b"", b"[]", b'{"code": 7}'])
def test_an_answer_of_somebody_else_is_told_by_its_status_alone(body: bytes) -> None:
    error = Refusal.of(502, body, KEY).error("read it")
    assert error.what == "Could not read it: Neon answers HTTP 502."


def test_a_refusal_names_the_request_for_neons_support_if_it_looks_like_one() -> None:
    body = '{{"message": "no", "code": "", "request_id": "{}"}}'
    named = Refusal.of(500, body.format("ab-12").encode(), KEY).error("x")
    assert named.what == 'Could not x: Neon answers HTTP 500, "no" (request ab-12).'
    odd = Refusal.of(500, body.format("a b").encode(), KEY).error("x")
    assert odd.what == 'Could not x: Neon answers HTTP 500, "no".'


def test_a_rate_limit_is_no_limit_of_the_plan() -> None:
    body = b'{"message": "slow down", "code": "RATE_LIMIT_EXCEEDED"}'
    assert not Refusal.of(429, body, KEY).limited
    assert not Refusal.of(503, body, KEY).limited
    assert Refusal.of(422, body, KEY).limited


@pytest.mark.parametrize(("status", "ended"), [("error", True), ("cancelling", False)])
def test_an_operation_has_ended_or_not(status: str, *, ended: bool) -> None:
    assert OperationStatus(status).failed == ended
    good = {each for each in OperationStatus if each.succeeded}
    bad = {each for each in OperationStatus if each.failed}
    assert (len(good), len(bad), good & bad) == (2, 3, set())


def test_the_reason_of_an_operation_is_told_without_the_key() -> None:
    operation = Operation(
        id="a07f8772-1877-4da9-a939-3a3ae62d1d8d",
        action="start_compute",
        status=OperationStatus.FAILED,
        error=f"{'x' * 395}{KEY}\nNext: pay",
        failures_count=3,
    )
    told = operation_failed(operation, KEY).what
    assert KEY[:8] not in told
    assert "\n" not in told
    silent = operation.model_copy(update={"error": None})
    assert "it gives no reason" in operation_failed(silent, KEY).what


@pytest.mark.parametrize(
    "value", ["", "A", "a/b", "a_b", "..", "a" * 61, "é", "a\n", "a?b", "a%2fb"]
)
def test_what_is_no_id_never_gets_into_a_url(value: str) -> None:
    with pytest.raises(RefusedError):
        identifier(value)


@pytest.mark.parametrize("name", ["", ".", "..", "..."])
def test_a_name_that_is_a_step_in_a_path_never_gets_into_a_url(name: str) -> None:
    """A client would send the deletion of a database called ".." as that of its branch."""
    with pytest.raises(RefusedError, match="dots"):
        path_name(name)


@pytest.mark.parametrize("name", ["app", "../o/ther", ".a", "a?b", "é", " "])
def test_any_other_name_of_a_database_is_one(name: str) -> None:
    assert path_name(name) == name


def test_times_are_sent_in_utc_and_never_later_than_asked() -> None:
    berlin = datetime(2026, 11, 22, 10, 0, 0, 999_999, timezone(timedelta(hours=1)))
    assert wire_moment(berlin) == "2026-11-22T09:00:00.999999Z"
    assert wire_second(berlin) == "2026-11-22T09:00:00Z"
    with pytest.raises(ValueError, match="no time zone"):
        wire_moment(datetime(2026, 11, 22))  # noqa: DTZ001


def test_a_time_that_is_left_empty_is_none_and_one_that_is_no_text_is_refused() -> None:
    body = '{{"snapshots": [{{"id": "x", "name": "y", "created_at": "{}", "expires_at": {}}}]}}'

    def expires(at: str) -> datetime | None:
        said = body.format("2026-11-22T09:00:00+02:00", at).encode()
        return read(SnapshotsAnswer, said, purpose="x", key=KEY).snapshots[0].expires_at

    assert expires('""') is None
    assert expires("null") is None
    assert expires('"2026-11-22T09:00:00Z"') == NOW
    for wrong in ("7", '"2026-11-22T09:00:00"', '"soon"', "[]"):
        with pytest.raises(ProviderContractError, match=r"snapshots\.0\.expires_at"):
            expires(wrong)


def test_an_answer_that_does_not_fit_is_told_by_its_first_fields_only() -> None:
    items = ", ".join('{"frequency": "sometimes"}' for _ in range(9))
    with pytest.raises(ProviderContractError) as caught:
        read(ScheduleAnswer, f'{{"schedule": [{items}]}}'.encode(), purpose="read it", key=KEY)
    assert caught.value.what.count("frequency") == 3
    assert caught.value.what.endswith("; and 6 more.")
    assert "sometimes" not in caught.value.what


@given(st.binary(max_size=300))
def test_whatever_neon_answers_is_read_or_refused(body: bytes) -> None:
    with pytest.raises(ProviderContractError) as caught:
        read(BranchesAnswer, body, purpose="x", key=KEY)
    assert caught.value.__context__ is None
