"""What it takes to read an archive that S3 keeps cold."""

from datetime import UTC, datetime

import pytest

from lifeboat.model.aws import COLD
from lifeboat.model.thaw import SPEEDS, StorageState, price, speed_of, storage_state


def test_what_lies_hot_can_be_read_at_once() -> None:
    state = storage_state(None, None)
    assert state == StorageState("STANDARD")
    assert state.is_readable
    assert state.description == "readable now (STANDARD)"


def test_instant_retrieval_is_not_cold() -> None:
    assert storage_state("GLACIER_IR", None).is_readable


@pytest.mark.parametrize(
    ("storage_class", "takes"), [("GLACIER", "3 to 5 hours"), ("DEEP_ARCHIVE", "up to 12 hours")]
)
def test_what_lies_cold_says_how_long_a_thaw_takes(storage_class: str, takes: str) -> None:
    state = storage_state(storage_class, None)
    assert not state.is_readable
    assert takes in state.description


def test_a_thaw_under_way_is_seen() -> None:
    state = storage_state("GLACIER", 'ongoing-request="true"')
    assert (state.thawing, state.is_readable) == (True, False)
    assert "being thawed" in state.description


def test_what_was_thawed_can_be_read_until_it_expires() -> None:
    state = storage_state(
        "DEEP_ARCHIVE", 'ongoing-request="false", expiry-date="Fri, 23 Dec 2026 00:00:00 GMT"'
    )
    assert state.is_readable
    assert state.readable_until == datetime(2026, 12, 23, tzinfo=UTC)
    assert "thawed until 2026-12-23 00:00 UTC" in state.description


def test_a_class_that_knows_no_expedited_thaw_gets_the_standard_one() -> None:
    assert speed_of("DEEP_ARCHIVE", "Expedited")[0] == "Standard"
    assert speed_of("GLACIER", "Expedited")[0] == "Expedited"


def test_faster_is_never_cheaper() -> None:
    assert SPEEDS.keys() == COLD
    for storage_class in COLD:
        speeds = list(SPEEDS[storage_class].values())
        assert [each.hours for each in speeds] == sorted(each.hours for each in speeds)
        prices = [price(10**11, each, objects=1, days=3) for each in speeds]
        assert prices == sorted(prices, reverse=True)


def test_the_price_is_of_bytes_requests_and_days() -> None:
    _, speed = speed_of("GLACIER", "Standard")
    assert price(1 << 30, speed, objects=1, days=30) == pytest.approx(0.01 + 0.00005 + 0.023)
