"""Asks Neon what it can give back itself, as the deployed function does; nothing is changed."""

import os
import time
from collections.abc import Iterator
from datetime import timedelta
from functools import partial

import boto3

from lifeboat.model.provider import ProviderFacts
from lifeboat.model.text import format_age
from lifeboat.neon.api import NEON_API, NeonApi, neon_pool
from lifeboat.neon.policy.endpoint import TEST_API, api_of
from lifeboat.provider_watch.ask_neon import ask_neon
from lifeboat.runtime.secret_store import SecretStore
from lifeboat.settings import NeonDatabase, Settings
from lifeboat_setup.checks import Check, looked

_SECONDS = 60.0

_PLANS = "Free gives 6 h, Launch 1 day or up to 7, Scale 1 day or up to 30 (docs/neon.md)"
"""https://neon.com/docs/introduction/history-window, looked up on 2026-11-30."""


def neon_checks(session: boto3.Session, settings: Settings) -> Iterator[Check]:
    """Of each database in Neon: plan, history window, snapshots; or why Neon does not tell.

    Args:
        session: with credentials that may read the secrets of the keys, and the region.
        settings: of the installation.
    """
    store = SecretStore(
        secrets=lambda: session.client("secretsmanager"), parameters=lambda: session.client("ssm")
    )
    for each in settings.at_providers().databases:
        yield from looked(_name(each), partial(_ask, store, each))


def _name(database: NeonDatabase) -> str:
    return f"database {database.name}, Neon"


def _ask(store: SecretStore, database: NeonDatabase) -> Iterator[Check]:
    key = store.text(database.neon.api_key_secret_arn)
    base_url = api_of(os.environ.get(TEST_API)) or NEON_API
    api = NeonApi(key, neon_pool(), base_url, time.monotonic() + _SECONDS)
    told = ask_neon(api, database.neon)
    yield Check(
        name=_name(database),
        ok=True,
        found="; ".join([*_words(told.facts), _how(database), _PLANS]),
    )
    if told.problem:
        yield Check(
            name=_name(database), ok=False, found=told.problem.what, todo=told.problem.next_step
        )


def _how(database: NeonDatabase) -> str:
    """How Neon is made to give it back."""
    if database.neon.restore:
        return f"to do it: lifeboat restore {database.name} --by neon --at TIME"
    return "to do it: in Neon's console, or set databases[].neon.restore (docs/neon.md)"


def _words(facts: ProviderFacts) -> Iterator[str]:
    yield f"plan {facts.plan or 'unknown'}"
    branch = facts.branch
    if branch.root:
        back = format_age(timedelta(seconds=facts.history_seconds))
        yield f"Neon itself can give back any moment of the last {back}"
    else:
        yield f"the branch {branch.name} has a parent, and Neon throws back root branches only"
    if facts.schedule:
        yield f"snapshots {', '.join(each.frequency for each in facts.schedule)}"
    else:
        yield "no schedule of snapshots"
    yield "the branch is protected" if branch.protected else "the branch isn't protected"
