"""How much backups read from a database's server a month, what is allowed, and what it costs.

Only backups read from it: drills and restores read from the bucket. The provider also counts the
application's own traffic, which Lifeboat cannot see, so the real figures are higher.
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

DOCS_PAGE = "docs/transfer.md"


@dataclass(frozen=True, kw_only=True)
class Allowance:
    """How much may be read from a server per month.

    Attributes:
        terms: how much, and what happens beyond that.
        provider: whose plan it is; None if only the settings say so.
        stated: whether the settings say so.
        told: what the provider itself has told, such as its plan; None if it has told nothing. If
            the settings say nothing either, it is the provider's smallest plan.
    """

    terms: TransferSettings
    provider: Provider | None
    stated: bool
    told: str | None = None

    @property
    def is_known(self) -> bool:
        """Whether it is more than a guess."""
        return self.stated or self.told is not None or self.provider is None

    @property
    def bytes(self) -> float | None:
        """How many bytes; None: no limit."""
        allowed = self.terms.allowance_gb
        return None if allowed is None else allowed * GB

    @property
    def words(self) -> str:
        """How much, and where that is stated."""
        much = "no limit" if self.bytes is None else f"{format_size(self.bytes)} a month"
        if self.told:
            return f"{much} ({self.told})"
        if self.stated or self.provider is None:
            return f"{much} (databases[].transfer)"
        plan = f"{self.provider.title}'s {self.provider.free.name} plan"
        return f"{much} ({plan}; databases[].transfer states yours)"


def allowance_of(
    database: WatchedDatabase, provider: str | None, plan_id: str | None = None
) -> Allowance | None:
    """What may be read from a database's server; None if no limit is known.

    Args:
        database: its settings. They take precedence, as who pays may accept a bill; but not over a
            plan that stops the database.
        provider: its name in the manifest.
        plan_id: the plan as the provider's API names it; None if it was not asked.
    """
    known = provider_named(provider)
    plan = known.plan_with(plan_id) if known and plan_id else None
    if known and plan and (plan.transfer.suspends or not database.transfer):
        told = f"{known.title}'s {plan.name} plan, as {known.title} says"
        return Allowance(terms=plan.transfer, provider=known, stated=False, told=told)
    if database.transfer:
        return Allowance(terms=database.transfer, provider=known, stated=True)
    if known is None:
        return None
    return Allowance(terms=known.free.transfer, provider=known, stated=False)


def transfer_cost(month_bytes: float, allowance: Allowance | None) -> float:
    """US dollars for the bytes read in a month.

    If the plan is not stated, the provider's smallest plan that costs money is assumed.
    """
    if allowance is None:
        return 0.0
    terms = allowance.terms
    if not allowance.is_known and allowance.provider:
        terms = allowance.provider.paid.transfer
    if terms.allowance_gb is None:
        return 0.0
    return max(month_bytes / GB - terms.allowance_gb, 0.0) * terms.price_per_gb


@dataclass(frozen=True, kw_only=True)
class TransferForecast:
    """What the backup function answers about its reads from the database's server.

    Attributes:
        bytes_read: by this backup; None if they were not counted.
        bytes_read_per_month: by all backups of a month, by the schedule; None likewise.
        warnings: not empty if that is more than allowed.
    """

    bytes_read: int | None = None
    bytes_read_per_month: int | None = None
    warnings: tuple[str, ...] = ()


def forecast(manifest: Manifest, database: WatchedDatabase, now: datetime) -> TransferForecast:
    """What backups read from a server, with a warning if it is too much.

    Args:
        manifest: of the backup that was taken.
        database: its settings.
        now: the start of the month ahead.
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
        f" application's own traffic counts too. {' '.join(fixes(allowance))}"
    )
    return replace(expected, warnings=(warning,))


def consequence(allowance: Allowance, month_bytes: float) -> str:
    """What happens when more is read than allowed."""
    if not allowance.is_known and allowance.provider:
        return (
            f"On that plan {allowance.provider.title} stops the database then; on a larger one it"
            " costs money or nothing."
        )
    if allowance.terms.suspends:
        return "The provider stops or restricts the database then, until the next billing period."
    return f"That costs about ${transfer_cost(month_bytes, allowance):,.2f} a month."


def fixes(allowance: Allowance) -> tuple[str, ...]:
    """What to do about it, in order."""
    less = (
        "Read less: fewer runs (databases[].cron), or without the rows of tables that can be made"
        f" again (databases[].exclude_table_data), then make deploy; {DOCS_PAGE} has the figures."
    )
    larger = "Or take a larger plan, and state it in databases[].transfer."
    if allowance.told:
        return less, "Or take a larger plan."
    if allowance.stated or allowance.provider is None:
        return less, larger
    paid, free = allowance.provider.paid, allowance.provider.free
    state = (
        f"State the plan in lifeboat.toml, at databases[].transfer: {_setting(paid)};"
        f" {_setting(free)}."
    )
    return state, less, "Or take a larger plan."


def _setting(plan: Plan) -> str:
    """The setting for a plan, as an inline table of TOML."""
    terms = plan.transfer.model_dump(exclude_defaults=True).items()
    inline = ", ".join(f"{key} = {json.dumps(value)}" for key, value in terms)
    return f"for {plan.name} transfer = {{ {inline} }}"


def start_of_month(moment: datetime) -> datetime:
    """The start of the calendar month in UTC; most providers bill by it."""
    return moment.replace(day=1, hour=0, minute=0, second=0, microsecond=0)


def start_of_next_month(moment: datetime) -> datetime:
    """The start of the next month."""
    return start_of_month(start_of_month(moment) + timedelta(days=32))


def exhausted_at(
    used: float, coming: Sequence[tuple[datetime, int]], allowed: float
) -> tuple[bool, datetime | None]:
    """Whether reads use up an allowance, and the time of the run that does.

    Args:
        used: bytes read so far.
        coming: the runs that are due, in order, each with the bytes that it will read.
        allowed: bytes that may be read.

    Returns:
        (True, None) if it is already used up, (False, None) if it is enough.
    """
    if used > allowed:
        return True, None
    for moment, read in coming:
        used += read
        if used > allowed:
            return True, moment
    return False, None
