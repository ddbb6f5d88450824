"""Failures that runs notified people of themselves, so that the monitor does not repeat them."""

from collections.abc import Iterable

from lifeboat.alerts.policy.failures import CODES, LEVEL
from lifeboat.alerts.policy.findings import Finding
from lifeboat.alerts.policy.state import MonitorState, SentAlert
from lifeboat.monitor.policy.facts import Facts
from lifeboat.settings import AlertSettings


def with_notified(
    memory: MonitorState | None, findings: Iterable[Finding], facts: Facts, alerts: AlertSettings
) -> MonitorState | None:
    """The state, with the failures that runs notified people of themselves.

    Functions publish to the topic only. If there is also a webhook, the monitor sends everything,
    so that the webhook gets it too.

    Args:
        memory: the monitor's state.
        findings: all current ones.
        facts: with the runs' own records.
        alerts: the settings of notifications.
    """
    if alerts.webhook_url_secret_arn is not None:
        return memory
    by_run = {
        (each.database, CODES[each.kind].value, ""): each
        for database in facts.databases
        for each in database.attempts
        if each.notified and each.finished
    }
    before = memory or MonitorState()
    known = {each.identity: each for each in before.notified}
    for finding in findings:
        run = by_run.get(finding.identity)
        if run is None or run.finished is None:
            continue
        alert = known.get(finding.identity)
        if alert is None:
            known[finding.identity] = SentAlert(
                database=run.database,
                code=finding.code.value,
                subject="",
                level=LEVEL,
                headline=finding.headline,
                first_notified=run.finished,
                last_notified=run.finished,
                basis=finding.basis,
            )
        elif alert.last_notified < run.finished:
            known[finding.identity] = alert.model_copy(update={"last_notified": run.finished})
    return before.model_copy(update={"notified": tuple(known.values())})
