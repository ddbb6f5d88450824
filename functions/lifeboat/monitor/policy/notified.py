"""What runs have told people themselves, which the monitor then need not tell again."""

from collections.abc import Iterable

from lifeboat.alerts.policy.failures import CODES, LEVEL
from lifeboat.alerts.policy.findings import Finding
from lifeboat.alerts.policy.state import MonitorState, SentAlert
from lifeboat.monitor.policy.facts import Facts
from lifeboat.settings import AlertSettings


def with_notified(
    memory: MonitorState | None, findings: Iterable[Finding], facts: Facts, alerts: AlertSettings
) -> MonitorState | None:
    """The memory, with the failures that the runs themselves have told.

    Functions publish to the topic alone. Where there is a webhook as well, the monitor tells
    everything, lest those who listen there hear nothing.

    Args:
        memory: what the monitor told.
        findings: what was found now.
        facts: what was seen now, the runs' own records among it.
        alerts: who is told.
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
        told = known.get(finding.identity)
        if told is None:
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
        elif told.last_notified < run.finished:
            known[finding.identity] = told.model_copy(update={"last_notified": run.finished})
    return before.model_copy(update={"notified": tuple(known.values())})
