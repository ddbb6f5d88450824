"""What a database's provider allows to be read from it."""

from typing import Annotated

from pydantic import BeforeValidator, Field

from lifeboat.settings.fields import Frozen, Switch, may_be

_MAX = 1_000_000_000

UNLIMITED = "unlimited"
"""How settings say that a plan has no limit. None says the same, but TOML has no null."""


def _unlimited_is_none(value: object) -> object:
    return None if value == UNLIMITED else value


class TransferSettings(Frozen):
    """What a plan includes of the data that leaves the server, a month. See docs/transfer.md."""

    allowance_gb: Annotated[
        Annotated[float, Field(strict=True, ge=0, le=_MAX)] | None,
        BeforeValidator(_unlimited_is_none),
        may_be(f"a number of gigabytes a month, or '{UNLIMITED}'"),
    ]
    """Gigabytes (10^9 bytes) that are included a month; None: without a limit."""

    price_per_gb: Annotated[
        float,
        Field(strict=True, ge=0, le=_MAX),
        may_be("US dollars for a gigabyte, such as 0.10"),
    ] = 0.0
    """US dollars for each gigabyte beyond that."""

    suspends: Switch = False
    """Whether the provider stops or restricts the database beyond that, as on free plans."""


TransferPlan = Annotated[
    TransferSettings | None,
    may_be("null, or an object with allowance_gb, price_per_gb and suspends"),
]
