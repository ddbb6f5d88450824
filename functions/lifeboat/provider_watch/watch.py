"""One look at the providers of all databases: each gets a report, whatever happened."""

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime

import urllib3
from aws_lambda_powertools import Logger

from lifeboat.errors import (
    LifeboatError,
    ProviderError,
    ProviderReportError,
    RefusedError,
    SecretError,
    StorageError,
)
from lifeboat.model.provider import ProviderReport
from lifeboat.neon.api import NEON_API, NeonApi, neon_pool
from lifeboat.provider_watch.ask_neon import ask_neon
from lifeboat.provider_watch.policy.problems import problem_of
from lifeboat.provider_watch.report_store import ReportStore
from lifeboat.runtime.secret_store import SecretStore
from lifeboat.settings import NeonDatabase, ProviderSettings


@dataclass(frozen=True, kw_only=True)
class Look:
    """What a look needs.

    Attributes:
        settings: the databases to ask about.
        secrets: where the API keys are.
        reports: where the reports go.
        remaining: returns the seconds until the run has to be over.
        now: when the look begins, in UTC.
        logger: of the function.
        pool: the HTTP client.
        base_url: of Neon's API; another one is for tests.
    """

    settings: ProviderSettings
    secrets: SecretStore
    reports: ReportStore
    remaining: Callable[[], float]
    now: datetime
    logger: Logger
    pool: urllib3.PoolManager = field(default_factory=neon_pool)
    base_url: str = NEON_API


def watch(look: Look) -> Iterator[ProviderReport]:
    """Ask about each database, and store what is known of it.

    The time is divided: an API that hangs for one database leaves the others theirs.

    Raises:
        StorageError: a report could not be stored; those of the other databases were tried.
    """
    failed: StorageError | None = None
    for number, database in enumerate(look.settings.databases):
        share = look.remaining() / (len(look.settings.databases) - number)
        report = _ask(look, database, time.monotonic() + share)
        try:
            look.reports.save(report)
        except StorageError as error:
            failed = failed or error
            continue
        yield report
    if failed:
        raise failed


def _ask(look: Look, database: NeonDatabase, until: float) -> ProviderReport:
    key: str | None = None
    try:
        key = look.secrets.text(database.neon.api_key_secret_arn).strip()
        api = NeonApi(key, look.pool, look.base_url, until)
        told = ask_neon(api, database.neon)
    except (ProviderError, SecretError, RefusedError) as error:
        return _without_answer(look, database, error, key)
    return ProviderReport(
        database=database.name,
        checked=look.now,
        facts=told.facts,
        facts_of=look.now,
        problem=told.problem,
    )


def _without_answer(
    look: Look, database: NeonDatabase, error: LifeboatError, key: str | None
) -> ProviderReport:
    """The problem, beside what is known from before."""
    before = _before(look, database.name)
    same = before is not None and _is_about(before, database)
    return ProviderReport(
        database=database.name,
        checked=look.now,
        facts=before.facts if before and same else None,
        facts_of=before.facts_of if before and same else None,
        problem=problem_of(error, key),
    )


def _is_about(report: ProviderReport, database: NeonDatabase) -> bool:
    """Whether it is of the project and the branch that the settings name now."""
    facts, wanted = report.facts, database.neon
    if facts is None or facts.project_id != wanted.project_id:
        return False
    if wanted.branch_id is None:
        return facts.branch.default
    return facts.branch.id == wanted.branch_id


def _before(look: Look, name: str) -> ProviderReport | None:
    """The previous report. One that can't be read is no reason to write none."""
    try:
        return look.reports.load(name)
    except (StorageError, ProviderReportError) as error:
        look.logger.warning(
            "provider.previous_not_read",
            extra={"database": name, "what": error.what, "next": error.todo},
        )
        return None
