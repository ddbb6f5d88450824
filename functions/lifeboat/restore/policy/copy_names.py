"""Names of the databases that a restore makes beside the live one."""

import re
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Literal

from lifeboat.model.utc import require_utc_second

type Kind = Literal["restored", "tables", "before"]

_LONGEST = 63
"""Bytes of a name that PostgreSQL keeps (NAMEDATALEN - 1)."""

_NAME = re.compile(r"(.+)_(restored|tables|before)_([0-9]{8}t[0-9]{6}z)", re.DOTALL)
_MOMENT = "%Y%m%dt%H%M%Sz"
_KINDS: dict[str, Kind] = {"restored": "restored", "tables": "tables", "before": "before"}


@dataclass(frozen=True)
class Copy:
    """What the name of such a database tells.

    Attributes:
        base: the live database's name, or as much of it as there was room for.
        kind: a restored copy, one of some tables only, or what was live before a swap.
        moment: when it was made or moved aside, in UTC.
    """

    base: str
    kind: Kind
    moment: datetime

    @property
    def is_cut(self) -> bool:
        """Whether `base` may be only a part of the live database's name."""
        return len(name_of(self.base, self.kind, self.moment).encode()) > _LONGEST - 4


def name_of(live: str, kind: Kind, moment: datetime) -> str:
    """A name beside `live` that needs no quotes if that one needs none.

    Raises:
        ValueError: the moment is not a whole second in UTC.
    """
    suffix = f"_{kind}_{_told(moment)}"
    base = live.encode()[: _LONGEST - len(suffix)].decode(errors="ignore")
    return base + suffix


def _told(moment: datetime) -> str:
    text = require_utc_second(moment).replace(tzinfo=None).isoformat()
    return text.replace("-", "").replace(":", "").lower() + "z"


def parse_copy(name: str) -> Copy | None:
    """What a name tells, or None when `name_of` never gives such a name."""
    match = _NAME.fullmatch(name)
    if match is None:
        return None
    try:
        moment = datetime.strptime(match[3], _MOMENT).replace(tzinfo=UTC)
    except ValueError:  # the right shape, but no such day or hour
        return None
    return Copy(match[1], _KINDS[match[2]], moment)
