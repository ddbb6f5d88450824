"""Providers that limit or bill transfer out of their servers, by plan.

Looked up on 2026-11-29 in the providers' own documentation:

- Neon: https://neon.com/docs/introduction/network-transfer (of 2026-03-09; it names pg_dump first
  among exports) and https://neon.com/docs/introduction/plans (of 2026-03-20). Counted per project.
- Supabase: https://supabase.com/docs/guides/platform/manage-your-usage/egress and
  https://supabase.com/docs/guides/platform/billing-faq#fair-use-policy. Counted per organization,
  the pooler's traffic included.

A plan cannot be seen from outside, so `databases[].transfer` states it. Only Neon's API tells it,
where a database has `databases[].neon`.
"""

import re
from dataclasses import dataclass

from lifeboat.settings import TransferSettings

GB = 1_000_000_000
"""Transfer is counted in decimal gigabytes. If a provider means 2^30, the real limit is higher."""


@dataclass(frozen=True, kw_only=True)
class Plan:
    """A provider's plan.

    Attributes:
        name: the provider's own.
        transfer: what it includes per month, and what happens beyond that.
        ids: its names in the provider's API.
    """

    name: str
    transfer: TransferSettings
    ids: frozenset[str] = frozenset()


@dataclass(frozen=True, kw_only=True)
class Provider:
    """A provider that counts transfer.

    Attributes:
        name: its name in manifests.
        title: its name for people.
        hosts: the host names of its servers.
        counts_by: the unit whose databases share an allowance.
        free: the smallest plan.
        paid: the smallest plan that costs money.
        larger: other plans.
    """

    name: str
    title: str
    hosts: re.Pattern[str]
    counts_by: str
    free: Plan
    paid: Plan
    larger: tuple[Plan, ...] = ()

    def plan_with(self, plan_id: str) -> Plan | None:
        """The plan that the provider's API names so; None if it is unknown here."""
        plans = (self.free, self.paid, *self.larger)
        return next((each for each in plans if plan_id in each.ids), None)


_FREE = TransferSettings(allowance_gb=5, suspends=True)
_NEON_PAID = TransferSettings(allowance_gb=100, price_per_gb=0.1)

PROVIDERS = (
    Provider(
        name="neon",
        title="Neon",
        hosts=re.compile(r".+\.neon\.tech"),
        counts_by="project",
        # The ids are those of BillingSubscriptionType in Neon's OpenAPI file
        # (npm @neondatabase/api-client 2.7.3). Ids of older generations are left out: their
        # allowances differ, and are no longer documented.
        free=Plan(name="Free", transfer=_FREE, ids=frozenset({"free_v3"})),
        paid=Plan(name="Launch", transfer=_NEON_PAID, ids=frozenset({"launch_v3"})),
        larger=(Plan(name="Scale", transfer=_NEON_PAID, ids=frozenset({"scale_v3"})),),
    ),
    Provider(
        name="supabase",
        title="Supabase",
        hosts=re.compile(r".+\.supabase\.co|.+\.pooler\.supabase\.com"),
        counts_by="organization",
        free=Plan(name="Free", transfer=_FREE),
        paid=Plan(name="Pro", transfer=TransferSettings(allowance_gb=250, price_per_gb=0.09)),
    ),
)
"""Providers with an allowance. Others bill no transfer, or their hosts do not show who they are."""

_BY_NAME = {each.name: each for each in PROVIDERS}


def provider_of(host: str) -> str | None:
    """The name of the provider with that host; None for all others.

    Args:
        host: from the connection; it is never stored.
    """
    plain = host.lower().rstrip(".")
    return next((each.name for each in PROVIDERS if each.hosts.fullmatch(plain)), None)


def provider_named(name: str | None) -> Provider | None:
    """The provider that a manifest names; None if it names none, or one that is unknown here."""
    return _BY_NAME.get(name or "")
