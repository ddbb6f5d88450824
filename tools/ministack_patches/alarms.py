"""CloudWatch's alarms: how they are judged, how often, and to whom they may tell it."""

import operator
import os
import threading
import time
from collections.abc import Callable, Sequence
from typing import Any

from ministack.core import iam_evaluator  # type: ignore[import-not-found]
from ministack.core.responses import (  # type: ignore[import-not-found]
    get_account_id,
    request_scope,
)
from ministack.services import cloudwatch, sns  # type: ignore[import-not-found]

from tools.ministack_patches.metrics import measure_queues

Alarm = dict[str, Any]
Point = dict[str, Any]

SECONDS_BETWEEN_LOOKS = 0.25
PERIOD_VARIABLE = "LIFEBOAT_ALARM_PERIOD"
"""With this variable, the period of every alarm in seconds: nobody waits hours for a test."""

COMPARISONS: dict[str, Callable[[float, float], bool]] = {
    "GreaterThanOrEqualToThreshold": operator.ge,
    "GreaterThanThreshold": operator.gt,
    "LessThanThreshold": operator.lt,
    "LessThanOrEqualToThreshold": operator.le,
}
ACTIONS = ("AlarmActions", "OKActions", "InsufficientDataActions")


def alarm_evaluation() -> None:
    """Judge alarms as CloudWatch does, and keep judging them.

    As shipped an alarm looks at all dimensions of its metric, at once and without periods, only
    when somebody puts data, and never notices missing data: silence would never be noticed.
    """
    turn = threading.Lock()  # requests judge alarms too; a change must be told once

    def evaluate(alarm: Alarm) -> None:
        with turn:
            state = next_state(alarm, time.time())
            if state is not None and state != alarm["StateValue"]:
                _change(alarm, state)

    cloudwatch._evaluate_alarm = evaluate  # noqa: SLF001
    threading.Thread(target=_run_clock, daemon=True).start()


def _run_clock() -> None:
    """Judge every alarm of every account and region, again and again."""
    # CloudWatch publishes by TLS, on which topics may insist; nobody's address is behind it.
    iam_evaluator.pin_request_origin("", secure_transport=True)
    while True:
        time.sleep(SECONDS_BETWEEN_LOOKS)
        for account, region in {key[:2] for key in list(cloudwatch._alarms._data)}:  # noqa: SLF001
            with request_scope(account, region):
                measure_queues(account, region)
                for alarm in list(cloudwatch._alarms.values()):  # noqa: SLF001
                    cloudwatch._evaluate_alarm(alarm)  # noqa: SLF001


def next_state(alarm: Alarm, now: float) -> str | None:
    """The state that the alarm's own metric puts it into; None: it stays as it is.

    Periods are counted back from `now`, where CloudWatch counts from the full minute, and none
    but the alarm's own evaluation periods are looked at, where CloudWatch may use older data
    before it counts anything as missing, and so notifies later.
    https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/alarms-and-missing-data.html
    """
    values = _values(alarm, now)
    known = [value for value in values if value is not None]
    missing = alarm.get("TreatMissingData") or "missing"
    if not known and missing == "missing":
        return "INSUFFICIENT_DATA"
    if not known and missing == "ignore":
        return None
    compare = COMPARISONS[alarm["ComparisonOperator"]]
    breaching = sum(compare(value, alarm["Threshold"]) for value in known)
    if missing == "breaching":
        breaching += len(values) - len(known)
    needed = int(alarm.get("DatapointsToAlarm") or alarm["EvaluationPeriods"])
    return "ALARM" if breaching >= needed else "OK"


def _values(alarm: Alarm, now: float) -> Sequence[float | None]:
    """The statistic of each evaluation period, the newest first; None where there is no data."""
    dimensions = cloudwatch._dims_from_list(alarm.get("Dimensions") or [])  # noqa: SLF001
    key = (alarm["Namespace"], alarm["MetricName"], cloudwatch._dims_key(dimensions))  # noqa: SLF001
    points = [
        point
        for point in list(cloudwatch._metrics.get(key) or ())  # noqa: SLF001
        if alarm.get("Unit") in (None, point["Unit"])
    ]
    seconds = float(os.environ.get(PERIOD_VARIABLE) or alarm["Period"])
    return [
        _statistic(alarm, points, now - seconds * (number + 1), now - seconds * number)
        for number in range(int(alarm["EvaluationPeriods"]))
    ]


def _statistic(alarm: Alarm, points: Sequence[Point], after: float, up_to: float) -> float | None:
    within = [point for point in points if after < point["Timestamp"] <= up_to]
    if not within:
        return None
    wanted = alarm.get("ExtendedStatistic") or alarm["Statistic"]
    statistics = cloudwatch._calc_stats(within)  # noqa: SLF001
    value: float | None = cloudwatch._stat_value(statistics, wanted, within)  # noqa: SLF001
    return value


def _change(alarm: Alarm, state: str) -> None:
    """Put the alarm into another state, and tell it."""
    before = alarm["StateValue"]
    reason = (
        f"{alarm['MetricName']} {alarm['ComparisonOperator']} {alarm['Threshold']}: {state} (was "
        f"{before}; missing data: {alarm.get('TreatMissingData')})"
    )
    moment = int(time.time())
    alarm.update(StateValue=state, StateReason=reason, StateUpdatedTimestamp=moment)
    cloudwatch._record_history(alarm["AlarmName"], before, state, reason)  # noqa: SLF001
    cloudwatch._dispatch_alarm_actions(alarm, before, state, reason)  # noqa: SLF001


def alarm_delivery() -> None:
    """Let an alarm publish only where the topic's policy lets CloudWatch publish.

    As shipped it always may. But a policy replaces the one that a topic is born with, and one that
    only refuses plain HTTP thereby silences every alarm.
    https://docs.aws.amazon.com/sns/latest/dg/sns-access-policy-use-cases.html
    """
    dispatch = cloudwatch._dispatch_alarm_actions  # noqa: SLF001

    def allowed(topic: str, alarm: str) -> bool:
        may: bool = sns.topic_policy_allows(
            topic, "cloudwatch.amazonaws.com", alarm, get_account_id()
        )
        if not may:
            print(f"alarms: {alarm} may not publish to {topic}", flush=True)  # noqa: T201
        return may

    def dispatch_allowed(alarm: Alarm, old: str, new: str, reason: str) -> None:
        arn = alarm["AlarmArn"]
        kept = {
            name: [each for each in alarm.get(name) or () if allowed(each, arn)] for name in ACTIONS
        }
        dispatch(alarm | kept, old, new, reason)

    cloudwatch._dispatch_alarm_actions = dispatch_allowed  # noqa: SLF001
