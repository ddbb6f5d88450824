"""The monitor's entry point: one look at the vault, its log, its figures, its news."""

import os
from collections.abc import Mapping
from datetime import UTC, datetime

import boto3
from aws_lambda_powertools import Logger, Metrics
from aws_lambda_powertools.metrics import EphemeralMetrics, MetricUnit
from aws_lambda_powertools.utilities.typing import LambdaContext

from lifeboat.alerts.subscriptions import topic_facts
from lifeboat.alerts.topic import Topic
from lifeboat.alerts.webhook import Webhook
from lifeboat.errors import EventError, MonitorError
from lifeboat.handlers.invocation import IMPATIENT, reported, seconds_left, secret_store
from lifeboat.policy.findings import Level
from lifeboat.policy.requests import show
from lifeboat.policy.status import DatabaseStatus, Status
from lifeboat.services.check_health import Channel, Checked, Look, check_health
from lifeboat.settings import WatchedSettings
from lifeboat.vault.bucket import Vault

logger = Logger(service="lifeboat-monitor")
metrics = Metrics()


@logger.inject_lambda_context(clear_state=True)
@metrics.log_metrics
@reported(logger, MonitorError)
def handler(event: object, context: LambdaContext) -> dict[str, object] | str:
    """Look at the vault, tell what is news, and give the whole status.

    `{}`, or whatever the schedule sends, for the status as an object; `{"format": "text"}` for a
    table. A look by hand tells the news as a scheduled one does: there is one memory, and what
    somebody has seen in a terminal has not been told to everybody.

    Raises:
        LifeboatError: nobody could look, or somebody could not be told. Lambda counts a failed
            invocation, which rings. A scheduled look also fails when nobody hears what it tells;
            one by hand answers, and the answer says so.
    """
    as_text = _wants_text(event)
    logger.append_keys(run_id=context.aws_request_id)
    checked = check_health(_look(context))
    _measure(checked.status)
    _log(checked)
    checked.require_told()
    metrics.add_metric("Checked", MetricUnit.Count, 1)
    if _is_scheduled(event):
        checked.require_listeners()
    return checked.status.as_text() if as_text else checked.status.as_json()


def _is_scheduled(event: object) -> bool:
    return isinstance(event, Mapping) and "scheduled" in event


def _wants_text(event: object) -> bool:
    match event:
        case {"format": "text"}:
            return True
        case {"format": "json"}:
            return False
        case {"format": other}:
            raise EventError(
                f"There is no format {show(other)}.", todo='Use {"format": "text"}, or {} for JSON.'
            )
    return False


def _look(context: LambdaContext) -> Look:
    settings = WatchedSettings.model_validate_json(os.environ["LIFEBOAT_SETTINGS"])
    sns, topic = boto3.client("sns", config=IMPATIENT), os.environ["LIFEBOAT_TOPIC"]
    remaining = seconds_left(context)
    return Look(
        settings=settings,
        stack=os.environ["AWS_LAMBDA_FUNCTION_NAME"].removesuffix("-monitor"),
        vault=Vault(boto3.client("s3", config=IMPATIENT), os.environ["LIFEBOAT_VAULT"]),
        channels=_channels(settings, Topic(sns, topic, slack=settings.alerts.slack)),
        subscribers=lambda: topic_facts(sns, topic, remaining),
        remaining=remaining,
        now=datetime.now(UTC),
    )


def _channels(settings: WatchedSettings, topic: Topic) -> tuple[Channel, ...]:
    alerts = settings.alerts
    if alerts.webhook_url_secret_arn is None:
        return (topic,)
    return topic, Webhook(secret_store(), alerts.webhook_url_secret_arn)


def _measure(status: Status) -> None:
    """Figures of each database under its name, and those of all without one."""
    for database in status.databases:
        _measure_database(database)
    levels = [finding.level for finding in status.findings]
    metrics.add_metric("FindingsCritical", MetricUnit.Count, levels.count(Level.CRITICAL))
    metrics.add_metric("FindingsWarning", MetricUnit.Count, levels.count(Level.WARNING))


def _measure_database(database: DatabaseStatus) -> None:
    """What isn't known is left out: alarms count what is missing as bad."""
    backup, drill = database.backup, database.drill
    figures = {
        ("FindingsCritical", MetricUnit.Count): database.critical,
        ("FindingsWarning", MetricUnit.Count): database.warning,
        ("BackupAge", MetricUnit.NoUnit): backup.age_hours if backup else None,
        ("NewestArchiveBytes", MetricUnit.Bytes): backup.bytes if backup else None,
        ("NewestRows", MetricUnit.Count): backup.rows if backup else None,
        ("DrillAge", MetricUnit.NoUnit): drill.age_days if drill else None,
        ("MonthlyCost", MetricUnit.NoUnit): database.monthly_cost,
    }
    own = EphemeralMetrics()
    own.add_dimension("Database", database.name)
    for (name, unit), value in figures.items():
        if value is not None:
            own.add_metric(name, unit, value)
    own.flush_metrics()


def _log(checked: Checked) -> None:
    for finding in checked.status.findings:
        logger.info(finding.headline, extra={"finding": finding.identity, "grade": finding.level})
    for message in checked.messages:
        logger.info("News", extra={"subject": message.subject, "kind": message.attributes["kind"]})
    logger.info(
        "Looked",
        extra={"health": checked.status.health, "failures": len(checked.failures)},
    )
