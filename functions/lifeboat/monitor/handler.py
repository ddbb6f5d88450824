"""The monitor's entry point: one check of the bucket, with log, metrics and notifications."""

import lifeboat.runtime.collect_rarely  # noqa: F401  # before all other imports

# isort: split

import os
from datetime import UTC, datetime

import boto3
from aws_lambda_powertools import Logger
from aws_lambda_powertools.utilities.typing import LambdaContext

from lifeboat.alerts.heartbeat import Heartbeat
from lifeboat.alerts.policy.installation import account_of
from lifeboat.alerts.secret_url import SecretUrl
from lifeboat.alerts.topic import Topic
from lifeboat.alerts.webhook import Webhook
from lifeboat.errors import NotificationError
from lifeboat.monitor.builds import build_facts
from lifeboat.monitor.change_silences import change_silences
from lifeboat.monitor.check_health import (
    Channel,
    CheckInput,
    CheckResult,
    check_health,
    evidence_store,
)
from lifeboat.monitor.observe import request_limit
from lifeboat.monitor.page_store import load_page
from lifeboat.monitor.policy.event import Action, MonitorEvent, parse_monitor_event
from lifeboat.monitor.policy.metric_values import metrics_of
from lifeboat.monitor.policy.widget import (
    DESCRIPTION,
    NO_PAGE,
    is_question,
    is_widget,
    require_fresh,
    widget,
)
from lifeboat.monitor.request_budget import RequestBudget
from lifeboat.monitor.subscriptions import topic_facts
from lifeboat.runtime.emit_metrics import emit_metrics
from lifeboat.runtime.invocation import SHORT_TIMEOUTS, log_errors, seconds_left, secret_store
from lifeboat.s3.bucket import BackupBucket
from lifeboat.settings import AlertSettings, WatchedSettings

logger = Logger(service="lifeboat-monitor")

SAFE = "Backups and drills run without the monitor; it only looks."
"""What no failure of the monitor affects."""


@logger.inject_lambda_context(clear_state=True)
@log_errors(logger, safe=SAFE)
def handler(event: object, context: LambdaContext) -> dict[str, object] | str:
    """Check the bucket, notify people of changes, and return the whole status.

    `{}`, or the schedule's event, returns the status as an object; `{"format": "text"}` returns a
    table. `{"action": "mute", ...}` mutes findings and checks nothing; so do `unmute` and `ack`.
    `{"action": "evidence", "since": "2026-01-01"}` returns what is recorded for auditors.
    A check on demand sends the same notifications as a scheduled one: there is one state,
    and what somebody has read in a terminal is not known to everybody.

    `{"describe": true}` and a `widgetContext` are a dashboard's: they return Markdown about the
    widget, and HTML, which is the status page that the last check wrote. They check nothing.

    Raises:
        LifeboatError: the check failed, or a notification could not be sent. Lambda counts a
            failed invocation, of which an alarm notifies. A scheduled check also fails when the
            topic has no subscriber or the status page could not be written; one on demand answers,
            and the answer or the log says so. A widget fails if the page is too old.
    """
    if is_question(event):
        return DESCRIPTION
    logger.append_keys(run_id=context.aws_request_id)
    if is_widget(event):
        return _widget(event)
    asked = parse_monitor_event(event)
    check = _check_input(context)
    if asked.action is not None:
        return _answer(check, asked)
    checked = check_health(check)
    emit_metrics(metrics_of(checked.status, check.settings, check.now))
    _log(checked)
    _beat(check.settings.alerts, checked)
    checked.raise_on_failures()
    if asked.is_scheduled:
        checked.raise_without_page()
        checked.raise_without_evidence()
        checked.raise_without_subscriber()
    return checked.status.as_text() if asked.format == "text" else checked.status.as_json()


def _answer(check: CheckInput, asked: MonitorEvent) -> dict[str, object]:
    """What a person asks for besides a check."""
    budget = RequestBudget(request_limit(check.settings), check.remaining)
    if asked.action is Action.EVIDENCE:
        return evidence_store(check, budget).answer(asked.since).as_json()
    answer = change_silences(check.bucket, check.settings, asked, budget, check.now)
    said = {"action": answer.action, "database": answer.database, "code": answer.code}
    logger.info("monitor.silenced", extra=said)
    return answer.as_json()


def _widget(event: object) -> str:
    page = load_page(_bucket())
    if page is None:
        return NO_PAGE
    require_fresh(page.written, _settings().monitor.cron, datetime.now(UTC))
    return widget(page.html, event)


def _settings() -> WatchedSettings:
    return WatchedSettings.model_validate_json(os.environ["LIFEBOAT_SETTINGS"])


def _bucket() -> BackupBucket:
    return BackupBucket(boto3.client("s3", config=SHORT_TIMEOUTS), os.environ["LIFEBOAT_BUCKET"])


def _check_input(context: LambdaContext) -> CheckInput:
    settings = _settings()
    sns, topic = boto3.client("sns", config=SHORT_TIMEOUTS), os.environ["LIFEBOAT_TOPIC"]
    remaining = seconds_left(context)
    return CheckInput(
        settings=settings,
        stack=os.environ["AWS_LAMBDA_FUNCTION_NAME"].removesuffix("-monitor"),
        account=account_of(context.invoked_function_arn),
        bucket=_bucket(),
        channels=_channels(settings, Topic(sns, topic, slack=settings.alerts.slack)),
        subscribers=lambda: topic_facts(sns, topic, remaining),
        remaining=remaining,
        now=datetime.now(UTC),
        secrets=int(os.environ["LIFEBOAT_SECRETS"]),
        builds=lambda ids: build_facts(boto3.client("codebuild", config=SHORT_TIMEOUTS), ids),
    )


def _channels(settings: WatchedSettings, topic: Topic) -> tuple[Channel, ...]:
    alerts = settings.alerts
    if alerts.webhook_url_secret_arn is None:
        return (topic,)
    return topic, Webhook(SecretUrl(secret_store(), alerts.webhook_url_secret_arn, "webhook"))


def _beat(alerts: AlertSettings, checked: CheckResult) -> None:
    """Tell the watcher elsewhere, if there is one, that this check could notify people."""
    arn = alerts.heartbeat_url_secret_arn
    if arn is None or checked.failures or not checked.received:
        return
    try:
        Heartbeat(SecretUrl(secret_store(), arn, "heartbeat")).beat()
    except NotificationError as error:
        logger.warning("heartbeat.failed", extra={"reason": error.what})


def _log(checked: CheckResult) -> None:
    for finding in checked.status.findings:
        logger.info(
            "monitor.finding",
            extra={
                "code": finding.code,
                "severity": finding.level,
                "database": finding.database,
                "subject": finding.subject,
                "headline": finding.headline,
            },
        )
    # Of several messages, which one failed isn't known here; monitor.failed says why it did.
    event = "notification.unconfirmed" if checked.failures else "notification.sent"
    for message in checked.messages:
        logger.info(event, extra={"subject": message.subject, "kind": message.attributes["kind"]})
    if checked.page_failure:
        why = checked.page_failure
        logger.error("monitor.page_not_written", extra={"what": why.what, "next": why.todo})
    if checked.evidence_failure:
        why = checked.evidence_failure
        logger.error("evidence.not_recorded", extra={"what": why.what, "next": why.todo})
    logger.info(
        "monitor.finished",
        extra={"health": checked.status.health, "failures": len(checked.failures)},
    )
