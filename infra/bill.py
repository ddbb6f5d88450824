"""What installations cost a month, by this code's own counts: `make bill`.

Without what lies in the bucket, which depends on the databases; the monitor's status has it all.
"""

from collections.abc import Iterator
from datetime import UTC, datetime

from lifeboat.model.prices import US_EAST_1
from lifeboat.monitor.policy.bill import (
    Bill,
    BilledInstallation,
    DatabaseUsage,
    monthly_bill,
    secrets_of,
)
from lifeboat.settings import DatabaseSettings, Settings

SIZES = (1, 3, 12, 24)
"""Databases of the installations that are shown."""

_HEADINGS = ("databases", "all of it", "with `dashboard = false`", "of which secrets")


def settings_of(databases: int, *, dashboard: bool) -> Settings:
    """So many databases, and nothing but defaults besides."""
    arn = "arn:aws:secretsmanager:us-east-1:111122223333:secret:lifeboat/{}-AbCdEf"
    return Settings(
        databases=tuple(
            DatabaseSettings(name=f"app-{number}", secret_arn=arn.format(number))
            for number in range(databases)
        ),
        dashboard=dashboard,
    )


def bill_of(settings: Settings, now: datetime) -> Bill:
    """The bill of an installation that has run nothing yet, without archives."""
    usages = [DatabaseUsage(database=each) for each in settings.databases]
    there = BilledInstallation(
        settings=settings.watched(), usages=usages, secrets=secrets_of(settings)
    )
    return monthly_bill(there, region=US_EAST_1.region, now=now)


def table() -> str:
    """The table of README, in Markdown."""
    return "\n".join(_rows())


def _rows() -> Iterator[str]:
    now = datetime.now(UTC)
    yield _row(_HEADINGS)
    yield "|---:" * len(_HEADINGS) + "|"
    for databases in SIZES:
        kinds = [settings_of(databases, dashboard=each) for each in (True, False)]
        whole, without = (bill_of(each, now).total for each in kinds)
        figures = (whole, without, databases * US_EAST_1.secret)
        yield _row((str(databases), *(f"${each:.2f}" for each in figures)))


def _row(cells: tuple[str, ...]) -> str:
    return f"| {' | '.join(cells)} |"


if __name__ == "__main__":
    print(table())  # noqa: T201 - this is what the command is for
