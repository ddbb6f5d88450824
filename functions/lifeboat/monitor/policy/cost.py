"""What the backups in the bucket cost a month, estimated from the objects that are there."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from lifeboat.model.aws import (
    COLD,
    COLD_INDEX_BYTES,
    COLD_NAME_BYTES,
    GIB,
    MIN_BILLED_BYTES,
    MIN_BILLED_DAYS,
    MONTH,
)
from lifeboat.model.prices import AS_OF, Prices, prices_in
from lifeboat.model.tiers import Tier
from lifeboat.monitor.policy.facts import StoredVersion
from lifeboat.settings import Retention

_PART = 8 << 20
"""Archives are uploaded in parts of at least that size, a request each."""


@dataclass(frozen=True, kw_only=True)
class Cost:
    """Dollars per month, if the next month is like the last one.

    Attributes:
        by_tier: storage by the first part of the key: a tier or "drills".
        by_class: storage by storage class.
        requests: uploads and moves by lifecycle rules in the last 30 days.
        early: the charge for days after the deletion, if a tier keeps backups in a class for fewer
            days than S3's minimum; spread over the days that they are kept.
        notes: the region of the prices, and storage classes without a known price.
    """

    by_tier: Mapping[str, float]
    by_class: Mapping[str, float]
    requests: float
    early: float
    notes: tuple[str, ...]

    @property
    def storage(self) -> float:
        """Dollars for storage."""
        return sum(self.by_class.values())

    @property
    def total(self) -> float:
        """Dollars for everything."""
        return self.storage + self.requests + self.early


def monthly_cost(
    objects: Iterable[StoredVersion], retention: Retention, region: str, now: datetime
) -> Cost:
    """What the objects cost per month, with noncurrent versions.

    Args:
        objects: of one database or more.
        retention: how long each tier stays in its class.
        region: of the bucket.
        now: the end of the month that is estimated.
    """
    prices = prices_in(region)
    by_tier: defaultdict[str, float] = defaultdict(float)
    by_class: defaultdict[str, float] = defaultdict(float)
    requests = early = 0.0
    for each in objects:
        if each.deleted:
            continue
        tier, age = each.key.partition("/")[0], now - each.modified
        stored = _storage(each, prices)
        by_tier[tier] += stored
        by_class[each.storage_class] += stored
        early += stored * _unused_share(tier, each.storage_class, retention)
        requests += _puts(each) * prices.put / 1000 if age < MONTH else 0
        requests += (
            _move(tier, each, age, retention) * prices.transition.get(each.storage_class, 0) / 1000
        )
    return Cost(
        by_tier=dict(by_tier),
        by_class=dict(by_class),
        requests=requests,
        early=early,
        notes=_notes(prices, region, by_class),
    )


def _storage(each: StoredVersion, prices: Prices) -> float:
    standard = prices.storage["STANDARD"]
    price = prices.storage.get(each.storage_class, standard)
    billed = max(each.bytes, MIN_BILLED_BYTES.get(each.storage_class, 0))
    if each.storage_class not in COLD:
        return billed * price / GIB
    return ((billed + COLD_INDEX_BYTES) * price + COLD_NAME_BYTES * standard) / GIB


def _unused_share(tier: str, storage_class: str, retention: Retention) -> float:
    """The share of billed days, by S3's minimum, in which a tier's backups are already deleted."""
    if tier not in Tier:
        return 0.0
    kept = retention.of(Tier(tier))
    if kept.days is None or storage_class != kept.storage_class:
        return 0.0
    stays = max(kept.days - kept.hot_days, 1)
    return max(MIN_BILLED_DAYS.get(storage_class, 0) / stays - 1, 0.0)


def _puts(each: StoredVersion) -> int:
    """The most requests of its upload: parts, start and end; a small object needs one."""
    parts = -(-each.bytes // _PART)
    return parts + 2 if parts > 1 else 1


def _move(tier: str, each: StoredVersion, age: timedelta, retention: Retention) -> int:
    """Whether a lifecycle rule has moved it within the last month."""
    if tier not in Tier:
        return 0
    kept = retention.of(Tier(tier))
    if each.storage_class != kept.storage_class:
        return 0
    moved = timedelta(days=kept.hot_days)
    return int(moved <= age < moved + MONTH)


def price_note(prices: Prices, region: str) -> str:
    """A sentence about the region and the date of the prices."""
    other = f", as none are known for {region}" if prices.region != region else ""
    return f"Prices of {prices.region} as of {AS_OF}{other}."


def _notes(prices: Prices, region: str, by_class: Mapping[str, float]) -> tuple[str, ...]:
    strange = sorted(set(by_class) - set(prices.storage))
    unknown = [f"Estimated as STANDARD: {', '.join(strange)}."] if strange else []
    return price_note(prices, region), *unknown
