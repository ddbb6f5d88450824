"""Dollars, reckoned by hand beside what the code says."""

from datetime import UTC, datetime, timedelta

import pytest

from lifeboat.model.aws import GIB
from lifeboat.model.prices import US_EAST_1
from lifeboat.model.tiers import Tier, tier_of
from lifeboat.monitor.policy.cost import Cost, monthly_cost
from lifeboat.monitor.policy.facts import StoredVersion
from lifeboat.settings import Retention
from tests.support.seen_bucket import DAY, NEWEST, NOW, location, marker, version

RETENTION = Retention()
KEYS = {tier: f"{tier}/app/2026-11-22T020000Z/archive.dump" for tier in Tier}
LONG_AGO = NOW - 300 * DAY


def cost(*objects: StoredVersion, retention: Retention = RETENTION, region: str = "") -> Cost:
    return monthly_cost(objects, retention, region or "us-east-1", NOW)


def lying(
    tier: Tier, size: int = GIB, storage_class: str = "STANDARD", modified: datetime = LONG_AGO
) -> StoredVersion:
    return version(KEYS[tier], modified, size, storage_class=storage_class)


def test_the_strategys_table_holds_for_two_copies_of_a_gigabyte() -> None:
    """The table says about $0.05 a month in Standard and $0.01 in Glacier for a 1 GIB database.

    That is what two archives of 1 GIB each cost, rounded to cents; a single one costs half of it.
    """
    standard = cost(lying(Tier.DAILY), lying(Tier.DAILY))
    assert standard.total == pytest.approx(2 * 0.023)
    assert round(standard.total, 2) == 0.05
    glacier = cost(
        lying(Tier.DAILY, storage_class="GLACIER"), lying(Tier.DAILY, 1 << 30, "GLACIER")
    )
    assert glacier.total == pytest.approx(2 * 0.0036, rel=0.001)
    assert round(glacier.total, 2) == 0.01


def test_a_gigabyte_a_day_by_the_default_tiers_costs_what_it_costs() -> None:
    """A year of archives of 1 GIB: some 30 in Standard, 9 in Glacier, 11 in Deep Archive."""
    objects = []
    for days in range(365):
        slot = NEWEST - days * DAY
        tier = tier_of(slot, UTC)  # type: ignore[arg-type]
        kept = RETENTION.of(tier)
        if kept.days is not None and days < kept.days:
            cold = days >= kept.hot_days
            objects.append(
                version(
                    location(slot).archive_key,
                    slot,
                    GIB,
                    storage_class=kept.storage_class if cold else "STANDARD",
                )
            )
    in_class = {each.storage_class for each in objects}
    count = {name: sum(each.storage_class == name for each in objects) for name in in_class}
    assert count == {"STANDARD": 30, "GLACIER": 9, "DEEP_ARCHIVE": 11}
    found = cost(*objects)
    assert found.storage == pytest.approx(30 * 0.023 + 9 * 0.0036 + 11 * 0.00099, rel=0.001)
    assert found.early == pytest.approx(9 * 0.0036 * 0.5, rel=0.001)  # 60 of 90 days billed
    assert found.requests == pytest.approx(30 * 130 * 0.005 / 1000, rel=0.02)
    assert found.total == pytest.approx(0.77, abs=0.01)
    assert found.total == pytest.approx(found.storage + found.early + found.requests)


def test_storage_is_reported_by_tier_and_by_class() -> None:
    found = cost(
        lying(Tier.DAILY),
        lying(Tier.MONTHLY, storage_class="DEEP_ARCHIVE"),
        version("drills/app/x.json", LONG_AGO, GIB),
    )
    assert found.by_tier == {
        "daily": pytest.approx(0.023),
        "monthly": pytest.approx(0.00099, rel=0.001),
        "drills": pytest.approx(0.023),
    }
    assert found.early == 0
    assert found.by_class == {
        "STANDARD": pytest.approx(0.046),
        "DEEP_ARCHIVE": pytest.approx(0.00099, rel=0.001),
    }


@pytest.mark.parametrize(
    ("storage_class", "dollars"),
    [
        ("STANDARD", 0.0),
        ("STANDARD_IA", 128 * 1024 * 0.0125 / GIB),
        ("ONEZONE_IA", 128 * 1024 * 0.01 / GIB),
        ("GLACIER_IR", 128 * 1024 * 0.004 / GIB),
        ("GLACIER", (32 * 0.0036 + 8 * 0.023) * 1024 / GIB),
        ("DEEP_ARCHIVE", (32 * 0.00099 + 8 * 0.023) * 1024 / GIB),
    ],
)
def test_even_an_empty_object_costs_what_its_class_adds(storage_class: str, dollars: float) -> None:
    found = cost(lying(Tier.MANUAL, 0, storage_class))
    assert found.storage == pytest.approx(dollars)


@pytest.mark.parametrize(
    ("days", "hot_days", "share"),
    [(120, 30, 0), (90, 30, 0.5), (75, 30, 1), (31, 30, 89), (None, 30, 0)],
)
def test_days_billed_beyond_deletion_are_spread_over_those_before(
    days: int | None, hot_days: int, share: float
) -> None:
    weekly = RETENTION.weekly.model_copy(update={"days": days, "hot_days": hot_days})
    kept = RETENTION.model_copy(update={"weekly": weekly})
    found = cost(lying(Tier.WEEKLY, storage_class="GLACIER"), retention=kept)
    assert found.early == pytest.approx(found.storage * share)


def test_an_archive_in_a_class_that_is_not_its_tiers_is_not_deleted_early() -> None:
    assert cost(lying(Tier.WEEKLY, storage_class="DEEP_ARCHIVE")).early == 0


@pytest.mark.parametrize(
    ("size", "requests"), [(0, 1), (8 << 20, 1), ((8 << 20) + 1, 4), (80 << 20, 12)]
)
def test_uploads_of_the_last_month_are_paid_by_the_part(size: int, requests: int) -> None:
    fresh = lying(Tier.DAILY, size, modified=NOW - 30 * DAY + timedelta(seconds=1))
    assert cost(fresh).requests == pytest.approx(requests * 0.005 / 1000)
    assert cost(lying(Tier.DAILY, size, modified=NOW - 30 * DAY)).requests == 0


@pytest.mark.parametrize(
    ("age", "moved"),
    [(30 * DAY, True), (60 * DAY - timedelta(seconds=1), True), (60 * DAY, False)],
)
def test_moves_of_the_last_month_are_paid(age: timedelta, *, moved: bool) -> None:
    found = cost(lying(Tier.WEEKLY, storage_class="GLACIER", modified=NOW - age))
    assert found.requests == pytest.approx(0.03 / 1000 if moved else 0)


def test_versions_that_are_not_current_are_paid_and_delete_markers_are_not() -> None:
    old = version(KEYS[Tier.DAILY], LONG_AGO, GIB, latest=False)
    assert cost(old, marker(KEYS[Tier.DAILY], NOW)).total == pytest.approx(0.023)


def test_nothing_costs_nothing() -> None:
    assert cost().total == 0


def test_it_is_said_whose_prices_these_are() -> None:
    (own,) = cost(lying(Tier.DAILY)).notes
    assert own == "Prices of us-east-1 as of 2026-10-01."
    other = cost(lying(Tier.DAILY), region="eu-central-1").notes[0]
    assert other == "Prices of us-east-1 as of 2026-10-01, as none are known for eu-central-1."


def test_a_class_without_a_price_is_reckoned_as_standard_and_said_to_be() -> None:
    found = cost(lying(Tier.DAILY, storage_class="INTELLIGENT_TIERING"))
    assert found.storage == pytest.approx(0.023)
    assert "Estimated as STANDARD: INTELLIGENT_TIERING." in found.notes


def test_colder_is_cheaper() -> None:
    assert list(US_EAST_1.storage.values()) == sorted(US_EAST_1.storage.values(), reverse=True)
