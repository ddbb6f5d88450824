"""Names of the databases that a restore or a swap makes beside the live one."""

import re
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Literal

from lifeboat.model.utc import require_utc_second

type Kind = Literal["restored", "tables", "before"]

_MAX_NAME_BYTES = 63
"""Bytes of a name that PostgreSQL keeps (NAMEDATALEN - 1)."""

_NAME = re.compile(r"(.+)_(restored|tables|before)_([0-9]{8}t[0-9]{6}z)", re.DOTALL)
_MOMENT = "%Y%m%dt%H%M%Sz"
_KINDS: dict[str, Kind] = {"restored": "restored", "tables": "tables", "before": "before"}


@dataclass(frozen=True)
class CopyName:
    """The parts of such a name.

    Attributes:
        base: the live database's name, perhaps shortened.
        kind: a restored copy, one of some tables only, or what was live before a swap.
        moment: when it was made or moved aside, in UTC.
    """

    base: str
    kind: Kind
    moment: datetime

    def is_of(self, live: str) -> bool:
        """Whether it is the name that a restore or a swap of that database gives."""
        whole = name_of(self.base, self.kind, self.moment)
        return name_of(live, self.kind, self.moment) == whole

    @property
    def is_cut(self) -> bool:
        """Whether `base` may be only a part of the live database's name."""
        return len(name_of(self.base, self.kind, self.moment).encode()) > _MAX_NAME_BYTES - 4


def name_of(live: str, kind: Kind, moment: datetime) -> str:
    """A name beside `live` that needs no quotes if that one needs none.

    Raises:
        ValueError: the moment is not a whole second in UTC.
    """
    suffix = f"_{kind}_{_format_moment(moment)}"
    base = live.encode()[: _MAX_NAME_BYTES - len(suffix)].decode(errors="ignore")
    return base + suffix


def _format_moment(moment: datetime) -> str:
    text = require_utc_second(moment).replace(tzinfo=None).isoformat()
    return text.replace("-", "").replace(":", "").lower() + "z"


def parse_copy_name(name: str) -> CopyName | None:
    """The parts of a name, or None if `name_of` doesn't make such names."""
    match = _NAME.fullmatch(name)
    if match is None:
        return None
    try:
        moment = datetime.strptime(match[3], _MOMENT).replace(tzinfo=UTC)
    except ValueError:  # the right shape, but no such day or hour
        return None
    return CopyName(match[1], _KINDS[match[2]], moment)
