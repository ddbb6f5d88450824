"""Gaps of ministack's CloudWatch: metrics that AWS's own services put there."""

import json
import time
from collections.abc import Iterator
from typing import Any

from ministack.services import cloudwatch, lambda_svc, sqs  # type: ignore[import-not-found]

Document = dict[str, Any]


def embedded_metrics() -> None:
    """Turn what a function logs in the embedded metric format into metrics.

    As shipped it stays text in the log, so no metric of ours would ever exist.
    """
    emit = lambda_svc._emit_lambda_logs  # noqa: SLF001

    def emit_and_measure(func: object, request: str, log: str, *rest: Any, **more: Any) -> None:  # noqa: ANN401
        emit(func, request, log, *rest, **more)
        for line in log.splitlines():
            if line.startswith("{") and '"_aws"' in line:
                _store_embedded(line)

    lambda_svc._emit_lambda_logs = emit_and_measure  # noqa: SLF001


def _store_embedded(line: str) -> None:
    """Store the metrics of one line; a document that CloudWatch would refuse leaves none.

    They count from now on: a function's lines arrive when it has ended, and where an alarm's period
    was cut to seconds (see `alarms`), the time that they carry would be over by then.
    """
    arrived = time.time()
    try:
        data = list(read_embedded(json.loads(line)))
    except (KeyError, TypeError, ValueError) as error:
        print(f"metrics: not the embedded metric format: {error!r}: {line}", flush=True)  # noqa: T201
        return
    for namespace, name, dimensions, _moment, unit, value in data:
        cloudwatch._store_datum(  # noqa: SLF001
            namespace, name, dimensions, arrived, unit, value, None, None, None
        )


def read_embedded(
    document: Document,
) -> Iterator[tuple[str, str, dict[str, str], float, str, float]]:
    """Namespace, name, dimensions, time, unit and value of every metric in the document.

    https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch_Embedded_Metric_Format_Specification.html

    Raises:
        KeyError: a metric or dimension is announced whose value isn't there.
    """
    moment = document["_aws"]["Timestamp"] / 1000
    for directive in document["_aws"]["CloudWatchMetrics"]:
        for names in directive["Dimensions"]:
            dimensions = {name: str(document[name]) for name in names}
            for metric in directive["Metrics"]:
                values = document[metric["Name"]]
                for value in values if isinstance(values, list) else [values]:
                    unit = metric.get("Unit", "None")
                    yield (
                        directive["Namespace"],
                        metric["Name"],
                        dimensions,
                        moment,
                        unit,
                        float(value),
                    )


def function_metrics() -> None:
    """Count every attempt of a function and its errors, whoever started it.

    As shipped an asynchronous invocation is counted once, when it is accepted, and never fails.
    """
    dispatch, emit = lambda_svc._execute_function_dispatch, lambda_svc._emit_lambda_metrics  # noqa: SLF001

    def dispatch_and_count(
        func: Document, config: Document, event: object, request: str, started: float
    ) -> Document:
        result: Document = dispatch(func, config, event, request, started)
        milliseconds = (time.time() - started) * 1000
        emit(config["FunctionName"], milliseconds, bool(result.get("error")), throttle=False)
        return result

    def only_throttles(name: str, duration_ms: float, error: bool, throttle: bool) -> None:  # noqa: FBT001
        if throttle:
            emit(name, duration_ms, error, throttle)

    lambda_svc._execute_function_dispatch = dispatch_and_count  # noqa: SLF001
    lambda_svc._emit_lambda_metrics = only_throttles  # noqa: SLF001


def measure_queues(account: str, region: str) -> None:
    """Put down how many messages wait in each queue of the account, as SQS does every minute."""
    for (owner, place, url), queue in list(sqs._queues._data.items()):  # noqa: SLF001
        if (owner, place) != (account, region):
            continue
        now = time.time()
        waiting = sum(1 for message in list(queue["messages"]) if message["visible_at"] <= now)
        cloudwatch.record_metric(
            "AWS/SQS",
            "ApproximateNumberOfMessagesVisible",
            waiting,
            "Count",
            {"QueueName": url.rpartition("/")[2]},
        )
