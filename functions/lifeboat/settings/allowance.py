"""How much backups read from a database's server a month, what is allowed, and what it costs.

Only backups read from it: drills and restores read from the bucket. The provider counts the
application's own traffic too, which nobody here can see, so all of this is the least that there is.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from lifeboat.model.aws import MONTH
from lifeboat.model.manifest import Manifest
from lifeboat.model.schedule import runs
from lifeboat.model.text import format_size
from lifeboat.settings import TransferSettings, WatchedDatabase
from lifeboat.settings.providers import GB, Plan, Provider, provider_named

PAGE = "docs/transfer.md"


@dataclass(frozen=True, kw_only=True)
class Allowance:
    """What may be read from a server a month.

    Attributes:
        terms: how much, and what comes beyond that.
        provider: who says so; None where only the settings do.
        stated: whether the settings say so; else it is the provider's smallest plan.
    """

    terms: TransferSettings
    provider: Provider | None
    stated: bool

    @property
    def bytes(self) -> float | None:
        """How much; None: without a limit."""
        allowed = self.terms.allowance_gb
        return None if allowed is None else allowed * GB

    @property
    def words(self) -> str:
        """How much, and who says so."""
        much = "no limit" if self.bytes is None else f"{format_size(self.bytes)} a month"
        if self.stated or self.provider is None:
            return f"{much} (databases[].transfer)"
        plan = f"{self.provider.title}'s {self.provider.free.name} plan"
        return f"{much} ({plan}; databases[].transfer states yours)"


def allowance_of(database: WatchedDatabase, provider: str | None) -> Allowance | None:
    """What may be read from a database's server; None where nobody says that there is a limit.

    Args:
        database: its settings, which go before.
        provider: the name in the manifest.
    """
    known = provider_named(provider)
    if database.transfer:
        return Allowance(terms=database.transfer, provider=known, stated=True)
    if known is None:
        return None
    return Allowance(terms=known.free.transfer, provider=known, stated=False)


def dollars(month_bytes: float, allowance: Allowance | None) -> float:
    """US dollars for what is read in a month.

    Where the plan isn't known it is taken for the provider's smallest one that costs money.
    """
    if allowance is None:
        return 0.0
    terms = allowance.terms
    if not allowance.stated and allowance.provider:
        terms = allowance.provider.paid.transfer
    if terms.allowance_gb is None:
        return 0.0
    return max(month_bytes / GB - terms.allowance_gb, 0.0) * terms.price_per_gb


@dataclass(frozen=True, kw_only=True)
class TransferForecast:
    """What the backup function says of what it reads from the database's server.

    Attributes:
        bytes_read: by this backup; None where that was not counted.
        bytes_read_per_month: by all backups of a month, by the schedule; None as above.
        warnings: where that is more than allowed.
    """

    bytes_read: int | None = None
    bytes_read_per_month: int | None = None
    warnings: tuple[str, ...] = ()


def forecast(manifest: Manifest, database: WatchedDatabase, now: datetime) -> TransferForecast:
    """What backups read from a server, with a warning where it is too much.

    Args:
        manifest: of the backup that was taken.
        database: its settings.
        now: from when on the month ahead is reckoned.
    """
    each = manifest.bytes_read
    if each is None:
        return TransferForecast()
    month = each * len(runs(database.cron, database.timezone, now, now + MONTH))
    allowance = allowance_of(database, manifest.source.provider)
    expected = TransferForecast(bytes_read=each, bytes_read_per_month=month)
    if allowance is None or allowance.bytes is None or month <= allowance.bytes:
        return expected
    warning = (
        f"By its schedule, backups of {database.name} will read {format_size(month)} a month from"
        f" its server. Allowed: {allowance.words}. {consequence(allowance, month)} The"
        f" application's own traffic counts too. {' '.join(cures(allowance))}"
    )
    return replace(expected, warnings=(warning,))


def consequence(allowance: Allowance, month_bytes: float) -> str:
    """What comes when more is read than allowed."""
    if not allowance.stated and allowance.provider:
        return (
            f"On that plan {allowance.provider.title} stops the database then; on a larger one it"
            " costs money or nothing."
        )
    if allowance.terms.suspends:
        return "The provider stops or restricts the database then, until the next billing period."
    return f"That costs about ${dollars(month_bytes, allowance):,.2f} a month."


def cures(allowance: Allowance) -> tuple[str, ...]:
    """What to do about it, the first thing first."""
    less = (
        "Read less: fewer runs (databases[].cron), or without the rows of tables that can be made"
        f" again (databases[].exclude_table_data), then make deploy; {PAGE} has the figures."
    )
    larger = "Or take a larger plan, and state it in databases[].transfer."
    if allowance.stated or allowance.provider is None:
        return less, larger
    paid, free = allowance.provider.paid, allowance.provider.free
    state = (
        f"State the plan in lifeboat.toml, at databases[].transfer: {_setting(paid)};"
        f" {_setting(free)}."
    )
    return state, less, "Or take a larger plan."


def _setting(plan: Plan) -> str:
    """What to write for a plan, as an inline table of TOML."""
    terms = plan.transfer.model_dump(exclude_defaults=True).items()
    inline = ", ".join(f"{key} = {json.dumps(value)}" for key, value in terms)
    return f"for {plan.name} transfer = {{ {inline} }}"


def start_of_month(moment: datetime) -> datetime:
    """The first moment of its calendar month in UTC, by which most providers bill."""
    return moment.replace(day=1, hour=0, minute=0, second=0, microsecond=0)


def start_of_next_month(moment: datetime) -> datetime:
    """The first moment of the month after."""
    return start_of_month(start_of_month(moment) + timedelta(days=32))


def reached(
    used: float, coming: Sequence[tuple[datetime, int]], allowed: float
) -> tuple[bool, datetime | None]:
    """Whether an allowance is used up by what is read, and by the run of which moment.

    Args:
        used: what was read so far.
        coming: the runs that are due, in order, each with what it will read.
        allowed: how much may be read.

    Returns:
        (True, None) when it is used up already, (False, None) when it is enough.
    """
    if used > allowed:
        return True, None
    for moment, read in coming:
        used += read
        if used > allowed:
            return True, moment
    return False, None
