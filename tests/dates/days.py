"""Which days are tried, and why each."""

import hashlib
import random
from datetime import UTC, datetime


def _at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


DAYS = {
    _at("2027-01-20T14:00"): "a Wednesday, on which nothing special is due",
    _at("2027-02-07T02:10"): "a Sunday's backup has just begun: the weekly tier",
    _at("2027-03-01T02:30"): "the 1st and a Monday: the monthly tier, and the day of drills",
    _at("2027-03-28T01:20"): "clocks in Europe have just been put forward",
    _at("2027-10-31T00:40"): "clocks in Europe are put back: an hour that comes twice",
    _at("2027-11-07T06:10"): "clocks in the United States have just been put back",
    _at("2028-02-29T12:00"): "a day that most years do not have",
    _at("2027-12-31T23:58"): "the year ends during the tests",
    _at("2027-04-26T06:05"): "a Monday: the drill is overdue in a few minutes' time",
    _at("2036-12-04T05:00"): "ten years on",
}


def drawn(seed: str, count: int) -> list[datetime]:
    """Some of the days, the same ones for the same seed."""
    number = int.from_bytes(hashlib.sha256(seed.encode()).digest())
    return random.Random(number).sample(sorted(DAYS), count)  # noqa: S311  # no secret
