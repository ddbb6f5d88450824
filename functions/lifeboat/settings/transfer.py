"""How much may be read from a database, by its provider's plan."""

from typing import Annotated

from pydantic import BeforeValidator, Field

from lifeboat.settings.fields import SettingsModel, Switch, expects

_MAX = 1_000_000_000

UNLIMITED = "unlimited"
"""The value for "no limit" in the settings. None means the same, but TOML has no null."""


def _unlimited_is_none(value: object) -> object:
    return None if value == UNLIMITED else value


class TransferSettings(SettingsModel):
    """The transfer out of the server that a plan includes per month. See docs/transfer.md."""

    allowance_gb: Annotated[
        Annotated[float, Field(strict=True, ge=0, le=_MAX)] | None,
        BeforeValidator(_unlimited_is_none),
        expects(f"a number of gigabytes a month, or '{UNLIMITED}'"),
    ]
    """Gigabytes (10^9 bytes) that are included per month; None: no limit."""

    price_per_gb: Annotated[
        float,
        Field(strict=True, ge=0, le=_MAX),
        expects("US dollars for a gigabyte, such as 0.10"),
    ] = 0.0
    """US dollars for each gigabyte beyond that."""

    suspends: Switch = False
    """Whether the provider then stops or restricts the database, as on free plans."""


TransferPlan = Annotated[
    TransferSettings | None,
    expects("null, or an object with allowance_gb, price_per_gb and suspends"),
]
